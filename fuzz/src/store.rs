//! Objects by hash.

use nub_abi::error::Abort;
use nub_abi::{Hash, blake2b_256};
use nub_kernel::arch::Blobs;
use nub_state::{Handle, Loader, StateError};
use std::collections::BTreeMap;

/// Objects in memory: a loader for `nub-state`, a store for the kernel.
#[derive(Clone, Default)]
pub struct Store {
    /// Encodings.
    pub objects: BTreeMap<Hash, Vec<u8>>,
}

impl Store {
    /// Keeps an object; gives its hash.
    pub fn insert(&mut self, bytes: Vec<u8>) -> Hash {
        let hash = blake2b_256(&bytes);
        self.objects.insert(hash, bytes);
        hash
    }
}

impl Loader for Store {
    type Error = StateError;

    /// What does not decode is missing.
    fn load(&mut self, hash: &Hash) -> Result<Handle, StateError> {
        let bytes = self.objects.get(hash).ok_or(StateError::Missing(*hash))?;
        Handle::load(hash, bytes).map_err(|_| StateError::Missing(*hash))
    }
}

impl Blobs for Store {
    fn get(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, Abort> {
        Ok(self.objects.get(hash).cloned())
    }

    fn commit(&mut self, _: Hash, _: u64, objects: &[(Hash, Vec<u8>)]) -> Result<(), Abort> {
        self.objects.extend(objects.iter().cloned());
        Ok(())
    }
}
