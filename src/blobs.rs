//! Where committed objects live on the host: a device of blocks, or opaque bytes by hash.

use nub_abi::Hash;
use nub_abi::error::{Abort, OpenError};
use nub_abi::rpc::{Request, StoreConfig};
pub use nub_kernel::arch::Blobs;
use nub_store::device::{Read, Write};
use nub_store::{BlockDevice, DeviceError, Layout};
use nub_store_file::{Caching, FileStoreError, device_for_store};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a kernel keeps committed objects in.
#[derive(Clone)]
pub enum Storage {
    /// A device with a store, which the kernel reads and writes block by block.
    Device(SharedDevice, StoreConfig),
    /// A store of somebody else's, in this process.
    Blobs(SharedBlobs),
}

impl Storage {
    /// The same with an index of no more than this much memory.
    pub(crate) fn within(self, index_bytes_max: u64) -> Self {
        match self {
            Self::Device(device, config) => {
                let index_bytes = config.index_bytes.min(index_bytes_max);
                Self::Device(device, StoreConfig { index_bytes, ..config })
            }
            blobs => blobs,
        }
    }

    /// What brings a kernel that has just started to the committed root; `None` if there is none.
    pub(crate) fn open_request(&self) -> Option<Request> {
        match self {
            Self::Device(_, config) => Some(Request::OpenStore(*config)),
            Self::Blobs(blobs) => blobs.committed().map(Request::Open),
        }
    }
}

impl From<SharedBlobs> for Storage {
    fn from(blobs: SharedBlobs) -> Self {
        Self::Blobs(blobs)
    }
}

/// A device of blocks, shared between a handle and its backend. One handle at a time may use it.
#[derive(Clone)]
pub struct SharedDevice(Arc<Mutex<Box<dyn BlockDevice + Send>>>);

impl SharedDevice {
    /// Shares a device.
    pub fn new(device: impl BlockDevice + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(device))))
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn BlockDevice + Send>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file as a device for [`NubBuilder::device`](crate::NubBuilder::device). If there is no file, or an empty one,
/// a store of the configured chain is made in it first, under another name until it is complete.
///
/// # Errors
/// [`FileStoreError`] if the file cannot be had, or somebody else has it open. What is in it is looked at when the
/// handle is built.
pub fn open_file(path: &Path, config: &StoreConfig) -> Result<SharedDevice, FileStoreError> {
    let layout = Layout { segment_blocks: config.segment_blocks, retention: config.retention };
    Ok(SharedDevice::new(device_for_store(path, config.chain_id, Caching::System, layout)?))
}

impl BlockDevice for SharedDevice {
    fn length_bytes(&self) -> u64 {
        self.lock().length_bytes()
    }

    fn read(&mut self, offset: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        self.lock().read(offset, into)
    }

    fn read_many(&mut self, reads: &mut [Read]) -> Result<(), DeviceError> {
        self.lock().read_many(reads)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
        self.lock().write(offset, bytes)
    }

    fn write_many(&mut self, writes: &[Write<'_>]) -> Result<(), DeviceError> {
        self.lock().write_many(writes)
    }

    fn flush(&mut self) -> Result<(), DeviceError> {
        self.lock().flush()
    }

    fn extend(&mut self, length_bytes: u64) -> Result<(), DeviceError> {
        self.lock().extend(length_bytes)
    }
}

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

    fn get_many(&mut self, hashes: &[Hash]) -> Result<Vec<Option<Vec<u8>>>, Abort> {
        self.lock().blobs.get_many(hashes)
    }

    fn stage(&mut self, objects: &[(Hash, Vec<u8>)]) -> Result<bool, Abort> {
        self.lock().blobs.stage(objects)
    }

    fn give_up_staged(&mut self) {
        self.lock().blobs.give_up_staged();
    }

    fn fault(&self) -> Option<Abort> {
        self.lock().blobs.fault()
    }

    fn open(&mut self, config: &StoreConfig) -> Result<Option<Hash>, OpenError> {
        let mut stored = self.lock();
        stored.committed = stored.blobs.open(config)?;
        Ok(stored.committed)
    }

    fn chain_id(&self) -> Option<u64> {
        self.lock().blobs.chain_id()
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
