//! Calls that do not end by themselves, and calls that another thread ends at any moment: committed state
//! stays, the caller gets a typed error, and the next call works.

mod chain;
mod common;

use chain::{TestChain, event, genesis};
use common::boot_as;
use nub::hyperlight::probe::{Death, Probe};
use nub::hyperlight::{GuestConfig, HyperlightError};
use nub::{BackendError, BackendKind, Failure, Hash, Params};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn an_endless_guest_ends_at_its_deadline() {
    if !common::runs() {
        return;
    }
    for privilege in common::MAPS {
        let deadline = Duration::from_millis(500);
        let mut guest = boot_as(&GuestConfig { privilege, deadline, ..common::small() });
        let error = guest.probe(&Probe::Die(Death::Endless)).unwrap_err();
        assert!(matches!(error, HyperlightError::DeadlineExceeded { limit } if limit == deadline), "{error}");
        assert!(guest.is_poisoned());
    }
}

#[test]
fn another_thread_ends_a_call_and_the_next_one_works() {
    if !common::runs() {
        return;
    }
    let mut chain = TestChain::start(BackendKind::Hyperlight, &genesis(Params::default()), [5; 32]);
    let switch = chain.nub.kill_switch().unwrap();
    assert!(!switch.kill(), "there is no call to end");
    let is_over = AtomicBool::new(false);
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                switch.kill();
                thread::yield_now();
            }
        });
        let error = chain.nub.guest().unwrap().probe(&Probe::Die(Death::Endless)).unwrap_err();
        is_over.store(true, Ordering::Release);
        error
    });
    assert!(matches!(error, HyperlightError::Killed), "{error}");
    chain.ok(chain::probe::COUNT, []);
}

/// Applies and commits blocks while another thread may kill; what fails is done again. Gives the roots, and
/// how many calls failed.
fn blocks_under_fire(chain: &mut TestChain, is_enough: impl Fn(usize) -> bool) -> (Vec<Hash>, u32) {
    let (mut roots, mut failures) = (Vec::new(), 0);
    while !is_enough(roots.len()) {
        chain.height = roots.len() as u64;
        chain.root = roots.last().copied().unwrap_or(chain.genesis_root);
        let block = chain.block(vec![event(chain::probe::COUNT, [])]);
        let applied = chain.nub.apply_block(chain.root, &block.to_bytes());
        let done = match applied {
            Ok((root, summary)) => {
                assert_eq!(summary.receipts[0].status, nub::Status::Success);
                chain.nub.commit(root).map(|()| root).map_err(|failure| format!("{failure:?}"))
            }
            Err(Failure::Backend(BackendError::Hyperlight(HyperlightError::Killed))) => {
                Err("killed".to_string())
            }
            Err(other) => panic!("{other:?}"),
        };
        match done {
            Ok(root) => roots.push(root),
            Err(reason) => {
                assert!(reason.contains("illed"), "{reason}");
                failures += 1;
                // The commit may have happened before the kill; the store knows.
                let committed = loop {
                    match chain.nub.state_root() {
                        Ok(root) => break root.unwrap(),
                        Err(BackendError::Hyperlight(HyperlightError::Killed)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                };
                let last = roots.last().copied().unwrap_or(chain.genesis_root);
                if committed != last {
                    roots.push(committed);
                }
            }
        }
    }
    (roots, failures)
}

#[test]
fn kills_at_any_moment_lose_nothing_committed() {
    if !common::runs() {
        return;
    }
    let kills = common::count("NUB_KILLS", 4);
    let start = |kind| TestChain::start(kind, &genesis(Params::default()), [5; 32]);
    let mut chain = start(BackendKind::Hyperlight);
    let switch = chain.nub.kill_switch().unwrap();
    let is_over = AtomicBool::new(false);
    let (roots, failures) = thread::scope(|scope| {
        scope.spawn(|| {
            let (mut random, mut hits) = (1u64, 0);
            while hits < kills {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                thread::sleep(Duration::from_micros((random >> 33) % 3_000));
                hits += u32::from(switch.kill());
            }
            is_over.store(true, Ordering::Release);
        });
        blocks_under_fire(&mut chain, |blocks| blocks >= 3 && is_over.load(Ordering::Acquire))
    });
    assert!(failures > 0, "no kill hit a call");
    let (expected, _) = blocks_under_fire(&mut start(BackendKind::Local), |blocks| blocks == roots.len());
    assert_eq!(roots, expected);
}
