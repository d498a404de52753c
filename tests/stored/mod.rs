//! What a handle committed, read from its store without a kernel.
#![allow(dead_code)]

use nub::{Blobs, Hash, InstanceId, SharedBlobs};
use nub_state::{Handle, Instance, Loader, StateError, System};
use std::collections::BTreeMap;

/// Objects of a store, by hash.
#[derive(Clone)]
pub struct Stored(pub SharedBlobs);

impl Loader for Stored {
    type Error = StateError;

    fn load(&mut self, hash: &Hash) -> Result<Handle, StateError> {
        let bytes = self.0.get(hash).expect("memory does not fail").ok_or(StateError::Missing(*hash))?;
        Ok(Handle::load(hash, &bytes).expect("what is committed is canonical"))
    }
}

impl Stored {
    /// The System of a committed root.
    pub fn system(&mut self, root: &Hash) -> System {
        self.load(root).unwrap().as_system().unwrap().clone()
    }

    /// The hash of all Instances of a committed root: the state but for what its System says of the block.
    pub fn instances_hash(&mut self, root: &Hash) -> Hash {
        self.system(root).instances.hash().unwrap()
    }

    /// An Instance of a committed root.
    pub fn instance(&mut self, root: &Hash, id: &InstanceId) -> Instance {
        let instances = self.system(root).instances.resolve(self).unwrap();
        instances.as_cnode().unwrap().instance(id, self).unwrap().expect("the Instance is there")
    }

    /// The byte values of an Instance's storage.
    pub fn storage(&mut self, root: &Hash, id: &InstanceId) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let cnode = self.instance(root, id).cnode.resolve(self).unwrap();
        let mut entries = cnode.as_cnode().unwrap().entries().iter();
        let mut storage = BTreeMap::new();
        while let Some((key, value)) = entries.next(self).unwrap() {
            if key.as_bytes().len() > 1 {
                let value = value.resolve(self).unwrap();
                storage.insert(key.as_bytes().to_vec(), value.as_bytes().unwrap().to_vec());
            }
        }
        storage
    }
}
