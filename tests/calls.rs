//! Calls between Instances: badges, passed capabilities, gas, depth, re-entry, creation.

mod chain;

use chain::{TestChain, call_args, call_result, event, number, on_both, probe};
use nub::host_call::{BAD_IMAGE, NO_CAPABILITY, NO_RIGHT};
use nub::{Event, InstanceId, Params, Status};

/// Selector of the first passed capability.
const PASSED: u16 = 256;

fn status(chain: &mut TestChain, selector: u16, endpoint: u16, args: &[u8]) -> u64 {
    call_result(&chain.ok(probe::CALL, call_args(selector, endpoint, 1_000_000, &[], args))).0
}

/// Arguments of the probe's `create`: image slot, ref slot, public, badge, Image.
fn create_args(image_slot: u8, ref_slot: u8, public: u8, badge: [u8; 32], image: &[u8]) -> Vec<u8> {
    [&[image_slot, ref_slot, public][..], &badge, image].concat()
}

/// Answers of the two host calls, and the new id.
fn created(output: &[u8]) -> (u64, u64, InstanceId) {
    (number(output, 0), number(output, 1), InstanceId(output[16..48].try_into().unwrap()))
}

on_both! {
    the_callee_reads_the_refs_badge_and_its_caller => |chain| {
        let output = chain.ok(probe::CALL, call_args(1, probe::BADGE, 1_000_000, &[], &[]));
        assert_eq!(call_result(&output), (0, &chain::OTHER_BADGE.0[..]));
        let output = chain.ok(probe::CALL, call_args(1, probe::CALLER, 1_000_000, &[], &[]));
        assert_eq!(call_result(&output), (0, &[&[1][..], &chain::probe().0].concat()[..]));
        let output = chain.ok(probe::CALL, call_args(1, probe::SELF_ID, 1_000_000, &[], &[]));
        assert_eq!(call_result(&output), (0, &chain::other().0[..]));
    };

    a_ref_reaches_an_instance_that_is_not_public => |chain| {
        let output = chain.ok(probe::CALL, call_args(3, probe::SELF_ID, 1_000_000, &[], &[]));
        assert_eq!(call_result(&output), (0, &chain::private().0[..]));
    };

    selectors_and_rights_are_checked => |chain| {
        assert_eq!(status(chain, 9, probe::ECHO, &[]), NO_CAPABILITY);
        assert_eq!(status(chain, PASSED, probe::ECHO, &[]), NO_CAPABILITY);
        assert_eq!(status(chain, u16::MAX, probe::ECHO, &[]), NO_CAPABILITY);
        assert_eq!(status(chain, 2, probe::ECHO, &[]), NO_RIGHT); // manage only
        assert_eq!(status(chain, 1, 999, &[]), Status::NoEndpoint as u64);
        // Slot 3 holds a Ref without the right to grant.
        let output = chain.ok(probe::CALL, call_args(1, probe::ECHO, 1_000_000, &[3], &[]));
        assert_eq!(call_result(&output).0, NO_RIGHT);
    };

    passed_capabilities_are_the_calls_alone => |chain| {
        let output = chain.ok(probe::CALL, call_args(1, probe::PASSED_COUNT, 1_000_000, &[1, 1], &[]));
        assert_eq!(number(call_result(&output).1, 0), 2);
        assert_eq!(number(&chain.ok(probe::PASSED_COUNT, vec![]), 0), 0);
    };

    an_events_refs_are_passed_with_the_origin_as_badge => |chain| {
        let args = call_args(PASSED, probe::BADGE, 1_000_000, &[], &[]);
        let receipt = chain.run(Event { refs: vec![chain::other()], ..event(probe::CALL, args) });
        assert_eq!(receipt.status, Status::Success);
        assert_eq!(call_result(&receipt.output), (0, &chain::ORIGIN.0[..]));
        // They cannot be handed on.
        let args = call_args(1, probe::ECHO, 1_000_000, &[PASSED], &[]);
        let receipt = chain.run(Event { refs: vec![chain::other()], ..event(probe::CALL, args) });
        assert_eq!(call_result(&receipt.output).0, NO_RIGHT);
    };

    an_instance_on_the_stack_is_busy => |chain| {
        // Itself, through a ref of the event.
        let args = call_args(PASSED, probe::COUNT, 1_000_000, &[], &[]);
        let receipt = chain.run(Event { refs: vec![chain::probe()], ..event(probe::CALL, args) });
        assert_eq!(call_result(&receipt.output).0, Status::Busy as u64);
        // And through the other, which has a Ref back in slot 1.
        let inner = call_args(1, probe::COUNT, 1_000_000, &[], &[]);
        let output = chain.ok(probe::CALL, call_args(1, probe::CALL, 2_000_000, &[], &inner));
        let (outer_status, inner_output) = call_result(&output);
        assert_eq!((outer_status, call_result(inner_output).0), (0, Status::Busy as u64));
        assert_eq!(number(&chain.ok(probe::COUNT, vec![]), 0), 1001);
    };

    a_callee_that_fails_loses_its_changes_and_those_of_its_callees => |chain| {
        // `other` counts and reverts: undone, though the caller succeeds.
        let output = chain.ok(probe::CALL, call_args(1, probe::COUNT_THEN_REVERT, 1_000_000, &[], &[]));
        let (status, message) = call_result(&output);
        assert_eq!((status, number(message, 0)), (Status::Reverted as u64, 1001));
        // The caller reverts after `other` counted: undone too.
        let receipt = chain.call(probe::CALL_THEN_REVERT, call_args(1, probe::COUNT, 1_000_000, &[], &[]));
        let (status, inner) = call_result(&receipt.output);
        assert_eq!((receipt.status, status, number(inner, 0)), (Status::Reverted, 0, 1001));
        let output = chain.ok(probe::CALL, call_args(1, probe::COUNT, 1_000_000, &[], &[]));
        assert_eq!(number(call_result(&output).1, 0), 1001);
    };

    a_callee_out_of_gas_uses_what_it_was_given => |chain| {
        let given = 50_000;
        let cheap = chain.call(probe::CALL, call_args(1, probe::PANIC, given, &[], &[]));
        let dear = chain.call(probe::CALL, call_args(1, probe::ENDLESS, given, &[], &[]));
        assert_eq!(call_result(&dear.output).0, Status::OutOfGas as u64);
        assert!(dear.gas_used >= given && cheap.gas_used < given, "{} {}", dear.gas_used, cheap.gas_used);
        // A callee that cannot pay its entry is out of gas too, and the caller goes on.
        assert_eq!(call_result(&chain.ok(probe::CALL, call_args(1, probe::ECHO, 10, &[], &[]))).0, 4);
    };

    creating_an_instance_gives_a_ref_and_a_fresh_id => |chain| {
        let badge = [0x77; 32];
        let output = chain.ok(probe::CREATE, create_args(10, 11, 1, badge, chain::PROBE_IMAGE));
        let id = InstanceId::derive(chain::CHAIN_ID, chain::probe(), 0);
        assert_eq!(created(&output), (0, 0, id));
        let output = chain.ok(probe::CALL, call_args(11, probe::BADGE, 1_000_000, &[], &[]));
        assert_eq!(call_result(&output), (0, &badge[..]));
        let count = Event { target: id, ..event(probe::COUNT, vec![]) };
        assert_eq!(number(&chain.run(count).output, 0), 1001);
        // Another of the same Image, not public.
        let output = chain.ok(probe::CREATE, create_args(10, 12, 0, badge, &[]));
        let second = InstanceId::derive(chain::CHAIN_ID, chain::probe(), 1);
        assert_eq!(created(&output), (0, 0, second));
        let count = Event { target: second, ..event(probe::COUNT, vec![]) };
        assert_eq!(chain.run(count).status, Status::NotPublic);
    };

    creation_refuses_what_is_wrong => |chain| {
        let image = chain::PROBE_IMAGE;
        let answers = |chain: &mut TestChain, args| {
            let (image, instance, _) = created(&chain.ok(probe::CREATE, args));
            (image, instance)
        };
        assert_eq!(answers(chain, create_args(20, 11, 1, [0; 32], &[])), (0, NO_CAPABILITY));
        assert_eq!(answers(chain, create_args(1, 11, 1, [0; 32], &[])), (0, NO_CAPABILITY)); // a Ref
        for bad in [&image[..image.len() - 1], &[image, &[0]].concat(), &image[1..], b"junk"] {
            assert_eq!(answers(chain, create_args(30, 11, 1, [0; 32], bad)), (BAD_IMAGE, NO_CAPABILITY));
        }
    };

    a_failed_event_creates_nothing => |chain| {
        let mut create = event(probe::CREATE, create_args(10, 11, 1, [0; 32], chain::PROBE_IMAGE));
        let used = chain.run(create.clone()).gas_used;
        chain.rewind();
        create.gas_limit = used - 1;
        let receipt = chain.run(create.clone());
        assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, used - 1));
        let id = InstanceId::derive(chain::CHAIN_ID, chain::probe(), 0);
        let count = Event { target: id, ..event(probe::COUNT, vec![]) };
        assert_eq!(chain.run(count.clone()).status, Status::NoTarget);
        chain.rewind();
        create.gas_limit = used;
        assert_eq!(chain.run(create).status, Status::Success);
        assert_eq!(chain.run(count).status, Status::Success);
    };
}

