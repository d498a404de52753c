//! Cloning, upgrading and destroying Instances.

mod chain;

use chain::script::{LOAD, SCRATCH, STORE, Script};
use chain::{TestChain, call_args, call_result, event, number, on_both, probe, put_args};
use nub::host_call::{BUSY, GONE};
use nub::{Event, InstanceId, Receipt, Status};

/// Slots: an Image, a Ref.
const IMAGE: u64 = 10;
const CREATED: u64 = 11;
/// The deployer's Image has an endpoint 0 and no `count`.
const NEITHER_COUNTS: u16 = probe::COUNT;

/// An event for an endpoint of an Instance.
fn of(target: InstanceId, endpoint: u16, args: Vec<u8>) -> Event {
    Event { target, ..event(endpoint, args) }
}

/// What the counter of an Instance says next.
fn count(chain: &mut TestChain, target: InstanceId) -> u64 {
    let receipt = chain.run(of(target, probe::COUNT, vec![]));
    assert_eq!(receipt.status, Status::Success);
    number(&receipt.output, 0)
}

/// The value under `greeting`.
fn greeting(chain: &mut TestChain, target: InstanceId) -> Vec<u8> {
    chain.run(of(target, probe::STORAGE_GET, b"greeting".to_vec())).output.split_off(8)
}

/// The n-th Instance that the probe makes.
fn made(n: u64) -> InstanceId {
    InstanceId::derive(chain::CHAIN_ID, chain::probe(), n)
}

/// A script that clones the other probe into slot 20.
fn cloning() -> Script {
    let mut script = Script::new();
    let badge = script.data(&[0x77; 32]);
    script.step(29, &[1, 20, badge, SCRATCH]);
    script.read_back(SCRATCH, 32);
    script
}

/// Upgrades what slot 1 holds a Ref to.
fn upgrading(image: &[u8]) -> Script {
    let mut script = Script::new();
    script.image(IMAGE, image);
    script.step(30, &[1, IMAGE]);
    script
}

/// Runs a script and then fails.
fn fail_after(chain: &mut TestChain, script: &Script) -> Receipt {
    let receipt = chain.run(event(probe::SCRIPT_THEN_REVERT, script.args()));
    assert_eq!(receipt.status, Status::Reverted);
    receipt
}

