//! Committed objects on a device of blocks: [`nub_store`] as the kernel sees it.

use crate::arch::Blobs;
use alloc::string::ToString;
use alloc::vec::Vec;
use nub_abi::Hash;
use nub_abi::error::{Abort, OpenError, StoreError};
use nub_abi::rpc::StoreConfig;
use nub_state::export::hashed_children;
use nub_store::{
    BlockDevice, CollectError, CreateError, Layout, NotAnObject, OpenOrCreateError, Options, Progress,
    ReadError, Store, WriteError,
};

/// Objects' worth of collection after a commit.
const SLICE_OBJECTS: usize = 512;
/// How many slices of collection follow an import that was given up, in the same call.
const GIVE_UP_SLICES: usize = 64;

/// The store on a device, once it was opened. One at a time may use a device.
pub struct StoredBlobs<D> {
    device: D,
    store: Option<Store<D>>,
    /// What collection met.
    fault: Option<CollectError>,
    /// Whether that was in the collection under way.
    is_fault_new: bool,
}

impl<D: BlockDevice + Clone> StoredBlobs<D> {
    /// A device whose store is not open yet.
    pub fn new(device: D) -> Self {
        Self { device, store: None, fault: None, is_fault_new: false }
    }

    fn store(&mut self) -> Result<&mut Store<D>, Abort> {
        self.store.as_mut().ok_or_else(|| Abort::Store("it is not open".to_string()))
    }

    /// A slice of collection, after a commit that is durable whatever comes of it. A fault is kept until a whole
    /// collection has not met it: for want of room, too, since each collection begins well. A write that failed is met
    /// by the next commit.
    fn maintain(&mut self) {
        let Some(store) = &mut self.store else { return };
        match store.maintain(SLICE_OBJECTS) {
            Ok(Progress::Finished) => {
                if !core::mem::take(&mut self.is_fault_new) {
                    self.fault = None;
                }
            }
            Ok(_) => {}
            Err(error) => {
                // After any other the collection under way is over.
                self.is_fault_new = matches!(error, CollectError::DamagedFrame { .. });
                // How much is missing changes from block to block; that it is missing is one fault.
                if !(is_full(&error) && self.fault.as_ref().is_some_and(is_full)) {
                    self.fault = Some(error);
                }
            }
        }
    }
}

fn is_full(error: &CollectError) -> bool {
    matches!(error, CollectError::Write(WriteError::Full { .. }))
}

/// How the kernel uses a store. It keeps decoded objects itself.
fn options(config: &StoreConfig) -> Options {
    Options {
        index_bytes: usize::try_from(config.index_bytes).unwrap_or(usize::MAX),
        checkpoint_bytes: config.checkpoint_bytes,
        children: Some(children),
        collect_bytes_min: config.collect_bytes_min,
        ..Options::default()
    }
}

fn children(encoding: &[u8], visit: &mut dyn FnMut(Hash)) -> Result<(), NotAnObject> {
    hashed_children(encoding, visit).map_err(|_| NotAnObject)
}

