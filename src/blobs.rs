//! Where committed objects live on the host: opaque bytes by hash, and the committed root.

use nub_abi::Hash;
use nub_abi::error::Abort;
pub use nub_kernel::arch::Blobs;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Objects by hash, shared between a handle, its backend, and whoever wants to keep them after both.
///
/// The host never looks into the bytes. What a kernel reads from here it verifies by hash.
#[derive(Clone)]
pub struct SharedBlobs(Arc<Mutex<Stored>>);

struct Stored {
    blobs: Box<dyn Blobs + Send>,
    committed: Option<Hash>,
}

impl SharedBlobs {
    /// Shares `blobs`, whose committed root is `committed` (`None` for an empty store).
    pub fn new(blobs: impl Blobs + Send + 'static, committed: Option<Hash>) -> Self {
        Self(Arc::new(Mutex::new(Stored { blobs: Box::new(blobs), committed })))
    }

    /// An empty store in memory.
    pub fn in_memory() -> Self {
        Self::new(MemoryBlobs::default(), None)
    }

    /// The root of the last commit; `None` before the first.
    pub fn committed(&self) -> Option<Hash> {
        self.lock().committed
    }

    /// A panic while the lock was held leaves a store that still holds what was committed.
    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blobs for SharedBlobs {
    fn get(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, Abort> {
        self.lock().blobs.get(hash)
    }

    fn commit(&mut self, root: Hash, height: u64, objects: &[(Hash, Vec<u8>)]) -> Result<(), Abort> {
        let mut stored = self.lock();
        stored.blobs.commit(root, height, objects)?;
        stored.committed = Some(root);
        Ok(())
    }
}

/// A store in memory: as durable as the process.
#[derive(Default)]
pub struct MemoryBlobs {
    objects: HashMap<Hash, Vec<u8>>,
}

impl Blobs for MemoryBlobs {
    fn get(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, Abort> {
        Ok(self.objects.get(hash).cloned())
    }

    fn commit(&mut self, _root: Hash, _height: u64, objects: &[(Hash, Vec<u8>)]) -> Result<(), Abort> {
        self.objects.extend(objects.iter().cloned());
        Ok(())
    }
}