/// A chain of probes, each with a Ref to the next in slot 1, called to its end.
#[test]
fn a_call_chain_deeper_than_the_limit_fails_at_the_limit() {
    const LENGTH: u32 = 8;
    let mut params = Params::default();
    params.limits.call_depth = LENGTH - 1;
    let mut genesis = chain::genesis(params);
    let template = genesis.instances[1].clone();
    genesis.instances = (0..LENGTH)
        .map(|index| {
            let mut instance = template.clone();
            instance.refs[0].instance = (index + 1) % LENGTH;
            instance
        })
        .collect();
    for kind in chain::backends() {
        let mut chain = TestChain::start(kind, &genesis, [3; 32]);
        let mut args = vec![];
        for depth in 1..LENGTH {
            let gas = 200_000 * u64::from(depth);
            args = call_args(1, if depth == 1 { probe::SELF_ID } else { probe::CALL }, gas, &[], &args);
        }
        let mut output = chain.ok(probe::CALL, args);
        let mut depth = 0;
        while depth < LENGTH - 2 {
            assert_eq!(call_result(&output).0, 0, "at depth {depth}");
            output = call_result(&output).1.to_vec();
            depth += 1;
        }
        assert_eq!(call_result(&output).0, Status::LimitExceeded as u64);
    }
}
