//! A chain to test on: two public probes, a private one, and a deployer, on either backend.
//!
//! Tests of one binary share a handle per backend, for a micro-VM takes a while to boot. Each test starts
//! at the genesis root and commits nothing, so none sees another's changes.
#![allow(dead_code)]

#[allow(clippy::duplicate_mod)] // A function without state, for two sets of tests that one binary may use both of.
#[path = "../common/available.rs"]
mod available;
pub mod script;

#[allow(unused_imports)]
pub use available::hyperlight_runs;
use nub::{
    BackendKind, Badge, Block, Event, Genesis, GenesisInstance, GenesisRef, Hash, InstanceId, Nub,
    PROTOCOL_VERSION, Params, Receipt, Status, Summary,
};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

pub const CHAIN_ID: u64 = 3;
pub const GENESIS_TIME: u64 = 1_000;
pub const GAS: u64 = 4_000_000;
pub const PROBE_IMAGE: &[u8] = include_bytes!("../../contracts/probe/probe.image");
pub const TOKEN_IMAGE: &[u8] = include_bytes!("../../contracts/token/token.image");
pub const CHAIN_IMAGE: &[u8] = include_bytes!("../../contracts/chain/chain.image");
pub const DEPLOYER_IMAGE: &[u8] = include_bytes!("../../contracts/deployer/deployer.image");
/// The origin of events that name none.
pub const ORIGIN: Badge = Badge([0xaa; 32]);
/// The badge of the Ref in slot 1 of [`probe`], to [`other`].
pub const OTHER_BADGE: Badge = Badge([0xbb; 32]);

/// Endpoints of `contracts/probe`; its README has their arguments.
pub mod probe {
    pub const ECHO: u16 = 0;
    pub const PANIC: u16 = 1;
    pub const REVERT: u16 = 2;
    pub const ENDLESS: u16 = 3;
    pub const COUNT: u16 = 4;
    pub const COUNT_THEN_REVERT: u16 = 5;
    pub const LOAD_PAGES: u16 = 6;
    pub const STORE_PAGES: u16 = 7;
    pub const RECURSE: u16 = 8;
    pub const STORAGE_PUT: u16 = 9;
    pub const STORAGE_GET: u16 = 10;
    pub const STORAGE_REMOVE: u16 = 11;
    pub const CALL: u16 = 12;
    pub const CALL_THEN_REVERT: u16 = 13;
    pub const EMIT: u16 = 14;
    pub const CREATE: u16 = 15;
    pub const GAS_LEFT: u16 = 16;
    pub const BLOCK_CONTEXT: u16 = 17;
    pub const CALLER: u16 = 18;
    pub const BADGE: u16 = 19;
    pub const SELF_ID: u16 = 20;
    pub const PASSED_COUNT: u16 = 21;
    pub const PEEK: u16 = 22;
    pub const POKE: u16 = 23;
    pub const UNKNOWN_HOST_CALL: u16 = 24;
    pub const RAW_STORAGE_PUT: u16 = 25;
    pub const RAW_STORAGE_GET: u16 = 26;
    pub const RAW_RETURN: u16 = 27;
    pub const RAW_OUTPUT_READ: u16 = 28;
    pub const BURN: u16 = 29;
    pub const OUTPUT: u16 = 30;
    pub const HALT: u16 = 31;
    pub const SCRIPT: u16 = 32;
    pub const SCRIPT_THEN_REVERT: u16 = 33;
}

/// Writes one test function per backend: `on_both! { name => |chain| { … }; }`. With `with f;` first, on the chain
/// of that function in place of [`shared`].
#[allow(unused_macros)]
macro_rules! on_both {
    (with $shared:path; $($name:ident => $body:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn local() {
                let body: fn(&mut chain::TestChain) = $body;
                body(&mut $shared(nub::BackendKind::Local).expect("the local backend is always there"));
            }

            #[test]
            fn hyperlight() {
                let body: fn(&mut chain::TestChain) = $body;
                if let Some(mut chain) = $shared(nub::BackendKind::Hyperlight) {
                    body(&mut chain);
                }
            }
        }
    )*};
    ($($name:ident => $body:expr;)*) => {
        chain::on_both! { with chain::shared; $($name => $body;)* }
    };
}
#[allow(unused_imports)]
pub(crate) use on_both;

/// A handle and the root that the next block builds on.
pub struct TestChain {
    pub nub: Nub,
    pub genesis_root: Hash,
    pub root: Hash,
    pub height: u64,
}

/// The shared chain of a backend, at its genesis root; `None`, and a line that says so, if it cannot run here.
pub fn shared(kind: BackendKind) -> Option<MutexGuard<'static, TestChain>> {
    static CELLS: SharedCells = SharedCells::new();
    shared_in(&CELLS, kind, || genesis(Params::default()))
}

/// The chains that tests of one binary share, by backend.
pub struct SharedCells {
    local: OnceLock<Mutex<TestChain>>,
    hyperlight: OnceLock<Mutex<TestChain>>,
}

impl SharedCells {
    pub const fn new() -> Self {
        Self { local: OnceLock::new(), hyperlight: OnceLock::new() }
    }
}

/// As [`shared`], of a genesis of one's own.
pub fn shared_in(
    cells: &'static SharedCells,
    kind: BackendKind,
    genesis: fn() -> Genesis,
) -> Option<MutexGuard<'static, TestChain>> {
    if kind == BackendKind::Hyperlight && !hyperlight_runs() {
        return None;
    }
    let cell = if kind == BackendKind::Local { &cells.local } else { &cells.hyperlight };
    let mutex = cell.get_or_init(|| Mutex::new(TestChain::start(kind, &genesis(), [1; 32])));
    // A test that failed leaves nothing behind that the rollback does not drop.
    let mut chain = mutex.lock().unwrap_or_else(PoisonError::into_inner);
    chain.rewind();
    Some(chain)
}

