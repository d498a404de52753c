//! The same blocks give the same roots, receipts, gas, rehash counts and witnesses: whatever the seed, the heap,
//! the cache, the backend, and what was committed when.

mod chain;

use chain::script::{SCRATCH, Script};
use chain::{TestChain, call_args, event, probe, put_args};
use nub::hyperlight::{GuestConfig, Privilege};
use nub::{BackendKind, Event, InstanceId, Nub, Params, SharedBlobs, Summary};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Cases of a property: the variable if it is set, else the default.
fn cases(variable: &str, default: u32) -> Config {
    let cases = std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// A host call of a script: its number, and registers that are small numbers or, above 99, addresses.
fn arbitrary_step() -> impl Strategy<Value = (u8, [u8; 5])> {
    let slot = || prop_oneof![6 => 0u8..4, 1 => 8u8..10];
    let (key, length, octets) = (100u8..104, 1u8..4, 0u8..60);
    prop_oneof![
        2 => (slot(), slot()).prop_map(|(from, to)| (16, [from, to, 0, 0, 0])),
        1 => (slot(), slot()).prop_map(|(from, to)| (17, [from, to, 0, 0, 0])),
        2 => slot().prop_map(|slot| (18, [slot, 0, 0, 0, 0])),
        2 => (slot(), slot(), 1u8..8, 0u8..2).prop_map(|(from, to, rights, flag)| (19, [from, to, rights, flag, 100])),
        2 => (slot(), any::<u8>()).prop_map(|(slot, size)| (20, [slot, size, 0, 0, 0])),
        3 => (slot(), octets.clone(), octets.clone()).prop_map(|(slot, at, count)| (23, [slot, at, 100, count, 0])),
        1 => (slot(), octets.clone()).prop_map(|(slot, count)| (22, [slot, 0, 200, count, 0])),
        2 => (key.clone(), length.clone()).prop_map(|(key, length)| (26, [key, length, 200, 32, 0])),
        2 => slot().prop_map(|slot| (33, [slot, 0, 0, 0, 0])),
        3 => (slot(), key.clone(), length.clone(), slot()).prop_map(|(from, key, length, to)| (34, [from, key, length, to, 0])),
        5 => (slot(), key.clone(), length.clone(), slot()).prop_map(|(slot, key, length, from)| (35, [slot, key, length, from, 0])),
        2 => (slot(), key.clone(), length.clone()).prop_map(|(slot, key, length)| (36, [slot, key, length, 0, 0])),
        2 => (slot(), key.clone(), length.clone()).prop_map(|(slot, key, length)| (37, [slot, key, length, 200, 32])),
        3 => (slot(), key, length, octets).prop_map(|(slot, key, length, count)| (39, [slot, key, length, 100, count])),
        1 => (slot(), slot()).prop_map(|(from, to)| (29, [from, to, 100, 200, 0])),
        1 => slot().prop_map(|from| (31, [from, 0, 0, 0, 0])),
        1 => slot().prop_map(|image| (30, [1, image, 0, 0, 0])),
    ]
}

/// The script of these steps: 100 and above are addresses of octets, from 200 on of octets to write to.
fn script(steps: &[(u8, [u8; 5])]) -> Script {
    let mut script = Script::new();
    let data = script.data(&(0..100u8).map(|n| n % 7).collect::<Vec<_>>());
    for (number, registers) in steps {
        let registers = registers.map(|register| match register {
            0..100 => register.into(),
            100..200 => data + u64::from(register - 100),
            _ => SCRATCH,
        });
        script.step(*number, &registers);
    }
    script
}

/// Something to do in a block.
fn arbitrary_event() -> impl Strategy<Value = Event> {
    let key = prop::collection::vec(0u8..3, 0..5);
    let value = prop::collection::vec(any::<u8>(), 0..300);
    let page = (0u32..6, 0u32..4);
    let call = prop_oneof![
        4 => (key.clone(), value.clone()).prop_map(|(key, value)| (probe::STORAGE_PUT, put_args(&key, &value))),
        2 => key.clone().prop_map(|key| (probe::STORAGE_GET, key)),
        2 => key.prop_map(|key| (probe::STORAGE_REMOVE, key)),
        2 => Just((probe::COUNT, vec![])),
        1 => Just((probe::COUNT_THEN_REVERT, vec![])),
        1 => Just((probe::PANIC, vec![])),
        2 => (page.clone(), 0u8..3).prop_map(|((first, count), value)| {
            (probe::STORE_PAGES, [&first.to_le_bytes()[..], &count.to_le_bytes(), &[value]].concat())
        }),
        1 => page.prop_map(|(first, count)| {
            (probe::LOAD_PAGES, [first.to_le_bytes(), count.to_le_bytes()].concat())
        }),
        1 => any::<u32>().prop_map(|address| (probe::PEEK, u64::from(address).to_le_bytes().to_vec())),
        1 => (0u32..60).prop_map(|depth| (probe::RECURSE, depth.to_le_bytes().to_vec())),
        1 => value.clone().prop_map(|value| (probe::EMIT, [&[7; 32][..], &value].concat())),
        1 => value.prop_map(|value| (probe::ECHO, value)),
        1 => Just((probe::CREATE, [&[8, 9, 1][..], &[5; 32], chain::PROBE_IMAGE].concat())),
        6 => prop::collection::vec(arbitrary_step(), 1..12).prop_map(|steps| (probe::SCRIPT, script(&steps).args())),
    ];
    let nested = (call.clone(), prop_oneof![Just(1u16), Just(3), Just(256), Just(9)], 0u64..200_000)
        .prop_map(|((endpoint, args), selector, gas)| {
            (probe::CALL, call_args(selector, endpoint, gas, &[], &args))
        });
    let gas = prop_oneof![4 => Just(2_000_000u64), 1 => 0u64..40_000];
    let created = InstanceId::derive(chain::CHAIN_ID, chain::probe(), 0);
    let target = prop_oneof![6 => Just(chain::probe()), 2 => Just(chain::other()), 1 => Just(created)];
    let refs = prop_oneof![2 => Just(vec![]), 1 => Just(vec![chain::other()])];
    (prop_oneof![3 => call, 1 => nested], gas, target, refs).prop_map(
        |((endpoint, args), gas_limit, target, refs)| Event {
            target,
            gas_limit,
            refs,
            ..event(endpoint, args)
        },
    )
}

/// What to do with the chain between blocks.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    Commit,
    Rollback,
}

