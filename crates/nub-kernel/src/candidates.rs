//! Candidates: states of applied blocks that are not committed. They form a tree rooted at the
//! committed root.

use crate::pending::Pending;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use nub_abi::{Hash, Summary};

/// Live candidates by root.
#[derive(Default)]
pub(crate) struct Candidates {
    by_root: BTreeMap<Hash, Candidate>,
}

/// One applied block.
pub(crate) struct Candidate {
    /// The root it was applied to.
    pub(crate) parent: Hash,
    /// What applying it reported.
    pub(crate) summary: Summary,
    pub(crate) summary_bytes: u64,
    /// The objects it made, pending.
    pub(crate) objects: Vec<Hash>,
}

impl Candidates {
    pub(crate) fn len(&self) -> usize {
        self.by_root.len()
    }

    /// The encoded bytes of all summaries.
    pub(crate) fn summary_bytes(&self) -> u64 {
        self.by_root.values().map(|candidate| candidate.summary_bytes).sum()
    }

    pub(crate) fn get(&self, root: &Hash) -> Option<&Candidate> {
        self.by_root.get(root)
    }

    /// The candidate that a block made of a root.
    pub(crate) fn child_of(&self, parent: &Hash, block_hash: &Hash) -> Option<(Hash, &Candidate)> {
        let is_child = |candidate: &Candidate| {
            candidate.parent == *parent && candidate.summary.block_hash == *block_hash
        };
        self.by_root
            .iter()
            .find(|(_, candidate)| is_child(candidate))
            .map(|(root, candidate)| (*root, candidate))
    }

    pub(crate) fn insert(&mut self, root: Hash, candidate: Candidate) {
        self.by_root.insert(root, candidate);
    }

    /// The candidates from just above the committed root up to `root`, oldest first; `None` if `root`
    /// is not a candidate.
    pub(crate) fn path_to(&self, root: &Hash) -> Option<Vec<Hash>> {
        self.by_root.get(root)?;
        let mut path = Vec::new();
        let mut at = *root;
        while let Some(candidate) = self.by_root.get(&at) {
            path.push(at);
            at = candidate.parent;
        }
        path.reverse();
        Some(path)
    }

    /// Keeps what descends from `root`, which is no candidate any more; releases what the others made.
    pub(crate) fn keep_descendants(&mut self, root: &Hash, pending: &mut Pending) {
        let kept: Vec<Hash> = self.by_root.keys().filter(|at| self.descends(at, root)).copied().collect();
        let all = core::mem::take(&mut self.by_root);
        for (at, candidate) in all {
            if kept.binary_search(&at).is_ok() {
                self.by_root.insert(at, candidate);
            } else {
                pending.release(candidate.objects);
            }
        }
    }

    /// Drops all; gives how many there were.
    pub(crate) fn clear(&mut self, pending: &mut Pending) -> u32 {
        let all = core::mem::take(&mut self.by_root);
        let count = all.len() as u32;
        all.into_values().for_each(|candidate| pending.release(candidate.objects));
        count
    }

    fn descends(&self, root: &Hash, ancestor: &Hash) -> bool {
        let mut at = root;
        while let Some(candidate) = self.by_root.get(at) {
            if candidate.parent == *ancestor {
                return true;
            }
            at = &candidate.parent;
        }
        false
    }
}
