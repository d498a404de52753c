//! What an execution from a witness had, freed a few objects at a time once it is over.

use crate::cache::Cache;
use crate::pending::Pending;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use nub_abi::Hash;
use nub_state::Handle;

/// The objects of one execution that is over.
pub(crate) struct Spent {
    /// Those of the witness.
    pub(crate) encoded: BTreeMap<Hash, Vec<u8>>,
    /// Those that it made.
    pub(crate) pending: Pending,
    /// Those that were decoded.
    pub(crate) objects: Cache<Handle>,
}

impl Spent {
    /// Frees at most so many objects.
    pub(crate) fn free(&mut self, objects_max: usize) {
        for _ in 0..objects_max {
            if self.encoded.pop_first().is_none() && !self.pending.drop_one() && !self.objects.drop_one() {
                return;
            }
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.encoded.len() + self.pending.len() + self.objects.len()
    }
}
