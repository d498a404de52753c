//! Engines and what is kept of machine code never show: one root, one set of receipts, whatever the policy, the
//! budget and the privilege map. And the policies do what they say.

extern crate alloc;

mod chain;

use alloc::sync::Arc;
use chain::{TestChain, call_args, event, probe, put_args};
use javm_interpreter::{Code, Exit, Machine};
use javm_isa::{OpcodeTable, Program};
use nub::error::Abort;
use nub::hyperlight::probe::PrivilegeMap;
use nub::hyperlight::{GuestConfig, Privilege, has_hardware_virtualisation};
use nub::{BackendKind, EnginePolicy, Event, Hash, Nub, Params, SharedBlobs, Summary};
use nub_abi::rpc::BootConfig;
use nub_arch_local::LocalMemory;
use nub_kernel::Kernel;
use nub_kernel::arch::{Arch, NativeCode, SpaceConfig};
use parity_scale_codec::Encode;
use std::cell::Cell;
use std::rc::Rc;

/// A platform whose machine code is what the interpreter runs: what the kernel does with engines, without one.
struct PretendArch {
    blobs: SharedBlobs,
    counts: Rc<Counts>,
}

#[derive(Default)]
struct Counts {
    compiled: Cell<u64>,
    entered: Cell<u64>,
    /// Fails the next entry, as machine code with a bug would.
    break_next: Cell<bool>,
    /// Refuses to compile.
    refuse: Cell<bool>,
}

impl Counts {
    fn read(&self) -> (u64, u64) {
        (self.compiled.get(), self.entered.get())
    }
}

struct PretendNative(Code);

impl NativeCode for PretendNative {
    fn code_bytes(&self) -> u64 {
        1000
    }

    fn memory_bytes(&self) -> u64 {
        4000
    }
}

impl Arch for PretendArch {
    type Memory = LocalMemory;
    type Blobs = SharedBlobs;
    type Native = PretendNative;

    fn create_address_space(&mut self, config: SpaceConfig) -> Result<LocalMemory, Abort> {
        Ok(LocalMemory::new(config))
    }

    fn native_features(&mut self) -> u32 {
        0
    }

    fn compile(&mut self, program: &Arc<Program>, table: OpcodeTable, _: u64) -> Option<PretendNative> {
        if self.counts.refuse.get() {
            return None;
        }
        self.counts.compiled.set(self.counts.compiled.get() + 1);
        Some(PretendNative(Code::new(program, table)))
    }

    fn enter_native(
        &mut self,
        native: &PretendNative,
        machine: &mut Machine,
        memory: &mut LocalMemory,
    ) -> Result<Exit, Abort> {
        self.counts.entered.set(self.counts.entered.get() + 1);
        if self.counts.break_next.take() {
            return Err(Abort::Engine { image: Hash::ZERO, reason: "pretended".into() });
        }
        Ok(javm_interpreter::run(&native.0, machine, memory))
    }

    fn blobs(&mut self) -> &mut SharedBlobs {
        &mut self.blobs
    }
}

/// A kernel on that platform, at the test genesis.
struct Pretend {
    kernel: Kernel<PretendArch>,
    counts: Rc<Counts>,
    root: Hash,
}

impl Pretend {
    fn start(engine: EnginePolicy, code_bytes: u64) -> Self {
        let counts = Rc::new(Counts::default());
        let arch = PretendArch { blobs: SharedBlobs::in_memory(), counts: counts.clone() };
        let config = BootConfig {
            seed: [0; 32],
            candidates_max: 16,
            candidate_bytes: 1 << 30,
            cache_bytes: 64 << 20,
            engine,
            code_bytes,
        };
        let mut kernel = Kernel::new(arch, &config);
        let root = kernel.genesis(&chain::genesis(Params::default()).encode()).unwrap();
        Self { kernel, counts, root }
    }

    /// Applies a block to the genesis, which changes nothing for the next.
    fn apply(&mut self, events: Vec<Event>) -> Result<(Hash, Summary), nub::error::ApplyError> {
        let result = self.kernel.apply_block(self.root, &block(self.root, events));
        self.kernel.rollback();
        result
    }
}

fn block(root: Hash, events: Vec<Event>) -> Vec<u8> {
    let block = nub::Block {
        version: nub::PROTOCOL_VERSION,
        chain_id: chain::CHAIN_ID,
        prior_root: root,
        height: 1,
        timestamp: chain::GENESIS_TIME,
        randomness: [0; 32],
        events,
    };
    block.to_bytes()
}

