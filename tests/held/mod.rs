//! A device in memory under a handle, which a test makes fail and looks at.
#![allow(dead_code)]

use crate::chain::{self, TestChain, event, probe, put_args};
use nub::error::OpenError;
use nub::{
    BackendKind, BlockDevice, DeviceError, Failure, Hash, MemoryDevice, Nub, Params, SharedDevice,
    StoreConfig,
};
use nub_store::device::Read;
use std::sync::{Arc, Mutex};

/// A device in memory that a test keeps a hand on.
#[derive(Clone, Default)]
pub struct Held(pub Arc<Mutex<Inner>>);

#[derive(Default)]
pub struct Inner {
    pub memory: MemoryDevice,
    pub fail_reads: bool,
    pub fail_writes: bool,
    pub fail_flushes: bool,
    pub writes: u64,
    /// Reads asked for, and the steps in which they were.
    pub reads: u64,
    pub read_steps: u64,
    /// Makes writes fail after the next flush.
    pub fail_writes_after_flush: bool,
    /// Called when so many more steps were asked for, or steps that change something.
    pub at_step: Option<Countdown>,
    pub at_change: Option<Countdown>,
    /// Called at each flush.
    pub at_flush: Option<Box<dyn FnMut() + Send>>,
}

pub const IO: DeviceError = DeviceError::Io { operation: nub_store::device::Operation::Flush, code: Some(5) };

impl BlockDevice for Held {
    fn length_bytes(&self) -> u64 {
        self.0.lock().unwrap().memory.length_bytes()
    }

    fn read(&mut self, offset: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        let mut inner = self.0.lock().unwrap();
        inner.step();
        (inner.reads, inner.read_steps) = (inner.reads + 1, inner.read_steps + 1);
        if inner.fail_reads { Err(IO) } else { inner.memory.read(offset, into) }
    }

    fn read_many(&mut self, reads: &mut [Read]) -> Result<(), DeviceError> {
        let mut inner = self.0.lock().unwrap();
        inner.step();
        (inner.reads, inner.read_steps) = (inner.reads + reads.len() as u64, inner.read_steps + 1);
        if inner.fail_reads { Err(IO) } else { inner.memory.read_many(reads) }
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
        let mut inner = self.0.lock().unwrap();
        inner.change();
        inner.writes += 1;
        if inner.fail_writes { Err(IO) } else { inner.memory.write(offset, bytes) }
    }

    fn flush(&mut self) -> Result<(), DeviceError> {
        let mut inner = self.0.lock().unwrap();
        inner.change();
        if let Some(at_flush) = &mut inner.at_flush {
            at_flush();
        }
        inner.fail_writes |= core::mem::take(&mut inner.fail_writes_after_flush);
        if inner.fail_flushes { Err(IO) } else { Ok(()) }
    }

    fn extend(&mut self, length_bytes: u64) -> Result<(), DeviceError> {
        self.0.lock().unwrap().memory.extend(length_bytes)
    }
}

/// Steps left, and what is done then.
type Countdown = (u64, Box<dyn FnMut() + Send>);

/// Counts a step, and acts at the last.
fn count_down(acts: &mut Option<Countdown>) {
    let Some((left, act)) = acts else { return };
    match left.checked_sub(1) {
        Some(fewer) => *left = fewer,
        None => {
            act();
            *acts = None;
        }
    }
}

impl Inner {
    fn step(&mut self) {
        count_down(&mut self.at_step);
    }

    fn change(&mut self) {
        self.step();
        count_down(&mut self.at_change);
    }
}

impl Held {
    pub fn of(image: &[u8]) -> Self {
        let held = Self::default();
        held.0.lock().unwrap().memory = MemoryDevice::from_image(image);
        held
    }

    pub fn image(&self) -> Vec<u8> {
        self.0.lock().unwrap().memory.image()
    }

    pub fn with(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.0.lock().unwrap());
    }

    pub fn handle(&self, kind: BackendKind) -> Result<Nub, Failure<OpenError>> {
        let device = SharedDevice::new(self.clone());
        Nub::builder().backend(kind).seed([3; 32]).candidates_max(64).device(device, CONFIG).build()
    }

    /// A chain at the committed root.
    pub fn chain(&self, kind: BackendKind) -> TestChain {
        let mut nub = self.handle(kind).unwrap();
        let root = nub.state_root().unwrap().unwrap();
        let height = nub.health_check().unwrap().height;
        TestChain { nub, genesis_root: root, root, height }
    }
}

/// Small segments and early checkpoints, so that a few blocks come to both, and to collection.
pub const CONFIG: StoreConfig = StoreConfig {
    chain_id: Some(chain::CHAIN_ID),
    segment_blocks: 128,
    retention: 2,
    index_bytes: 1 << 20,
    checkpoint_bytes: 64 << 10,
    collect_bytes_min: 128 << 10,
};

/// A device with a committed genesis.
pub fn committed(kind: BackendKind) -> Held {
    let held = Held::default();
    held.handle(kind).unwrap().genesis(&chain::genesis(Params::default())).unwrap();
    held
}

/// Applies and commits a block that stores values.
pub fn store_values(chain: &mut TestChain, round: u8) -> Hash {
    let put = |n: u8| event(probe::STORAGE_PUT, put_args(&[n, 1, 2], &[round ^ n; 2000]));
    chain.apply((0..20).map(put).collect());
    chain.nub.commit(chain.root).unwrap();
    chain.root
}