/// The backends that can run here.
pub fn backends() -> Vec<BackendKind> {
    let mut kinds = vec![BackendKind::Local];
    if hyperlight_runs() {
        kinds.push(BackendKind::Hyperlight);
    }
    kinds
}

/// Instance `index` of [`genesis`].
pub fn instance(index: u64) -> InstanceId {
    InstanceId::derive(CHAIN_ID, InstanceId::ZERO, index)
}

/// A public probe with a callable Ref to [`other`] in slot 1, one without any but `manage` in slot 2.
pub fn probe() -> InstanceId {
    instance(0)
}

/// Another public probe, with a Ref back to [`probe`] in slot 1.
pub fn other() -> InstanceId {
    instance(1)
}

/// A probe that is not public.
pub fn private() -> InstanceId {
    instance(2)
}

/// The deployer.
pub fn deployer() -> InstanceId {
    instance(3)
}

pub fn genesis(params: Params) -> Genesis {
    let instance = |image: &[u8], public: bool, refs: Vec<GenesisRef>| GenesisInstance {
        image: image.to_vec(),
        public,
        storage: vec![(b"greeting".to_vec(), b"hello".to_vec())],
        refs,
    };
    let reference = |slot, instance, rights| GenesisRef { slot, instance, rights, badge: OTHER_BADGE };
    Genesis {
        chain_id: CHAIN_ID,
        timestamp: GENESIS_TIME,
        params,
        instances: vec![
            instance(PROBE_IMAGE, true, vec![reference(1, 1, 7), reference(2, 1, 4), reference(3, 2, 1)]),
            instance(PROBE_IMAGE, true, vec![reference(1, 0, 7)]),
            instance(PROBE_IMAGE, false, vec![]),
            instance(DEPLOYER_IMAGE, true, vec![]),
        ],
    }
}

impl TestChain {
    pub fn start(kind: BackendKind, genesis: &Genesis, seed: [u8; 32]) -> Self {
        let mut nub = Nub::builder().backend(kind).seed(seed).candidates_max(256).build().unwrap();
        let root = nub.genesis(genesis).unwrap();
        Self { nub, genesis_root: root, root, height: 0 }
    }

    /// Back to the genesis root; drops all candidates.
    pub fn rewind(&mut self) {
        self.nub.rollback().unwrap();
        self.root = self.genesis_root;
        self.height = 0;
    }

    /// The next block with these events.
    pub fn block(&self, events: Vec<Event>) -> Block {
        Block {
            version: PROTOCOL_VERSION,
            chain_id: CHAIN_ID,
            prior_root: self.root,
            height: self.height + 1,
            timestamp: GENESIS_TIME + 10 * (self.height + 1),
            randomness: [self.height as u8; 32],
            events,
        }
    }

    /// Applies a block with these events and goes on from its root.
    pub fn apply(&mut self, events: Vec<Event>) -> Summary {
        let block = self.block(events);
        let (root, summary) = self.nub.apply_block(self.root, &block.to_bytes()).unwrap();
        self.root = root;
        self.height += 1;
        summary
    }

    /// Applies a block with one event; gives its receipt.
    pub fn run(&mut self, event: Event) -> Receipt {
        self.apply(vec![event]).receipts.remove(0)
    }

    /// Calls an endpoint of [`probe`] in a block of its own.
    pub fn call(&mut self, endpoint: u16, args: impl Into<Vec<u8>>) -> Receipt {
        self.run(event(endpoint, args))
    }

    /// The same, which must succeed; gives its output.
    pub fn ok(&mut self, endpoint: u16, args: impl Into<Vec<u8>>) -> Vec<u8> {
        let receipt = self.call(endpoint, args);
        assert_eq!(receipt.status, Status::Success, "{:?}", String::from_utf8_lossy(&receipt.output));
        receipt.output
    }
}

/// An event for [`probe`].
pub fn event(endpoint: u16, args: impl Into<Vec<u8>>) -> Event {
    Event { target: probe(), endpoint, args: args.into(), gas_limit: GAS, origin: ORIGIN, ..Event::default() }
}

/// Arguments of the probe's `call`.
pub fn call_args(selector: u16, endpoint: u16, gas: u64, passed: &[u16], args: &[u8]) -> Vec<u8> {
    let mut bytes = selector.to_le_bytes().to_vec();
    bytes.extend(endpoint.to_le_bytes());
    bytes.extend(gas.to_le_bytes());
    bytes.push(passed.len() as u8);
    passed.iter().for_each(|selector| bytes.extend(selector.to_le_bytes()));
    bytes.extend(args);
    bytes
}

/// What the probe's `call` gave: r7, and the callee's output.
pub fn call_result(output: &[u8]) -> (u64, &[u8]) {
    (number(output, 0), &output[16..])
}

/// Arguments of the probe's `storage_put`.
pub fn put_args(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![key.len() as u8];
    bytes.extend(key);
    bytes.extend(value);
    bytes
}

/// Little-endian numbers, joined.
pub fn numbers(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The u64 at an index of eight octets.
pub fn number(output: &[u8], index: usize) -> u64 {
    u64::from_le_bytes(output[8 * index..8 * index + 8].try_into().unwrap())
}