type Step = (Vec<Event>, Between);

fn steps(blocks: usize, events: usize) -> impl Strategy<Value = Vec<Step>> {
    let between =
        prop_oneof![2 => Just(Between::Nothing), 2 => Just(Between::Commit), 1 => Just(Between::Rollback)];
    prop::collection::vec((prop::collection::vec(arbitrary_event(), 0..events), between), 1..blocks)
}

/// A way to run a kernel that nothing observable may depend on.
#[derive(Clone, Copy, Debug)]
struct Variant {
    kind: BackendKind,
    seed: u8,
    cache_bytes: u64,
    /// Blocks of other sizes between a kernel's own on the heap; for a micro-VM, a larger arena.
    other_layout: bool,
    privilege: Privilege,
    /// When to commit, whatever the steps say.
    commits: Commits,
}

/// Committing, and going on from a store with a new handle, changes nothing that comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commits {
    AsTold,
    Never,
    Always,
    AlwaysAndReopen,
}

/// The smallest budget, one that holds a few objects, one that holds all.
const BUDGETS: [u64; 3] = [0, 20_000, 64 << 20];

/// All privilege maps.
const PRIVILEGES: [Privilege; 3] =
    [Privilege::Kernel0Programs0, Privilege::Kernel0Programs3, Privilege::Kernel3Programs3];

impl Variant {
    const PLAIN: Self = Self {
        kind: BackendKind::Local,
        seed: 1,
        cache_bytes: 64 << 20,
        other_layout: false,
        privilege: Privilege::Auto,
        commits: Commits::AsTold,
    };

    fn build(self, blobs: &SharedBlobs) -> Nub {
        let builder = Nub::builder().backend(self.kind).seed([self.seed; 32]).blobs(blobs.clone());
        let builder = builder.cache_bytes(self.cache_bytes).candidates_max(64);
        let arena_bytes = if self.other_layout { 96 << 20 } else { 64 << 20 };
        builder
            .guest(GuestConfig { arena_bytes, privilege: self.privilege, ..GuestConfig::default() })
            .build()
            .unwrap()
    }

    /// Every root and summary of the steps' blocks, and the witness of each.
    fn run(self, steps: &[Step]) -> Vec<(nub::Hash, Summary, Vec<Vec<u8>>)> {
        let layout = Layout::new(self.other_layout);
        let blobs = SharedBlobs::in_memory();
        let mut nub = self.build(&blobs);
        let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
        let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
        let mut results = Vec::new();
        for (events, between) in steps {
            let (root, block) = (chain.root, chain.block(events.clone()).to_bytes());
            let witness = chain.nub.witness(root, &block).unwrap();
            let summary = chain.apply(events.clone());
            results.push((chain.root, summary, witness));
            self.go_on(&mut chain, &blobs, *between);
        }
        drop(layout);
        results
    }

    fn go_on(self, chain: &mut TestChain, blobs: &SharedBlobs, between: Between) {
        let commit = |chain: &mut TestChain| {
            chain.nub.commit(chain.root).unwrap();
            (chain.genesis_root, chain.height) = (chain.root, chain.height);
        };
        match (self.commits, between) {
            (Commits::AsTold, Between::Commit) | (Commits::Always, _) => commit(chain),
            (Commits::AlwaysAndReopen, _) => {
                commit(chain);
                chain.nub = self.build(blobs);
            }
            (Commits::AsTold, Between::Rollback) => {
                chain.nub.rollback().unwrap();
                chain.root = chain.nub.state_root().unwrap().unwrap();
                chain.height = chain.nub.health_check().unwrap().height;
            }
            (Commits::AsTold, Between::Nothing) | (Commits::Never, _) => {}
        }
    }
}

