//! What a block will certainly ask for is read in few steps of the device.

mod chain;
mod held;

use chain::{GAS, TestChain, event, probe};
use held::Held;
use nub::{BackendKind, Event, GenesisInstance, Params};

/// Instances that events target, each with a storage of its own.
const INSTANCES: u64 = 100;

/// A device with that state, committed.
fn many_instances() -> Held {
    let held = Held::default();
    let mut genesis = chain::genesis(Params::default());
    genesis.instances = (0..INSTANCES)
        .map(|number| GenesisInstance {
            image: chain::PROBE_IMAGE.to_vec(),
            public: true,
            storage: vec![(vec![1, 2], number.to_le_bytes().repeat(40))],
            refs: vec![],
        })
        .collect();
    held.handle(BackendKind::Local).unwrap().genesis(&genesis).unwrap();
    held
}

/// An event for each Instance, on a handle that has nothing in memory; gives reads and steps.
fn apply_cold(held: &Held, kind: BackendKind) -> (nub::Hash, u64, u64) {
    let mut chain: TestChain = held.chain(kind);
    let gas_limit = GAS / 10;
    let event_at = |number| Event { target: chain::instance(number), gas_limit, ..event(probe::ECHO, [7]) };
    let events = (0..INSTANCES).map(event_at).collect();
    held.with(|inner| (inner.reads, inner.read_steps) = (0, 0));
    chain.apply(events);
    let (mut reads, mut steps) = (0, 0);
    held.with(|inner| (reads, steps) = (inner.reads, inner.read_steps));
    (chain.root, reads, steps)
}

/// Every Instance's way was read node by node, a step of the device each.
#[test]
fn targets_of_a_block_are_read_in_few_steps() {
    let held = many_instances();
    let mut roots = Vec::new();
    for kind in chain::backends() {
        let (root, reads, steps) = apply_cold(&held, kind);
        assert!(reads > INSTANCES, "{kind:?}: {reads} reads: the state is not cold");
        assert!(steps < 40, "{kind:?}: {reads} reads in {steps} steps");
        roots.push(root);
    }
    assert!(roots.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_witness_has_nothing_of_what_was_read_ahead() {
    let held = many_instances();
    let witness = |kind, is_warm: bool| {
        let mut chain = held.chain(kind);
        let target = chain::instance(INSTANCES - 1);
        let block = chain.block(vec![Event { target, gas_limit: 1, ..event(probe::ECHO, [7]) }]).to_bytes();
        if is_warm {
            chain.apply(
                (0..50)
                    .map(|n| Event { target: chain::instance(n), gas_limit: GAS / 10, ..event(0, []) })
                    .collect(),
            );
        }
        let root = chain.nub.state_root().unwrap().unwrap();
        chain.nub.witness(root, &block).unwrap()
    };
    let expected = witness(BackendKind::Local, false);
    for kind in chain::backends() {
        assert!([false, true].into_iter().all(|is_warm| witness(kind, is_warm) == expected));
    }
}
