//! After a crash the handle goes on from the last committed root.

mod chain;

use chain::{TestChain, event, genesis, number, probe, put_args};
use nub::hyperlight::HyperlightError;
use nub::hyperlight::probe::{Death, Probe};
use nub::{BackendError, BackendKind, Failure, Params, Query};

fn start() -> Option<TestChain> {
    chain::hyperlight_runs()
        .then(|| TestChain::start(BackendKind::Hyperlight, &genesis(Params::default()), [9; 32]))
}

/// Lets the running guest die.
fn crash(chain: &mut TestChain, death: Death) {
    let error = chain.nub.guest().unwrap().probe(&Probe::Die(death)).unwrap_err();
    assert!(matches!(error, HyperlightError::GuestCrashed { .. }), "{error}");
}

fn count_of(chain: &mut TestChain) -> u64 {
    let query = Query {
        root: chain.root,
        instance: probe(),
        endpoint: chain::probe::COUNT,
        args: vec![],
        gas_limit: chain::GAS,
    };
    number(&chain.nub.query(&query).unwrap().output, 0)
}

#[test]
fn committed_blocks_survive_a_crash_and_candidates_do_not() {
    let Some(mut chain) = start() else { return };
    chain.ok(chain::probe::COUNT, []);
    chain.ok(chain::probe::STORAGE_PUT, put_args(b"colour", b"blue"));
    chain.nub.commit(chain.root).unwrap();
    let committed = chain.root;
    let count = count_of(&mut chain);

    chain.ok(chain::probe::COUNT, []);
    let candidate = chain.root;
    crash(&mut chain, Death::Panic);

    assert_eq!(chain.nub.state_root().unwrap(), Some(committed));
    let block = chain.block(vec![event(chain::probe::COUNT, [])]);
    let unknown = chain.nub.apply_block(candidate, &block.to_bytes());
    assert!(matches!(unknown, Err(Failure::Kernel(_))), "{unknown:?}");

    // The same block again gives the same candidate.
    (chain.root, chain.height) = (committed, 2);
    assert_eq!(count_of(&mut chain), count);
    chain.ok(chain::probe::COUNT, []);
    assert_eq!(chain.root, candidate);
}

#[test]
fn a_guest_may_crash_again_and_again() {
    let Some(mut chain) = start() else { return };
    for death in [Death::WildRead, Death::StackOverflow, Death::InvalidOpcode] {
        crash(&mut chain, death);
        chain.ok(chain::probe::COUNT, []);
        chain.nub.commit(chain.root).unwrap();
    }
    assert_eq!(chain.nub.health_check().unwrap().height, 3);
}

#[test]
fn a_crash_before_genesis_leaves_a_handle_without_a_state() {
    if !chain::hyperlight_runs() {
        return;
    }
    let mut nub = nub::Nub::builder().backend(BackendKind::Hyperlight).build().unwrap();
    let error = nub.guest().unwrap().probe(&Probe::Die(Death::DivideByZero)).unwrap_err();
    assert!(matches!(error, HyperlightError::GuestCrashed { .. }));
    assert_eq!(nub.state_root().unwrap(), None);
    nub.genesis(&genesis(Params::default())).unwrap();
}

#[test]
fn a_request_that_is_too_long_crashes_nothing() {
    let Some(mut chain) = start() else { return };
    chain.ok(chain::probe::COUNT, []);
    let root = chain.root;
    let error = chain.nub.apply_block(root, &vec![0; 5 << 20]).unwrap_err();
    let Failure::Backend(BackendError::Hyperlight(error)) = error else { panic!("{error}") };
    assert!(matches!(error, HyperlightError::RequestTooLarge { .. }));
    // The candidate is still there.
    chain.ok(chain::probe::COUNT, []);
}

#[test]
fn blocks_leave_no_frame_behind() {
    let Some(mut chain) = start() else { return };
    let mut free = Vec::new();
    for _ in 0..6 {
        chain.rewind();
        chain.ok(chain::probe::STORE_PAGES, [0, 0, 0, 0, 4, 0, 0, 0, 7]);
        chain.ok(chain::probe::STORAGE_PUT, put_args(b"colour", b"blue"));
        chain.call(chain::probe::PANIC, []);
        chain.rewind();
        let health = chain.nub.health_check().unwrap();
        assert!(health.frames_free > 0 && health.frames_free < health.frames_total);
        assert!(health.page_faults > 0);
        free.push(health.frames_free);
    }
    assert_eq!(free[2], free[5], "{free:?}");
}