on_both! {
    a_clone_shares_content_and_goes_its_own_way => |chain| {
        assert_eq!(count(chain, chain::other()), 1001);
        let played = chain.play(&cloning());
        assert_eq!((played.codes(), &played.read[..]), (vec![0], &made(0).0[..]));
        assert_eq!((count(chain, made(0)), count(chain, made(0)), count(chain, chain::other())), (1002, 1003, 1002));
        chain.run(of(made(0), probe::STORAGE_PUT, put_args(b"greeting", b"changed")));
        assert_eq!((greeting(chain, made(0)), greeting(chain, chain::other())), (b"changed".into(), b"hello".into()));
        // The Ref has the badge asked for and all rights; the clone has the source's Refs.
        let mut script = Script::new();
        let called = script.call(20, probe::BADGE, &[], &[20]);
        script.step(11, &[SCRATCH, 0, 32]);
        script.read_back(SCRATCH, 32);
        let played = chain.play(&script);
        assert_eq!((played.answers[called], &played.read[..]), ((0, 32), &[0x77; 32][..]));
        let receipt = chain.run(of(made(0), probe::CALL, call_args(1, probe::SELF_ID, 1_000_000, &[], &[])));
        assert_eq!(call_result(&receipt.output), (0, &chain::probe().0[..]));
        // The clone's first creation is its own, as it has made none.
        let receipt = chain.run(of(made(0), probe::SCRIPT, cloning().args()));
        assert_eq!(receipt.output[16..], InstanceId::derive(chain::CHAIN_ID, made(0), 0).0);
    };

    an_idle_instance_is_upgraded_at_once => |chain| {
        count(chain, chain::other());
        let mut script = upgrading(chain::DEPLOYER_IMAGE);
        script.call(1, NEITHER_COUNTS, &[], &[]);
        script.image(IMAGE, chain::PROBE_IMAGE);
        script.step(30, &[1, IMAGE]);
        script.call(1, probe::COUNT, &[], &[]);
        script.step(11, &[SCRATCH, 0, 8]);
        script.read_back(SCRATCH, 8);
        let played = chain.play(&script);
        assert_eq!(played.codes(), [0, 0, Status::NoEndpoint as u64, 0, 0, 0, 8]);
        assert_eq!(number(&played.read, 0), 1001); // its memory began anew
        assert_eq!(greeting(chain, chain::other()), b"hello"); // its storage stayed
        assert_eq!(count(chain, chain::other()), 1002);
    };

    an_instance_on_the_stack_is_upgraded_when_its_frame_succeeds => |chain| {
        assert_eq!(count(chain, chain::probe()), 1001);
        // The other upgrades the probe, its caller, twice: the last one counts.
        let mut inner = upgrading(chain::DEPLOYER_IMAGE);
        inner.image(IMAGE, chain::PROBE_IMAGE);
        inner.step(30, &[1, IMAGE]);
        let mut script = Script::new();
        let called = script.call(1, probe::SCRIPT, &inner.args(), &[]);
        script.step(11, &[SCRATCH, 0, 64]);
        script.step(8, &[SCRATCH, 4, SCRATCH, 4]); // storage stays, memory does not
        script.read_back(SCRATCH, 64);
        let receipt = chain.played_receipt(&script);
        let played = script.played(&receipt.output);
        assert_eq!(played.answers[called], (0, 64));
        assert_eq!(inner.played(&played.read).codes(), [0; 4]);
        let mut script = Script::new();
        script.step(LOAD, &[SCRATCH + 8]);
        let key = script.data(&[0; 4]);
        script.step(7, &[key, 4, SCRATCH, 4]);
        assert_eq!(chain.play(&script).codes(), [0, 4]);
        assert_eq!(count(chain, chain::probe()), 1001);
        // And now for good.
        let mut script = Script::new();
        script.call(1, probe::SCRIPT, &upgrading(chain::DEPLOYER_IMAGE).args(), &[]);
        script.step(STORE, &[SCRATCH, 1]);
        assert_eq!(chain.play(&script).codes()[0], 0);
        assert_eq!(chain.call(probe::COUNT, vec![]).status, Status::NoEndpoint);
    };

    an_upgrade_is_undone_with_its_frame => |chain| {
        count(chain, chain::probe());
        count(chain, chain::other());
        // The probe lends the other a Ref to itself; the other upgrades both, then the probe fails.
        let mut inner = upgrading(chain::DEPLOYER_IMAGE);
        inner.step(30, &[256, IMAGE]);
        let mut script = Script::new();
        script.call(1, probe::SCRIPT, &inner.args(), &[1]);
        let receipt = fail_after(chain, &script);
        assert_eq!(script.played(&receipt.output).answers, [(0, 48)]);
        assert_eq!((count(chain, chain::probe()), count(chain, chain::other())), (1002, 1002));
        // The other fails, the probe succeeds: neither is upgraded, now or by what follows.
        let mut script = Script::new();
        script.call(1, probe::SCRIPT_THEN_REVERT, &inner.args(), &[1]);
        script.call(1, probe::COUNT, &[], &[]);
        assert_eq!(chain.play(&script).codes(), [Status::Reverted as u64, 0]);
        assert_eq!((count(chain, chain::probe()), count(chain, chain::other())), (1003, 1004));
        // Without a failure both are.
        let mut script = Script::new();
        script.call(1, probe::SCRIPT, &inner.args(), &[1]);
        script.call(1, probe::COUNT, &[], &[]);
        assert_eq!(chain.play(&script).codes(), [0, Status::NoEndpoint as u64]);
        assert_eq!(chain.call(probe::COUNT, vec![]).status, Status::NoEndpoint);
    };

    a_destroyed_instance_is_gone => |chain| {
        let mut script = Script::new();
        let badge = script.data(&[0; 32]);
        script.step(31, &[1]);
        script.call(1, probe::COUNT, &[], &[]);
        script.step(29, &[1, 20, badge, SCRATCH]);
        script.step(31, &[1]);
        script.step(16, &[1, 21]); // the Ref is still a Ref
        assert_eq!(chain.play(&script).codes(), [0, GONE, GONE, GONE, 0]);
        assert_eq!(chain.run(of(chain::other(), probe::COUNT, vec![])).status, Status::NoTarget);
        let named = Event { refs: vec![chain::other()], ..event(probe::COUNT, vec![]) };
        assert_eq!(chain.run(named).status, Status::BadRef);
        let output = chain.ok(probe::CALL, call_args(1, probe::COUNT, 1_000_000, &[], &[]));
        assert_eq!(call_result(&output).0, GONE);
    };

    what_a_failed_event_destroyed_is_back => |chain| {
        count(chain, chain::other());
        let mut script = Script::new();
        script.step(31, &[1]);
        script.image(IMAGE, chain::DEPLOYER_IMAGE);
        script.instance(IMAGE, 1);
        script.instance(IMAGE, CREATED);
        script.step(31, &[CREATED]);
        let receipt = fail_after(chain, &script);
        assert_eq!(script.played(&receipt.output).codes(), [0; 5]);
        assert_eq!(count(chain, chain::other()), 1002);
        assert_eq!(chain.run(of(made(0), 0, vec![])).status, Status::NoTarget);
        // The same, and it succeeds: ids are not used again.
        assert_eq!(chain.play(&script).codes(), [0; 5]);
        assert_eq!(chain.run(of(chain::other(), probe::COUNT, vec![])).status, Status::NoTarget);
        assert_eq!(chain.run(of(made(1), 0, vec![])).status, Status::NoTarget);
        assert_eq!(chain.run(of(made(0), NEITHER_COUNTS, vec![])).status, Status::NoEndpoint);
    };

    an_instance_on_the_stack_is_neither_cloned_nor_destroyed => |chain| {
        let mut inner = Script::new();
        let badge = inner.data(&[0; 32]);
        inner.step(29, &[1, 20, badge, SCRATCH]);
        inner.step(31, &[1]);
        let mut script = Script::new();
        script.call(1, probe::SCRIPT, &inner.args(), &[]);
        script.step(11, &[SCRATCH, 0, 32]);
        script.read_back(SCRATCH, 32);
        assert_eq!(inner.played(&chain.play(&script).read).codes(), [BUSY, BUSY]);
    };
}
