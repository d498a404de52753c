//! The objects of a state and who names whom: one is changed, and those above name what it has become.

use crate::random::Random;
use nub_abi::{Hash, blake2b_256};
use std::collections::{BTreeMap, BTreeSet};

/// Objects, children before parents.
pub struct Graph {
    objects: Vec<Vec<u8>>,
    /// For each object, the parents that name it by hash, and where in their encodings.
    named_by: Vec<Vec<(usize, usize)>>,
}

impl Graph {
    /// Of these objects, the root last.
    pub fn new(objects: Vec<Vec<u8>>) -> Self {
        let places: BTreeMap<Hash, usize> =
            objects.iter().enumerate().map(|(place, bytes)| (blake2b_256(bytes), place)).collect();
        let mut named_by = vec![Vec::new(); objects.len()];
        for (parent, bytes) in objects.iter().enumerate() {
            for (at, window) in bytes.windows(32).enumerate() {
                let hash = Hash(window.try_into().expect("a window has 32 octets"));
                if let Some(child) = places.get(&hash) {
                    named_by[*child].push((parent, at));
                }
            }
        }
        Self { objects, named_by }
    }

    /// The objects with one of them mutated, and its parents to name it, up to the root.
    pub fn mutated(&self, random: &mut Random) -> Vec<Vec<u8>> {
        let mut objects = self.objects.clone();
        let first = random.below(objects.len());
        objects[first] = random.mutated(&objects[first..=first]);
        let mut renamed = BTreeSet::from([first]);
        while let Some(child) = renamed.pop_first() {
            let hash = blake2b_256(&objects[child]);
            for (parent, at) in &self.named_by[child] {
                objects[*parent][*at..at + 32].copy_from_slice(&hash.0);
                renamed.insert(*parent);
            }
        }
        objects
    }
}
