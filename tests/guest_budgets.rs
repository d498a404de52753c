//! Memory that is used up is a typed error, whatever uses it up and whenever: no crash, no receipt, nothing
//! left behind, and the next call works.

mod chain;
mod common;

use chain::{GAS, TestChain, call_args, event, genesis, probe, put_args};
use nub::error::{Abort, ApplyError, CommitError, QueryError};
use nub::hyperlight::probe::{Probe, ProbeReply};
use nub::hyperlight::{GuestConfig, HyperlightError, Privilege};
use nub::{
    BackendError, BackendKind, Event, Failure, Limits, MemoryDevice, Nub, Params, Query, SharedDevice,
    StoreConfig,
};

/// Programs and kernel run out of memory sooner in a small arena. An emulated ring 0 would take minutes.
fn start(arena_bytes: u64) -> Option<TestChain> {
    start_with(arena_bytes, Params::default())
}

fn start_with(arena_bytes: u64, params: Params) -> Option<TestChain> {
    if !chain::hyperlight_runs() {
        return None;
    }
    let config =
        GuestConfig { arena_bytes, privilege: Privilege::Kernel3Programs3, ..GuestConfig::default() };
    let builder = Nub::builder().backend(BackendKind::Hyperlight).guest(config).seed([3; 32]);
    let mut nub = builder.candidates_max(10_000).build().unwrap();
    let root = nub.genesis(&genesis(params)).unwrap();
    Some(TestChain { nub, genesis_root: root, root, height: 0 })
}

/// The same with the store in the guest, on a device.
fn start_with_store(arena_bytes: u64) -> Option<TestChain> {
    if !chain::hyperlight_runs() {
        return None;
    }
    let config =
        GuestConfig { arena_bytes, privilege: Privilege::Kernel3Programs3, ..GuestConfig::default() };
    let device = SharedDevice::new(MemoryDevice::default());
    let chain_id = Some(chain::CHAIN_ID);
    let store =
        StoreConfig { chain_id, segment_blocks: 256, collect_bytes_min: 4 << 20, ..StoreConfig::default() };
    let builder = Nub::builder().backend(BackendKind::Hyperlight).guest(config).device(device, store);
    let mut nub = builder.candidates_max(10_000).build().unwrap();
    let root = nub.genesis(&genesis(Params::default())).unwrap();
    Some(TestChain { nub, genesis_root: root, root, height: 0 })
}

/// Why a block was not applied, which must be for want of memory.
#[derive(Debug, PartialEq)]
enum Want {
    Memory,
    Candidates,
    Refused,
}

fn want(failure: Failure<ApplyError>) -> Want {
    match failure {
        Failure::Kernel(ApplyError::Abort(Abort::OutOfMemory { .. } | Abort::OutOfFrames)) => Want::Memory,
        Failure::Kernel(ApplyError::CandidateBytes { .. }) => Want::Candidates,
        Failure::Backend(BackendError::Hyperlight(HyperlightError::Refused(Abort::OutOfMemory {
            ..
        }))) => Want::Refused,
        other => panic!("{other}"),
    }
}

/// So many values of 4000 octets, no two alike.
fn values(count: u32, seed: u32) -> Vec<Event> {
    let value = |number: u32| {
        let mut state = u64::from(number) << 32 | u64::from(seed) | 1;
        let octets = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        octets.take(4000).collect::<Vec<u8>>()
    };
    (0..count)
        .map(|number| {
            let key = [&b"value"[..], &number.to_le_bytes(), &seed.to_le_bytes()].concat();
            Event { gas_limit: GAS / 100, ..event(probe::STORAGE_PUT, put_args(&key, &value(number))) }
        })
        .collect()
}

/// Applies blocks of values, each on the last, until one is refused; why, and how many there were.
fn fill(chain: &mut TestChain, values_per_block: u32) -> (Want, u32) {
    fill_from(chain, values_per_block, 0)
}

fn fill_from(chain: &mut TestChain, values_per_block: u32, first_seed: u32) -> (Want, u32) {
    for seed in 0..1000 {
        let block = chain.block(values(values_per_block, first_seed + seed));
        match chain.nub.apply_block(chain.root, &block.to_bytes()) {
            Ok((root, _)) => (chain.root, chain.height) = (root, chain.height + 1),
            Err(failure) => return (want(failure), seed),
        }
    }
    panic!("a thousand blocks fit");
}

#[test]
fn candidates_stay_within_their_budget() {
    let Some(mut chain) = start(64 << 20) else { return };
    for _ in 0..2 {
        let (want, blocks) = fill(&mut chain, 100);
        assert_eq!(want, Want::Candidates);
        assert!(blocks > 10, "{blocks} blocks of 400 kB in a budget of 8 MiB");
        let health = chain.nub.health_check().unwrap();
        assert_eq!(health.candidates, blocks);
        assert!(health.pending_bytes <= 8 << 20, "{health:?}");
        // Nothing is lost by it, and there is a way out.
        chain.ok(probe::COUNT, []);
        chain.rewind();
        assert_eq!(chain.nub.health_check().unwrap().pending_bytes, 0);
    }
    let (_, blocks) = fill(&mut chain, 100);
    chain.nub.commit(chain.root).unwrap();
    assert_eq!(chain.nub.health_check().unwrap().pending_bytes, 0);
    assert_eq!(u64::from(blocks), chain.nub.health_check().unwrap().height);
}