/// Holes in the heap, so that what a kernel allocates lies elsewhere and in another order.
struct Layout {
    _kept: Vec<Vec<u8>>,
}

impl Layout {
    fn new(other: bool) -> Self {
        let count = if other { 4_000 } else { 0 };
        let mut blocks: Vec<Vec<u8>> = (0..count).map(|n| vec![1; n * 37 % 900 + 1]).collect();
        let mut index = 0;
        blocks.retain(|_| {
            index += 1;
            index % 3 == 0
        });
        Self { _kept: blocks }
    }
}

#[test]
fn nothing_shows_the_seed_the_heap_or_the_cache() {
    let mut runner = TestRunner::new(cases("NUB_PROPTEST_CASES", 24));
    let property = |steps: Vec<Step>| {
        let plain = Variant::PLAIN.run(&steps);
        for seed in [1, 2] {
            for other_layout in [false, true] {
                for cache_bytes in BUDGETS {
                    let variant = Variant { seed, other_layout, cache_bytes, ..Variant::PLAIN };
                    prop_assert_eq!(&plain, &variant.run(&steps), "{:?}", variant);
                }
            }
        }
        Ok(())
    };
    runner.run(&steps(6, 6), property).unwrap();
}

#[test]
fn nothing_shows_when_what_came_before_was_committed() {
    let mut runner = TestRunner::new(cases("NUB_PROPTEST_CASES", 24));
    let property = |steps: Vec<Step>| {
        let never = Variant { commits: Commits::Never, ..Variant::PLAIN }.run(&steps);
        for commits in [Commits::Always, Commits::AlwaysAndReopen] {
            for cache_bytes in BUDGETS {
                let variant = Variant { seed: 3, commits, cache_bytes, ..Variant::PLAIN };
                prop_assert_eq!(&never, &variant.run(&steps), "{:?}", variant);
            }
        }
        Ok(())
    };
    runner.run(&steps(6, 6), property).unwrap();
}

#[test]
fn local_and_hyperlight_give_the_same() {
    if !chain::hyperlight_runs() {
        return;
    }
    let mut runner = TestRunner::new(cases("NUB_PROPTEST_HYPERLIGHT_CASES", 12));
    let turn = std::cell::Cell::new(0u8);
    let property = |steps: Vec<Step>| {
        // A guest takes a while to boot, so the ways to run one take turns. Without a cache it decodes an Image at
        // every call, which takes minutes where ring 0 is emulated.
        let n = turn.replace(turn.get() + 1);
        let commits = [Commits::AsTold, Commits::Always][usize::from(n / 2 % 2)];
        let cache_bytes = [64 << 20, 400_000][usize::from(n / 4 % 2)];
        let local = Variant { commits, ..Variant::PLAIN }.run(&steps);
        let variant = Variant {
            kind: BackendKind::Hyperlight,
            seed: n,
            other_layout: n % 2 == 1,
            commits,
            cache_bytes,
            ..Variant::PLAIN
        };
        prop_assert_eq!(local, variant.run(&steps), "{:?}", variant);
        Ok(())
    };
    runner.run(&steps(4, 5), property).unwrap();
}

/// Blocks that use all there is, few enough for an emulated ring 0.
fn a_little_of_everything() -> Vec<Step> {
    let pages = [&1u32.to_le_bytes()[..], &2u32.to_le_bytes(), &[7]].concat();
    let data = [(20, [0, 99, 0, 0, 0]), (23, [0, 3, 100, 50, 0]), (22, [0, 0, 200, 60, 0])];
    let cnodes = [
        (33, [1, 0, 0, 0, 0]),
        (35, [1, 101, 2, 0, 0]),
        (39, [1, 102, 3, 100, 60]),
        (37, [1, 101, 2, 200, 32]),
        (16, [1, 2, 0, 0, 0]),
        (36, [2, 101, 2, 0, 0]),
        (29, [1, 3, 100, 200, 0]),
    ];
    let first = vec![
        event(probe::STORAGE_PUT, put_args(b"a key", &[5; 300])),
        event(probe::STORE_PAGES, pages),
        event(probe::CALL, call_args(1, probe::COUNT, 200_000, &[], &[])),
    ];
    let second = vec![
        event(probe::SCRIPT, script(&[&data[..], &cnodes].concat()).args()),
        event(probe::STORAGE_REMOVE, b"a key".to_vec()),
        event(probe::PANIC, vec![]),
    ];
    vec![(first, Between::Commit), (second, Between::Nothing)]
}

#[test]
fn every_privilege_map_gives_the_same() {
    if !chain::hyperlight_runs() {
        return;
    }
    let steps = a_little_of_everything();
    let local = Variant::PLAIN.run(&steps);
    assert!(local.iter().all(|(_, summary, _)| summary.receipts[0].status == nub::Status::Success));
    for privilege in PRIVILEGES {
        let variant = Variant { kind: BackendKind::Hyperlight, privilege, ..Variant::PLAIN };
        assert_eq!(local, variant.run(&steps), "{privilege:?}");
    }
}
