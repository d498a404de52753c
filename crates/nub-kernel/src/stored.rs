//! Committed objects on a device of blocks: [`nub_store`] as the kernel sees it.

use crate::arch::Blobs;
use alloc::string::ToString;
use alloc::vec::Vec;
use nub_abi::Hash;
use nub_abi::error::{Abort, OpenError, StoreError};
use nub_abi::rpc::StoreConfig;
use nub_state::export::hashed_children;
use nub_store::{
    BlockDevice, CreateError, Layout, NotAnObject, OpenOrCreateError, Options, ReadError, Store, WriteError,
};

/// Objects' worth of collection after a commit.
const SLICE_OBJECTS: usize = 512;

/// The store on a device, once it was opened. One at a time may use a device.
pub struct StoredBlobs<D> {
    device: D,
    chain_id: Option<u64>,
    store: Option<Store<D>>,
}

impl<D: BlockDevice + Clone> StoredBlobs<D> {
    /// A device whose store is not open yet.
    pub fn new(device: D) -> Self {
        Self { device, chain_id: None, store: None }
    }

    fn store(&mut self) -> Result<&mut Store<D>, Abort> {
        self.store.as_mut().ok_or_else(|| Abort::Store("it is not open".to_string()))
    }
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
        let store = self.store()?;
        store.commit(root, height, objects).map_err(write_abort)?;
        // The commit is durable. What collection cannot do now it tries again later, and what it finds damaged
        // aborts the block that needs it.
        let _ = store.maintain(SLICE_OBJECTS);
        Ok(())
    }

    fn open(&mut self, config: &StoreConfig) -> Result<Option<Hash>, OpenError> {
        self.store = None;
        let layout = Layout { segment_blocks: config.segment_blocks, retention: config.retention };
        let (device, options) = (self.device.clone(), options(config));
        let opened = match (config.chain_id, Store::open(device, config.chain_id, options)) {
            (chain, Err(nub_store::OpenError::Blank)) => {
                let device = self.device.clone();
                Store::create(device, chain.unwrap_or_default(), layout, options).map_err(Into::into)
            }
            (_, opened) => opened.map_err(OpenOrCreateError::Open),
        };
        let store = opened.map_err(open_error)?;
        let root = store.committed().map(|entry| entry.root);
        self.chain_id = config.chain_id.map(|_| store.chain_id());
        self.store = Some(store);
        Ok(root)
    }

    fn chain_id(&self) -> Option<u64> {
        self.chain_id
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
        Why::AnotherChain { expected, found } => StoreError::AnotherChain { expected, found }.into(),
        Why::Truncated { expected_bytes, found_bytes } => {
            StoreError::Truncated { expected_bytes, found_bytes }.into()
        }
        Why::DamagedSuperblock => StoreError::Damaged { block: 0 }.into(),
        Why::DamagedMap { block } => StoreError::Damaged { block }.into(),
        Why::Device(error) => Abort::Store(error.to_string()).into(),
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