#[test]
fn an_arena_that_is_too_small_for_a_block_says_so() {
    let mut wants = Vec::new();
    for arena_mib in [16, 28] {
        let Some(mut chain) = start(arena_mib << 20) else { return };
        let free = chain.nub.health_check().unwrap().frames_free;
        for values_per_block in [500, 200, 60] {
            wants.push(fill(&mut chain, values_per_block).0);
            chain.rewind();
            chain.ok(probe::COUNT, []);
            chain.rewind();
        }
        // All of it comes back, but for what is cached.
        let health = chain.nub.health_check().unwrap();
        let lost = free.saturating_sub(health.frames_free) * 4096;
        assert!(lost < health.cached_bytes * 2 + (2 << 20), "{lost} bytes lost, {health:?}");
    }
    assert!(wants.contains(&Want::Memory) || wants.contains(&Want::Refused), "{wants:?}");
    assert!(wants.contains(&Want::Candidates), "{wants:?}");
}

#[test]
fn a_store_in_a_small_arena_never_crashes_it() {
    let Some(mut chain) = start_with_store(40 << 20) else { return };
    let (mut committed, mut commits) = ((chain.root, 0), 0);
    for round in 0..8 {
        fill_from(&mut chain, 60, 1000 * round);
        match chain.nub.commit(chain.root) {
            Ok(()) => (committed, commits) = ((chain.root, chain.height), commits + 1),
            Err(Failure::Kernel(CommitError::Abort(Abort::OutOfMemory { .. }))) => {
                chain.nub.rollback().unwrap();
                (chain.root, chain.height) = committed;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(commits > 0);
    assert_eq!(chain.nub.state_root().unwrap(), Some(committed.0));
    chain.ok(probe::COUNT, []);
}

/// New values under the same keys: a state that does not grow.
fn overwrite(count: u32, seed: u32) -> Vec<Event> {
    let put = |(number, event): (u32, Event)| {
        let value = &event.args[event.args.len() - 4000..];
        Event { args: put_args(&number.to_be_bytes(), value), ..event }
    };
    (0..).zip(values(count, seed)).map(put).collect()
}

/// Commits blocks; gives the frames free after each commit.
fn free_after_commits(chain: &mut TestChain, commits: u32, events: impl Fn(u32) -> Vec<Event>) -> Vec<u64> {
    let mut free = Vec::new();
    for commit in 0..commits {
        for block in 0..4 {
            chain.apply(events(4 * commit + block));
        }
        chain.nub.commit(chain.root).unwrap();
        let health = chain.nub.health_check().unwrap();
        free.push(health.frames_free);
        if commit % 8 == 7 {
            let (free, cached) = (health.frames_free * 4, health.cached_bytes >> 10);
            println!("after {} commits: {free} kB free, {cached} kB cached", commit + 1);
        }
    }
    free
}

/// How far the level may fall: 1 MiB, a fiftieth of what the commits write.
const LEVEL_FRAMES: u64 = 256;

/// Whether the least that was free in the last third is as much as in the third before, about.
fn is_level(free: &[u64]) -> bool {
    let third = free.len() / 3;
    let least = |frames: &[u64]| frames.iter().min().copied();
    least(&free[2 * third..]) >= least(&free[third..2 * third]).map(|frames| frames - LEVEL_FRAMES)
}

#[test]
fn memory_levels_off_over_commits_to_a_store() {
    let Some(mut chain) = start_with_store(40 << 20) else { return };
    // Caches fill at first, up to their budgets; then nothing more goes.
    let free = free_after_commits(&mut chain, 24, |seed| overwrite(60, seed));
    assert!(is_level(&free), "{free:?}");
}

/// What collection had still to visit grew by more with each commit than it visited.
#[test]
fn collection_that_runs_beside_a_growing_state_does_not_fill_memory() {
    let Some(mut chain) = start_with_store(40 << 20) else { return };
    let free = free_after_commits(&mut chain, 72, |seed| values(60, seed));
    assert!(is_level(&free), "{free:?}");
}

fn shortage(chain: &mut TestChain, after: u64) -> u64 {
    match chain.nub.guest().unwrap().probe(&Probe::Shortage(after)).unwrap() {
        ProbeReply::Number(frames) => frames,
        reply => panic!("{reply:?}"),
    }
}

/// What [`running_out_at_any_allocation_is_never_a_verdict`] takes of the frames kept.
const KEPT_FRAMES_USED_MAX: u64 = 1024;

#[test]
fn running_out_at_any_allocation_is_never_a_verdict() {
    let Some(mut chain) = start(32 << 20) else { return };
    let deep = call_args(1, probe::COUNT, 1_000_000, &[], &[]);
    let mut events = vec![
        event(probe::STORE_PAGES, [&1u32.to_le_bytes()[..], &40u32.to_le_bytes(), &[1]].concat()),
        event(probe::CALL, deep),
        event(probe::RECURSE, 20u32.to_le_bytes().to_vec()),
        event(probe::CREATE, [&[10, 11, 1][..], &[5; 32], chain::PROBE_IMAGE].concat()),
    ];
    events.extend(values(4, 0));
    let block = chain.block(events).to_bytes();
    let expected = chain.nub.apply_block(chain.root, &block).unwrap();
    assert!(expected.1.receipts.iter().all(|receipt| receipt.status == nub::Status::Success));
    chain.rewind();
    let (mut failed, mut after, mut used) = (0, 1, 0);
    loop {
        shortage(&mut chain, after);
        let applied = chain.nub.apply_block(chain.root, &block);
        used = used.max(shortage(&mut chain, 0));
        match applied {
            Err(failure) => {
                want(failure);
                failed += 1;
                let health = chain.nub.health_check().unwrap();
                assert_eq!((health.candidates, health.pending_objects), (0, 0));
            }
            Ok(result) => {
                assert_eq!(result, expected);
                break;
            }
        }
        after += 1 + after / 16;
    }
    assert!(failed > 30, "{failed} points, up to allocation {after}");
    assert!(used <= KEPT_FRAMES_USED_MAX, "{used} of the frames kept were used");

    // The same for the other operations.
    let root = expected.0;
    for after in [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] {
        shortage(&mut chain, after);
        let query =
            Query { root, instance: chain::probe(), endpoint: probe::COUNT, args: vec![], gas_limit: GAS };
        match chain.nub.query(&query) {
            Ok(receipt) => assert_eq!(receipt.status, nub::Status::Success),
            Err(Failure::Kernel(QueryError::Abort(Abort::OutOfMemory { .. } | Abort::OutOfFrames))) => {}
            Err(other) => panic!("{other}"),
        }
        match chain.nub.commit(root) {
            Ok(()) => {}
            Err(Failure::Kernel(CommitError::Abort(Abort::OutOfMemory { .. }))) => {}
            Err(other) => panic!("{other}"),
        }
        shortage(&mut chain, 0);
    }
    chain.nub.commit(root).unwrap();
    assert_eq!(chain.nub.state_root().unwrap(), Some(root));
}

/// Blocks of more objects than their end frees; gives how many wait.
fn leave_waiting(chain: &mut TestChain) -> u64 {
    for block in 0..2u32 {
        let put = |number: u32| {
            let key = nub::blake2b_256(&[block, number].map(u32::to_le_bytes).concat()).0;
            let args = put_args(&key, &[&key[..], &[1; 120]].concat());
            Event { gas_limit: 300_000, ..event(probe::STORAGE_PUT, args) }
        };
        chain.apply((0..5_000).map(put).collect());
    }
    chain.rewind();
    chain.nub.health_check().unwrap().waiting_objects
}

/// Memory that runs out while objects wait to be freed: they go at once, and nothing else does.
#[test]
fn running_out_while_objects_wait_to_be_freed_loses_nothing() {
    let limits = Limits { block_events: 8_192, block_bytes: 3 << 20, ..Limits::default() };
    let params = Params { block_gas: 1 << 40, limits, ..Params::default() };
    let Some(mut chain) = start_with(64 << 20, params) else { return };
    let block = chain.block(values(20, 0)).to_bytes();
    let expected = chain.nub.apply_block(chain.root, &block).unwrap();
    chain.rewind();
    let (mut free, mut failed) = (Vec::new(), 0);
    for after in [1, 30, 200, 1 << 40] {
        let waiting = leave_waiting(&mut chain);
        assert!(waiting > 0);
        shortage(&mut chain, after);
        let applied = chain.nub.apply_block(chain.root, &block);
        shortage(&mut chain, 0);
        match applied {
            Ok(result) => assert_eq!(result, expected),
            Err(failure) => {
                want(failure);
                failed += 1;
                let health = chain.nub.health_check().unwrap();
                let left = (health.candidates, health.pending_objects, health.waiting_objects);
                assert_eq!(left, (0, 0, 0), "after {after}: {health:?}");
            }
        }
        while chain.nub.health_check().unwrap().waiting_objects > 0 {
            chain.rewind();
        }
        chain.ok(probe::COUNT, []);
        chain.rewind();
        free.push(chain.nub.health_check().unwrap().frames_free);
    }
    assert!((1..=3).contains(&failed), "{failed} failed");
    assert!(free.iter().all(|frames| frames + LEVEL_FRAMES >= free[3]), "{free:?}");
    assert_eq!(chain.nub.state_root().unwrap(), Some(chain.genesis_root));
}
