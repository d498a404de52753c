//! A kernel and where its chain is.

use nub_abi::error::Abort;
use nub_abi::rpc::{BootConfig, EnginePolicy, InvokeOutcome};
use nub_abi::{
    Badge, Block, Event, Genesis, GenesisInstance, GenesisRef, Hash, InstanceId, PROTOCOL_VERSION, Params,
    Receipt, Status, Summary,
};
use nub_arch_local::LocalArch;
use nub_kernel::Kernel;
use nub_kernel::arch::Blobs;
use parity_scale_codec::Encode;
use std::collections::HashMap;

/// The contract that makes host calls as told.
pub const PROBE_IMAGE: &[u8] = include_bytes!("../../../contracts/probe/probe.image");
/// Its endpoint that stores a value to the first octet of pages: first u32, count u32, value u8.
pub const STORE_PAGES: u16 = 7;
/// Gas of an event: as much as it may take.
pub const GAS: u64 = 1 << 40;

const CHAIN_ID: u64 = 3;

/// Objects in memory.
#[derive(Default)]
pub struct Memory(HashMap<Hash, Vec<u8>>);

impl Blobs for Memory {
    fn get(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, Abort> {
        Ok(self.0.get(hash).cloned())
    }

    fn commit(&mut self, _: Hash, _: u64, objects: &[(Hash, Vec<u8>)]) -> Result<(), Abort> {
        self.0.extend(objects.iter().cloned());
        Ok(())
    }
}

/// A kernel, its committed root and height.
pub struct Chain {
    /// The kernel.
    pub kernel: Kernel<LocalArch<Memory>>,
    /// The committed root.
    pub root: Hash,
    height: u64,
}

impl Chain {
    /// A chain of two Instances of an Image; the first has a Ref with all rights to the second in slot 1.
    pub fn new(image: &[u8]) -> Self {
        let config = BootConfig {
            seed: [1; 32],
            candidates_max: 8,
            candidate_bytes: u64::MAX,
            cache_bytes: 1 << 30,
            engine: EnginePolicy::Interpreter,
            code_bytes: 0,
        };
        let mut kernel = Kernel::new(LocalArch::new(Memory::default()), &config);
        let instance = |refs| GenesisInstance { image: image.to_vec(), public: true, storage: vec![], refs };
        let reference = GenesisRef { slot: 1, instance: 1, rights: 7, badge: Badge([5; 32]) };
        let mut params = Params { block_gas: 1 << 46, ..Params::default() };
        params.limits.live_pages = 1 << 16;
        let genesis = Genesis {
            chain_id: CHAIN_ID,
            timestamp: 0,
            params,
            instances: vec![instance(vec![reference]), instance(vec![])],
        };
        let root = kernel.genesis(&genesis.encode()).expect("the genesis is valid");
        Self { kernel, root, height: 0 }
    }

    /// Instance `index` of the genesis.
    pub fn instance(index: u64) -> InstanceId {
        InstanceId::derive(CHAIN_ID, InstanceId::ZERO, index)
    }

    /// An event for the first Instance.
    pub fn event(endpoint: u16, args: Vec<u8>) -> Event {
        Event { target: Self::instance(0), endpoint, args, gas_limit: GAS, ..Event::default() }
    }

    /// The next block.
    pub fn block(&self, events: Vec<Event>) -> Vec<u8> {
        let block = Block {
            version: PROTOCOL_VERSION,
            chain_id: CHAIN_ID,
            prior_root: self.root,
            height: self.height + 1,
            timestamp: self.height + 1,
            randomness: [0; 32],
            events,
        };
        block.to_bytes()
    }

    /// Applies the next block and drops what came of it.
    pub fn try_block(&mut self, block: &[u8]) -> Summary {
        let (_, summary) = self.kernel.apply_block(self.root, block).expect("the block is valid");
        self.kernel.rollback();
        summary
    }

    /// Runs events, which must succeed, in a block that is committed.
    pub fn run(&mut self, events: Vec<Event>) -> Vec<Receipt> {
        let block = self.block(events);
        let (root, summary) = self.kernel.apply_block(self.root, &block).expect("the block is valid");
        for receipt in &summary.receipts {
            assert_eq!(receipt.status, Status::Success);
        }
        self.kernel.commit(root).expect("memory does not fail");
        (self.root, self.height) = (root, self.height + 1);
        summary.receipts
    }

    /// Runs an event, which must succeed, and drops what came of it.
    pub fn invoke(&mut self, event: &Event) -> InvokeOutcome {
        let outcome = self.kernel.invoke(&self.root, event).expect("the event can run");
        assert_eq!(outcome.receipt.status, Status::Success);
        outcome
    }
}