fn burn(gas: u64) -> Event {
    Event { gas_limit: gas, ..event(probe::ENDLESS, []) }
}

#[test]
fn the_interpreter_alone_compiles_nothing() {
    let mut pretend = Pretend::start(EnginePolicy::Interpreter, 1 << 20);
    pretend.apply(vec![burn(3_000_000)]).unwrap();
    assert_eq!(pretend.counts.read(), (0, 0));
}

#[test]
fn the_recompiler_compiles_once_and_is_warm_across_blocks() {
    let mut pretend = Pretend::start(EnginePolicy::Recompiler, 1 << 20);
    let first = pretend.apply(vec![event(probe::COUNT, [])]).unwrap();
    assert_eq!(pretend.counts.compiled.get(), 1);
    assert_eq!(pretend.apply(vec![event(probe::COUNT, [])]).unwrap(), first);
    assert_eq!(pretend.counts.compiled.get(), 1);
    let health = pretend.kernel.health_check();
    assert_eq!((health.compiled_programs, health.compiled_bytes, health.compilations), (1, 1000, 1));
    assert_eq!(health.compiled_hits, 1);
}

#[test]
fn auto_compiles_what_runs_long_in_the_middle_of_the_call() {
    let mut pretend = Pretend::start(EnginePolicy::Auto, 1 << 20);
    let interpreted = Pretend::start(EnginePolicy::Interpreter, 0).apply(vec![burn(3_000_000)]).unwrap();
    assert_eq!(pretend.apply(vec![burn(3_000_000)]).unwrap(), interpreted);
    assert_eq!(pretend.counts.read(), (1, 1));
}

#[test]
fn auto_compiles_what_is_called_again_and_again() {
    let mut pretend = Pretend::start(EnginePolicy::Auto, 1 << 20);
    pretend.apply(vec![event(probe::COUNT, [])]).unwrap();
    assert_eq!(pretend.counts.read(), (0, 0));
    let first = pretend.apply(vec![event(probe::COUNT, [])]).unwrap();
    for _ in 0..2000 {
        assert_eq!(pretend.apply(vec![event(probe::COUNT, [])]).unwrap(), first);
    }
    assert_eq!(pretend.counts.compiled.get(), 1);
    assert!(pretend.counts.entered.get() > 10);
}

#[test]
fn what_cannot_be_compiled_is_interpreted_and_not_tried_again() {
    for (code_bytes, refuse) in [(1 << 20, true), (0, false), (3999, false)] {
        let mut pretend = Pretend::start(EnginePolicy::Recompiler, code_bytes);
        let expected =
            Pretend::start(EnginePolicy::Interpreter, 0).apply(vec![event(probe::COUNT, [])]).unwrap();
        pretend.counts.refuse.set(refuse);
        for _ in 0..3 {
            assert_eq!(pretend.apply(vec![event(probe::COUNT, [])]).unwrap(), expected);
        }
        assert!(pretend.counts.compiled.get() <= 1);
        assert_eq!(pretend.counts.entered.get(), 0);
        assert_eq!(pretend.kernel.health_check().compiled_programs, 0);
    }
}

