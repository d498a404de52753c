//! Witnesses: a block executes from what it reads, on either backend, and from nothing less.

mod chain;

use chain::{TestChain, call_args, event, probe, put_args};
use nub::error::{Abort, ApplyError, WitnessError};
use nub::{BackendKind, Event, Failure, Hash, Nub, Params};

/// A committed chain with some storage and memory.
fn committed(kind: BackendKind, cache_bytes: u64) -> TestChain {
    let mut nub = Nub::builder().backend(kind).cache_bytes(cache_bytes).build().unwrap();
    let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
    let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
    chain.apply((0..24u8).map(|n| event(probe::STORAGE_PUT, put_args(&[n % 5, n], &[n; 150]))).collect());
    chain.apply(vec![event(probe::COUNT, vec![])]);
    chain.nub.commit(chain.root).unwrap();
    chain
}

/// Reads, writes, removals that collapse branches, calls, creation, failures.
fn events() -> Vec<Event> {
    let mut events: Vec<Event> = (0..6u8).map(|n| event(probe::STORAGE_REMOVE, vec![n % 5, n])).collect();
    events.push(event(probe::STORAGE_PUT, put_args(&[3, 200], b"new")));
    events.push(event(probe::STORAGE_GET, vec![4, 9]));
    events.push(event(probe::CALL, call_args(1, probe::COUNT, 1_000_000, &[], &[])));
    events.push(event(probe::PANIC, vec![]));
    events.push(event(probe::CREATE, [&[8, 9, 1][..], &[5; 32], chain::PROBE_IMAGE].concat()));
    events.push(Event { target: chain::private(), ..event(probe::ECHO, vec![]) });
    events
}

#[test]
fn a_witness_is_the_same_everywhere_and_enough() {
    let mut witnesses = Vec::new();
    let mut results = Vec::new();
    for kind in chain::backends() {
        // Without a cache a guest decodes an Image at every call, which takes minutes where ring 0 is emulated.
        let budgets = if kind == BackendKind::Local { &[64 << 20, 30_000, 0][..] } else { &[64 << 20] };
        for &cache_bytes in budgets {
            let mut chain = committed(kind, cache_bytes);
            let block = chain.block(events()).to_bytes();
            let root = chain.root;
            let witness = chain.nub.witness(root, &block).unwrap();
            assert_eq!(chain.nub.witness(root, &block).unwrap(), witness, "warm");
            assert_eq!(chain.nub.health_check().unwrap().pending_objects, 0);
            let applied = chain.nub.apply_block(root, &block).unwrap();
            let mut stateless = Nub::builder().backend(kind).build().unwrap();
            assert_eq!(stateless.execute_witness(root, &block, &witness).unwrap(), applied);
            assert_eq!(stateless.state_root().unwrap(), None);
            // A handle with a state is not changed by it.
            assert_eq!(chain.nub.execute_witness(root, &block, &witness).unwrap(), applied);
            assert_eq!(chain.nub.health_check().unwrap().candidates, 1);
            witnesses.push(witness);
            results.push(applied);
        }
    }
    assert!(witnesses.iter().all(|witness| *witness == witnesses[0]));
    assert!(results.iter().all(|result| *result == results[0]));
}

#[test]
fn every_object_of_a_witness_is_needed() {
    let mut chain = committed(BackendKind::Local, 64 << 20);
    let block = chain.block(events()).to_bytes();
    let root = chain.root;
    let witness = chain.nub.witness(root, &block).unwrap();
    let mut execute = |witness: &[Vec<u8>]| {
        chain.nub.execute_witness(root, &block, witness).map_err(|failure| failure.kernel().unwrap())
    };
    assert!(witness.len() > 10);
    for index in 0..witness.len() {
        let mut less = witness.clone();
        let removed = nub::blake2b_256(&less.remove(index));
        let missing = WitnessError::Apply(ApplyError::Abort(Abort::MissingObject(removed)));
        assert_eq!(execute(&less).unwrap_err(), missing);
        let mut wrong = witness.clone();
        wrong[index][5] ^= 1;
        assert_eq!(execute(&wrong).unwrap_err(), missing);
    }
    let mut twice = witness.clone();
    twice.push(witness[0].clone());
    assert_eq!(execute(&twice).unwrap_err(), WitnessError::Duplicate(nub::blake2b_256(&witness[0])));
    let mut more = witness.clone();
    more.push(vec![9; 200]);
    assert_eq!(execute(&more).unwrap_err(), WitnessError::Surplus(nub::blake2b_256(&[9; 200])));
    assert!(execute(&witness).is_ok());
}

#[test]
fn a_witness_of_an_unknown_root_is_refused() {
    let mut chain = committed(BackendKind::Local, 0);
    let block = chain.block(vec![]).to_bytes();
    let refused = chain.nub.witness(Hash([1; 32]), &block);
    assert!(matches!(refused, Err(Failure::Kernel(ApplyError::UnknownPriorRoot(_)))));
}
