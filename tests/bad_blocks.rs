//! Blocks that are refused: a typed error, no candidate, the state unchanged.

mod chain;

use chain::{TestChain, event, on_both, probe};
use nub::codec::CodecError;
use nub::error::{ApplyError, LimitedField};
use nub::{Block, Event, Failure, Hash, Limits, Status};

/// The error of applying these bytes to the chain's root; nothing may have changed.
fn refused(chain: &mut TestChain, bytes: &[u8]) -> ApplyError {
    let root = chain.root;
    let before = chain.nub.health_check().unwrap();
    let error = match chain.nub.apply_block(root, bytes) {
        Err(Failure::Kernel(error)) => error,
        other => panic!("expected a refusal, got {other:?}"),
    };
    let after = chain.nub.health_check().unwrap();
    assert_eq!((after.state_root, after.candidates), (before.state_root, before.candidates));
    assert_eq!(after.pending_objects, before.pending_objects);
    error
}

/// The error of a block changed in this way.
fn refused_with(chain: &mut TestChain, change: impl FnOnce(&mut Block)) -> ApplyError {
    let mut block = chain.block(vec![event(probe::ECHO, vec![])]);
    change(&mut block);
    refused(chain, &block.to_bytes())
}

fn too_large(error: ApplyError, expected: LimitedField) {
    match error {
        ApplyError::TooLarge { field, got, limit } => {
            assert_eq!(field, expected);
            assert!(got > limit);
        }
        other => panic!("{other}"),
    }
}

on_both! {
    truncated_and_trailing_bytes => |chain| {
        let bytes = chain.block(vec![event(probe::ECHO, b"args".to_vec())]).to_bytes();
        for length in (0..bytes.len()).step_by(7) {
            let error = refused(chain, &bytes[..length]);
            assert!(matches!(error, ApplyError::Codec(CodecError::Malformed(_))), "{length}: {error}");
        }
        let error = refused(chain, &[&bytes[..], &[0]].concat());
        assert!(matches!(error, ApplyError::Codec(CodecError::Malformed(_))), "{error}");
    };

    a_wrong_kind_tag => |chain| {
        let mut bytes = chain.block(vec![]).to_bytes();
        bytes[0] = 0x01;
        assert!(matches!(refused(chain, &bytes), ApplyError::Codec(CodecError::Malformed(_))));
    };

    a_count_that_is_not_in_its_shortest_form => |chain| {
        let bytes = chain.block(vec![]).to_bytes();
        // The last byte is the compact count of events, 0; as two bytes it is not canonical.
        let long = [&bytes[..bytes.len() - 1], &[0x01, 0x00]].concat();
        assert!(matches!(refused(chain, &long), ApplyError::Codec(_)));
    };

    a_count_that_promises_more_than_there_is => |chain| {
        let bytes = chain.block(vec![]).to_bytes();
        let huge = [&bytes[..bytes.len() - 1], &[0xfe, 0xff, 0xff, 0xff]].concat();
        assert!(matches!(refused(chain, &huge), ApplyError::Codec(CodecError::Malformed(_))));
    };

    an_unknown_prior_root => |chain| {
        let mut block = chain.block(vec![]);
        block.prior_root = Hash([9; 32]);
        match chain.nub.apply_block(block.prior_root, &block.to_bytes()) {
            Err(Failure::Kernel(ApplyError::UnknownPriorRoot(root))) => assert_eq!(root, Hash([9; 32])),
            other => panic!("{other:?}"),
        }
        let error = refused_with(chain, |block| block.prior_root = Hash([9; 32]));
        assert!(matches!(error, ApplyError::PriorRootMismatch { .. }), "{error}");
    };

    another_version_chain_height_or_an_earlier_time => |chain| {
        let error = refused_with(chain, |block| block.version = 2);
        assert_eq!(error, ApplyError::UnsupportedVersion { got: 2, supported: 1 });
        let error = refused_with(chain, |block| block.chain_id = 99);
        assert_eq!(error, ApplyError::WrongChain { expected: chain::CHAIN_ID, got: 99 });
        for height in [0, 2, u64::MAX] {
            let error = refused_with(chain, |block| block.height = height);
            assert_eq!(error, ApplyError::WrongHeight { expected: 1, got: height });
        }
        let error = refused_with(chain, |block| block.timestamp = chain::GENESIS_TIME - 1);
        let prior = chain::GENESIS_TIME;
        assert_eq!(error, ApplyError::TimestampDecreases { prior, got: prior - 1 });
    };

    the_same_time_is_allowed => |chain| {
        let mut block = chain.block(vec![]);
        block.timestamp = chain::GENESIS_TIME;
        chain.nub.apply_block(block.prior_root, &block.to_bytes()).unwrap();
    };

    oversized_fields => |chain| {
        let limits = Limits::default();
        let error = refused_with(chain, |block| block.events[0].args = vec![0; limits.argument_bytes as usize + 1]);
        too_large(error, LimitedField::ArgumentBytes);
        let refs = limits.passed_capabilities as usize + 1;
        too_large(refused_with(chain, |block| block.events[0].refs = vec![chain::other(); refs]), LimitedField::Refs);
        let bytes = limits.authentication_bytes as usize + 1;
        let error = refused_with(chain, |block| block.events[0].authentication = vec![0; bytes]);
        too_large(error, LimitedField::AuthenticationBytes);
        let events = limits.block_events as usize + 1;
        too_large(refused_with(chain, |block| block.events = vec![Event::default(); events]), LimitedField::BlockEvents);
        let error = refused_with(chain, |block| {
            block.events = vec![event(probe::ECHO, vec![0; 1 << 20]), event(probe::ECHO, vec![0; 1 << 20])];
        });
        too_large(error, LimitedField::BlockBytes);
    };

    gas_limits_that_sum_above_the_blocks => |chain| {
        let limit = nub::Params::default().block_gas;
        let with_gas = |gas_limit| Event { gas_limit, ..event(probe::ECHO, vec![]) };
        let error = refused_with(chain, |block| block.events = vec![with_gas(limit), with_gas(1)]);
        too_large(error, LimitedField::BlockGas);
        let error = refused_with(chain, |block| block.events = vec![with_gas(u64::MAX), with_gas(u64::MAX)]);
        too_large(error, LimitedField::BlockGas);
        chain.apply(vec![with_gas(limit)]);
    };

    an_event_that_cannot_start_costs_nothing => |chain| {
        let unknown = nub::InstanceId([1; 32]);
        let cases = [
            (Event { target: unknown, ..event(probe::ECHO, vec![]) }, Status::NoTarget),
            (Event { target: chain::private(), ..event(probe::ECHO, vec![]) }, Status::NotPublic),
            (event(999, vec![]), Status::NoEndpoint),
            (Event { refs: vec![unknown], ..event(probe::ECHO, vec![]) }, Status::BadRef),
            (Event { refs: vec![chain::other(), chain::private()], ..event(probe::ECHO, vec![]) }, Status::BadRef),
        ];
        let events: Vec<Event> = cases.iter().map(|(event, _)| event.clone()).collect();
        let summary = chain.apply(events);
        for (receipt, (_, status)) in summary.receipts.iter().zip(&cases) {
            assert_eq!((receipt.status, receipt.gas_used), (*status, 0));
        }
        assert_eq!(summary.gas_used, 0);
    };

    an_empty_block_has_no_receipts_root => |chain| {
        let summary = chain.apply(vec![]);
        assert_eq!((summary.receipts_root, summary.gas_used), (Hash::ZERO, 0));
    };
}