#[test]
fn code_that_misbehaves_aborts_the_block_and_is_not_run_again() {
    let mut pretend = Pretend::start(EnginePolicy::Recompiler, 1 << 20);
    let nested = event(probe::CALL, call_args(1, probe::COUNT, 1_000_000, &[], &[]));
    let expected = pretend.apply(vec![nested.clone()]).unwrap();
    let entered = pretend.counts.entered.get();
    pretend.counts.break_next.set(true);
    match pretend.apply(vec![nested.clone()]) {
        Err(nub::error::ApplyError::Abort(Abort::Engine { image, .. })) => {
            assert_eq!(image, nub::blake2b_256(chain::PROBE_IMAGE));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(pretend.kernel.state_root(), Some(pretend.root));
    assert_eq!(pretend.kernel.health_check().candidates, 0);
    assert_eq!(pretend.apply(vec![nested]).unwrap(), expected);
    assert_eq!(pretend.counts.entered.get(), entered + 1);
}

/// Random blocks: mostly little things, some that fault, fail or run out.
fn random_blocks(seed: u64, blocks: usize, events: usize) -> Vec<Vec<Event>> {
    let mut state = seed;
    let mut next = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut random_event = || {
        let octets = |from: u64, count: u64| (0..count).map(|n| (from + n * 7) as u8).collect::<Vec<u8>>();
        let (endpoint, args) = match next(11) {
            0 => (probe::STORAGE_PUT, put_args(&octets(next(3), 2 + next(4)), &octets(9, next(200)))),
            1 => (probe::STORAGE_GET, octets(next(3), 2 + next(4))),
            2 => (probe::COUNT, vec![]),
            3 => (probe::COUNT_THEN_REVERT, vec![]),
            4 => (probe::PANIC, vec![]),
            5 => {
                let range = [(next(6) as u32).to_le_bytes(), (next(4) as u32).to_le_bytes()].concat();
                (probe::STORE_PAGES, [range, vec![next(250) as u8]].concat())
            }
            6 => {
                (probe::LOAD_PAGES, [(next(6) as u32).to_le_bytes(), (next(4) as u32).to_le_bytes()].concat())
            }
            7 => (probe::PEEK, (next(1 << 22) << next(12)).to_le_bytes().to_vec()),
            8 => (probe::RECURSE, (next(12) as u32).to_le_bytes().to_vec()),
            9 => (probe::ECHO, octets(next(250), next(5000))),
            _ => (probe::CALL, call_args(1, probe::COUNT, next(200_000), &[], &[])),
        };
        let target = if next(3) == 0 { chain::other() } else { chain::probe() };
        let gas_limit = if next(4) == 0 { next(20_000) } else { 2_000_000 };
        Event { target, gas_limit, ..event(endpoint, args) }
    };
    (0..blocks).map(|_| (0..events).map(|_| random_event()).collect()).collect()
}

fn run(nub: Nub, blocks: &[Vec<Event>]) -> (Vec<(Hash, Summary)>, nub::Health) {
    let mut nub = nub;
    let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
    let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
    let results = blocks.iter().map(|events| {
        let summary = chain.apply(events.clone());
        (chain.root, summary)
    });
    let results = results.collect();
    (results, chain.nub.health_check().unwrap())
}

#[test]
fn every_engine_in_every_map_gives_what_the_local_backend_gives() {
    if !chain::hyperlight_runs() {
        return;
    }
    for privilege in [Privilege::Kernel3Programs3, Privilege::Kernel0Programs3, Privilege::Kernel0Programs0] {
        // Where ring 0 is emulated, a few events take seconds.
        let is_slow = privilege != Privilege::Kernel3Programs3 && !has_hardware_virtualisation();
        let blocks = if is_slow { random_blocks(1, 1, 4) } else { random_blocks(2, 12, 12) };
        let local = run(Nub::builder().backend(BackendKind::Local).build().unwrap(), &blocks).0;
        let all = [EnginePolicy::Recompiler, EnginePolicy::Interpreter, EnginePolicy::Auto];
        for engine in if is_slow { &all[..1] } else { &all[..] } {
            let config = GuestConfig { privilege, ..GuestConfig::default() };
            let builder = Nub::builder().backend(BackendKind::Hyperlight).guest(config);
            let (results, health) = run(builder.engine(*engine).build().unwrap(), &blocks);
            assert!(results == local, "{engine:?} in {privilege:?} differs from the local backend");
            if std::env::var_os("NUB_ENGINE").is_none() {
                assert_eq!(
                    health.compilations > 0,
                    *engine != EnginePolicy::Interpreter,
                    "{engine:?} in {privilege:?}: {health:?}"
                );
            }
        }
    }
}

#[test]
fn budgets_of_code_do_not_show() {
    if !chain::hyperlight_runs() || Privilege::Auto.resolve().unwrap() != PrivilegeMap::Kernel3Programs3 {
        return;
    }
    let blocks = random_blocks(3, 4, 12);
    let local = run(Nub::builder().backend(BackendKind::Local).build().unwrap(), &blocks).0;
    for (code_bytes, arena_bytes) in [(0, 64 << 20), (100 << 10, 64 << 20), (64 << 20, 16 << 20)] {
        let config = GuestConfig { arena_bytes, ..GuestConfig::default() };
        let builder = Nub::builder().backend(BackendKind::Hyperlight).guest(config);
        let builder = builder.engine(EnginePolicy::Recompiler).code_bytes(code_bytes);
        let (results, health) = run(builder.build().unwrap(), &blocks);
        assert!(results == local, "{code_bytes} bytes of code, {arena_bytes} of memory");
        assert!(health.compiled_bytes <= code_bytes, "{health:?}");
    }
}
