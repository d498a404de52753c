//! What nobody needs any more is freed a slice with each operation, however much it is: a state that was hashed, the
//! objects of candidates that are gone, what an execution from a witness had.

mod chain;

use chain::{TestChain, event, probe, put_args};
use nub::{BackendKind, Event, Hash, Limits, Nub, Params};

/// Objects that one operation frees, whatever it paid.
const SLICE: u64 = 8_192;
/// Values too long to be embedded: each is an object.
const VALUES: u32 = 8_000;

fn key(number: u32) -> [u8; 32] {
    nub::blake2b_256(&number.to_le_bytes()).0
}

fn value(number: u32) -> Vec<u8> {
    [&key(number)[..], &[1; 150]].concat()
}

fn put(number: u32) -> Event {
    Event { gas_limit: 300_000, ..event(probe::STORAGE_PUT, put_args(&key(number), &value(number))) }
}

fn start() -> TestChain {
    let limits = Limits { block_events: 8_192, block_bytes: 3 << 20, ..Limits::default() };
    let params = Params { block_gas: 1 << 40, limits, ..Params::default() };
    let mut nub = Nub::builder().backend(BackendKind::Local).build().unwrap();
    let root = nub.genesis(&chain::genesis(params)).unwrap();
    TestChain { nub, genesis_root: root, root, height: 0 }
}

fn fill(chain: &mut TestChain, first: u32) -> Hash {
    chain.apply((first..first + VALUES).map(put).collect());
    chain.root
}

/// Has operations that need nothing freed until all is; gives how many that took, of which each freed a slice at most.
fn free_all(nub: &mut Nub) -> u64 {
    let mut slices = 0;
    loop {
        let before = nub.health_check().unwrap();
        if before.waiting_objects == 0 {
            return slices;
        }
        nub.rollback().unwrap();
        let after = nub.health_check().unwrap();
        assert!(before.pending_objects - after.pending_objects <= SLICE, "{before:?} {after:?}");
        // Those below what waits are not counted, so a slice may leave as many.
        assert!(before.waiting_objects <= after.waiting_objects + SLICE, "{before:?} {after:?}");
        slices += 1;
        assert!(slices < 100, "it comes to no end: {after:?}");
    }
}

#[test]
fn a_state_that_was_hashed_is_freed_in_slices() {
    let mut chain = start();
    fill(&mut chain, 0);
    // Values, leaves and branches of the graph that the block made, beside the objects that stay pending.
    let health = chain.nub.health_check().unwrap();
    assert!(health.waiting_objects > 0, "{health:?}");
    assert!(health.pending_objects > u64::from(VALUES), "{health:?}");
    // With its candidate there is more to free, and then it comes to an end.
    chain.nub.rollback().unwrap();
    assert!(free_all(&mut chain.nub) >= 1);
}

#[test]
fn a_rollback_frees_candidates_in_slices_and_what_waits_counts_for_nothing() {
    let mut chain = start();
    fill(&mut chain, 0);
    let filled = chain.root;
    fill(&mut chain, VALUES);
    assert_eq!(chain.nub.rollback().unwrap(), 2);
    let health = chain.nub.health_check().unwrap();
    assert!(health.candidates == 0 && health.pending_objects > SLICE, "{health:?}");
    // The same block again while its objects wait to be freed: it keeps them.
    chain.root = chain.genesis_root;
    chain.height = 0;
    assert_eq!(fill(&mut chain, 0), filled);
    let pending = chain.nub.health_check().unwrap().pending_objects;
    chain.nub.commit(filled).unwrap();
    assert!(free_all(&mut chain.nub) >= 1, "{pending} objects");
    assert_eq!(chain.nub.health_check().unwrap().pending_objects, 0);
    assert_eq!(chain.nub.state_root().unwrap(), Some(filled));
    assert_eq!(chain.ok(probe::STORAGE_GET, key(7))[8..], value(7));
}

#[test]
fn candidates_that_are_gone_take_nothing_of_the_budget() {
    let limits = Limits { block_events: 8_192, block_bytes: 3 << 20, ..Limits::default() };
    let params = Params { block_gas: 1 << 40, limits, ..Params::default() };
    let builder = Nub::builder().backend(BackendKind::Local).candidate_bytes(6 << 20);
    let mut nub = builder.build().unwrap();
    let root = nub.genesis(&chain::genesis(params)).unwrap();
    let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
    for first in 0..4 {
        fill(&mut chain, first * VALUES);
        let pending = chain.nub.health_check().unwrap().pending_bytes;
        assert!(pending > 3 << 20, "{pending}");
        chain.rewind();
    }
}

#[test]
fn what_an_execution_from_a_witness_had_is_freed_in_slices() {
    let mut chain = start();
    fill(&mut chain, 0);
    chain.nub.commit(chain.root).unwrap();
    // Each reads the value that it replaces.
    let overwrite =
        |n| Event { gas_limit: 300_000, ..event(probe::STORAGE_PUT, put_args(&key(n), &[2; 150])) };
    let block = chain.block((0..VALUES).map(overwrite).collect()).to_bytes();
    let root = chain.root;
    let witness = chain.nub.witness(root, &block).unwrap();
    let applied = chain.nub.apply_block(root, &block).unwrap();
    let mut stateless = Nub::builder().backend(BackendKind::Local).build().unwrap();
    let waiting: Vec<u64> = (0..3)
        .map(|_| {
            assert_eq!(stateless.execute_witness(root, &block, &witness).unwrap(), applied);
            stateless.health_check().unwrap().waiting_objects
        })
        .collect();
    // The objects of the witness, and those decoded.
    assert!(waiting[0] > 2 * u64::from(VALUES) - SLICE, "{waiting:?} of {}", witness.len());
    assert!(waiting.iter().all(|count| *count <= waiting[0]), "it piles up: {waiting:?}");
    assert!(free_all(&mut stateless) >= 4);
    // One that is refused is freed so, too.
    let twice = [&witness[..], &witness[..1]].concat();
    assert!(stateless.execute_witness(root, &block, &twice).is_err());
    assert!(stateless.health_check().unwrap().waiting_objects > 0);
    free_all(&mut stateless);
}
