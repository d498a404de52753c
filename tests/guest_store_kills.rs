//! A guest that is killed while it executes and commits, at each step that it asks of its device: its store opens at
//! the last committed root, whole, and the chain goes on.

mod chain;
mod held;

use chain::{GAS, TestChain, event, probe, put_args};
use held::{Held, committed, store_values};
use nub::{BackendKind, Event, Failure, Hash, Status};

/// Steps of the device that are tried, at most.
const STEPS_MAX: u64 = 400;

/// Back to the committed root, on a guest that has just been started if the last one is dead.
fn go_back(chain: &mut TestChain) -> Hash {
    chain.root = chain.nub.state_root().unwrap().unwrap();
    chain.height = chain.nub.health_check().unwrap().height;
    chain.root
}

/// Reads values, some of which others have replaced, and writes more.
fn block(chain: &TestChain, round: u64) -> Vec<u8> {
    let cheap = |event| Event { gas_limit: GAS / 4, ..event };
    let get = |n: u8| cheap(event(probe::STORAGE_GET, [n, 1, 2]));
    let put = |n: u8| cheap(event(probe::STORAGE_PUT, put_args(&[n, 1, 2], &[round as u8 ^ n; 2000])));
    let events = (0..20).flat_map(|n| [get(n), put(n), put(n + 20)]).collect();
    chain.block(events).to_bytes()
}

/// Applies a block and commits it; where that ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ended {
    Applying,
    Committing,
    Never,
}

fn apply_and_commit(chain: &mut TestChain, round: u64) -> (Ended, Option<Hash>) {
    let block = block(chain, round);
    let (root, summary) = match chain.nub.apply_block(chain.root, &block) {
        Ok(applied) => applied,
        Err(Failure::Backend(_)) => return (Ended::Applying, None),
        Err(other) => panic!("{other}"),
    };
    assert!(summary.receipts.iter().all(|receipt| receipt.status == Status::Success), "{summary:?}");
    match chain.nub.commit(root) {
        Ok(()) => (Ended::Never, Some(root)),
        Err(Failure::Backend(_)) => (Ended::Committing, Some(root)),
        Err(other) => panic!("{other}"),
    }
}

/// What is on the device, opened by another kernel: its root, and a block more.
fn goes_on_elsewhere(held: &Held, expected: Hash) {
    let copy = Held::of(&held.image());
    let mut chain = copy.chain(BackendKind::Local);
    assert_eq!(chain.root, expected);
    chain.apply((0..20).map(|n| event(probe::STORAGE_GET, [n, 1, 2])).collect());
    store_values(&mut chain, 1);
}

/// Kills at this step of the device, or at this one of those that change something. Where that ended, and whether
/// there was such a step.
fn kill_at(held: &Held, chain: &mut TestChain, step: u64, is_change: bool) -> (Ended, bool) {
    let before = go_back(chain);
    let switch = chain.nub.kill_switch().unwrap();
    let kill = Box::new(move || {
        switch.kill();
    });
    held.with(|inner| match is_change {
        true => inner.at_change = Some((step, kill)),
        false => inner.at_step = Some((step, kill)),
    });
    let (ended, root) = apply_and_commit(chain, step);
    let mut is_left = false;
    held.with(|inner| is_left = inner.at_step.take().or(inner.at_change.take()).is_some());
    let after = go_back(chain);
    match ended {
        Ended::Applying => assert_eq!(after, before, "step {step}"),
        Ended::Committing => assert!([Some(before), root].contains(&Some(after)), "step {step}"),
        Ended::Never => assert_eq!(Some(after), root, "step {step}"),
    }
    goes_on_elsewhere(held, after);
    (ended, !is_left)
}

/// `NUB_GUEST_KILLS=1` tries every step, larger numbers every so many.
#[test]
fn a_guest_killed_at_any_step_to_its_device_goes_on_at_the_last_committed_root() {
    if !chain::hyperlight_runs() {
        return;
    }
    let held = committed(BackendKind::Hyperlight);
    let mut chain = held.chain(BackendKind::Hyperlight);
    store_values(&mut chain, 0);
    let stride = std::env::var("NUB_GUEST_KILLS").map_or(9, |stride| stride.parse().expect("a number"));
    let mut kills = [0, 0];
    for (is_change, stride) in [(false, stride), (true, 1)] {
        for step in (0..STEPS_MAX).step_by(stride) {
            let (ended, was_killed) = kill_at(&held, &mut chain, step, is_change);
            match ended {
                Ended::Applying => kills[0] += 1,
                Ended::Committing => kills[1] += 1,
                Ended::Never => {}
            }
            if !was_killed {
                break;
            }
        }
    }
    println!("killed {} times in a block, {} times in a commit", kills[0], kills[1]);
    assert!(kills[0] > 2 && kills[1] > 1, "{kills:?}");
    let root = store_values(&mut chain, 99);
    goes_on_elsewhere(&held, root);
}