impl<D: BlockDevice + Clone> Blobs for StoredBlobs<D> {
    fn get(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, Abort> {
        Ok(self.store()?.get(hash).map_err(read_abort)?.map(|object| object.to_vec()))
    }

    fn get_many(&mut self, hashes: &[Hash]) -> Result<Vec<Option<Vec<u8>>>, Abort> {
        let objects = self.store()?.get_many(hashes).map_err(read_abort)?;
        Ok(objects.into_iter().map(|object| object.map(|object| object.to_vec())).collect())
    }

    fn commit(&mut self, root: Hash, height: u64, objects: &[(Hash, Vec<u8>)]) -> Result<(), Abort> {
        // The kernel has computed every hash: when it encoded the object, or when it checked an import.
        self.store()?.commit_hashed(root, height, objects).map_err(write_abort)?;
        self.maintain();
        Ok(())
    }

    fn stage(&mut self, objects: &[(Hash, Vec<u8>)]) -> Result<bool, Abort> {
        self.store()?.stage(objects).map_err(write_abort)?;
        Ok(true)
    }

    fn give_up_staged(&mut self) {
        let Some(store) = self.store.as_mut().filter(|store| store.has_staged()) else { return };
        let given_up = store.give_up_staged().map_err(CollectError::Write).and_then(|()| {
            // The slices after commits collect what these do not.
            for _ in 0..GIVE_UP_SLICES {
                if store.collect(SLICE_OBJECTS)? != (Progress::Under {}) {
                    break;
                }
            }
            Ok(())
        });
        // If there is no room even for that, they are given up with the next import that fails; if they were and could
        // not be collected, they wait for the slices after commits.
        self.fault = given_up.err().or(self.fault);
    }

    fn fault(&self) -> Option<Abort> {
        let checkpoint = self.store.as_ref().and_then(Store::checkpoint_error);
        checkpoint.map(write_abort).or_else(|| self.fault.map(collect_abort))
    }

    fn open(&mut self, config: &StoreConfig) -> Result<Option<Hash>, OpenError> {
        *self = Self::new(self.device.clone());
        let layout = Layout { segment_blocks: config.segment_blocks, retention: config.retention };
        let (device, options) = (self.device.clone(), options(config));
        let opened = match (config.chain_id, Store::open(device, config.chain_id, options)) {
            (None, Err(nub_store::OpenError::Blank)) => return Err(StoreError::NoChain.into()),
            (Some(chain_id), Err(nub_store::OpenError::Blank)) => {
                Store::create(self.device.clone(), chain_id, layout, options).map_err(Into::into)
            }
            (_, opened) => opened.map_err(OpenOrCreateError::Open),
        };
        let store = opened.map_err(open_error)?;
        let root = store.committed().map(|entry| entry.root);
        self.store = Some(store);
        Ok(root)
    }

    fn chain_id(&self) -> Option<u64> {
        self.store.as_ref().map(Store::chain_id)
    }
}

fn open_error(error: OpenOrCreateError) -> OpenError {
    use nub_store::OpenError as Why;
    let OpenOrCreateError::Open(error) = error else {
        let OpenOrCreateError::Create(CreateError::NotBlank) = error else {
            return Abort::Store(error.to_string()).into();
        };
        return StoreError::Foreign.into();
    };
    match error {
        Why::Blank | Why::Foreign => StoreError::Foreign.into(),
        Why::Newer { found, supported } => StoreError::Newer { found, supported }.into(),
        Why::Older { found, supported } => StoreError::Older { found, supported }.into(),
        Why::AnotherChain { expected, found } => StoreError::AnotherChain { expected, found }.into(),
        Why::Truncated { expected_bytes, found_bytes } => {
            StoreError::Truncated { expected_bytes, found_bytes }.into()
        }
        Why::DamagedSuperblock => StoreError::Damaged { block: 0 }.into(),
        Why::DamagedMap { block } => StoreError::Damaged { block }.into(),
        Why::Device(error) => Abort::Store(error.to_string()).into(),
    }
}

fn collect_abort(error: CollectError) -> Abort {
    match error {
        CollectError::Missing(hash) => Abort::MissingObject(hash),
        CollectError::Malformed(hash) => {
            Abort::CorruptObject { hash, reason: "it cannot be decoded".to_string() }
        }
        CollectError::Write(error) => write_abort(error),
        error @ (CollectError::DamagedFrame { .. } | CollectError::Staged) => Abort::Store(error.to_string()),
    }
}

fn read_abort(error: ReadError) -> Abort {
    match error {
        ReadError::CorruptObject { hash, .. } => {
            Abort::CorruptObject { hash, reason: "its bytes have another hash".to_string() }
        }
        error => Abort::Store(error.to_string()),
    }
}

fn write_abort(error: WriteError) -> Abort {
    match error {
        WriteError::Read(error) => read_abort(error),
        error => Abort::Store(error.to_string()),
    }
}
