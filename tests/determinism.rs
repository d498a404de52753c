//! The same blocks give the same roots, receipts and gas: whatever the seed, the cache, the backend.

mod chain;

use chain::{TestChain, call_args, event, probe, put_args};
use nub::{BackendKind, Event, InstanceId, Nub, Params, Summary};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Cases of a property: the variable if it is set, else the default.
fn cases(variable: &str, default: u32) -> Config {
    let cases = std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    Config { cases, failure_persistence: None, ..Config::default() }
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

/// Runs the steps from a genesis; gives every root and summary.
fn run(nub: Nub, steps: &[Step]) -> Vec<(nub::Hash, Summary)> {
    let mut nub = nub;
    let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
    let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
    let mut results = Vec::new();
    for (events, between) in steps {
        let summary = chain.apply(events.clone());
        results.push((chain.root, summary));
        match between {
            Between::Nothing => {}
            Between::Commit => {
                chain.nub.commit(chain.root).unwrap();
                (chain.genesis_root, chain.height) = (chain.root, chain.height);
            }
            Between::Rollback => {
                chain.nub.rollback().unwrap();
                chain.root = chain.nub.state_root().unwrap().unwrap();
                chain.height = chain.nub.health_check().unwrap().height;
            }
        }
    }
    results
}

fn build(kind: BackendKind, seed: u8, cache_bytes: u64) -> Nub {
    Nub::builder().backend(kind).seed([seed; 32]).cache_bytes(cache_bytes).candidates_max(64).build().unwrap()
}

#[test]
fn local_gives_the_same_whatever_the_seed_and_the_cache() {
    let mut runner = TestRunner::new(cases("NUB_PROPTEST_CASES", 64));
    let property = |steps: Vec<Step>| {
        let first = run(build(BackendKind::Local, 1, 64 << 20), &steps);
        prop_assert_eq!(&first, &run(build(BackendKind::Local, 2, 64 << 20), &steps));
        prop_assert_eq!(&first, &run(build(BackendKind::Local, 3, 20_000), &steps));
        prop_assert_eq!(&first, &run(build(BackendKind::Local, 4, 0), &steps));
        Ok(())
    };
    runner.run(&steps(8, 8), property).unwrap();
}

#[test]
fn local_and_hyperlight_give_the_same() {
    if !chain::hyperlight_runs() {
        return;
    }
    let mut runner = TestRunner::new(cases("NUB_PROPTEST_HYPERLIGHT_CASES", 20));
    let property = |steps: Vec<Step>| {
        let local = run(build(BackendKind::Local, 1, 64 << 20), &steps);
        let hyperlight = run(build(BackendKind::Hyperlight, 2, 64 << 20), &steps);
        prop_assert_eq!(local, hyperlight);
        Ok(())
    };
    runner.run(&steps(4, 5), property).unwrap();
}
