//! What a program may do to itself: every way to end, and that a failure leaves no trace.

mod chain;

use chain::{TestChain, call_args, call_result, event, number, numbers, on_both, probe, put_args};
use nub::host_call::{self, NONE};
use nub::{Growth, Receipt, Status};

/// The receipt of a call that failed in this way, and used some gas.
fn fails(chain: &mut TestChain, endpoint: u16, args: impl Into<Vec<u8>>, status: Status) -> Receipt {
    let receipt = chain.call(endpoint, args);
    assert_eq!(receipt.status, status, "{receipt:?}");
    assert!(receipt.gas_used > 0 && receipt.gas_used <= chain::GAS);
    assert_eq!((receipt.logs.len(), receipt.growth), (0, Growth::default()));
    receipt
}

on_both! {
    arguments_are_echoed => |chain| {
        assert_eq!(chain.ok(probe::ECHO, b"hello".to_vec()), b"hello");
        assert_eq!(chain.ok(probe::ECHO, vec![]), b"");
        let long: Vec<u8> = (0..9_000u32).map(|n| n as u8).collect();
        assert_eq!(chain.ok(probe::ECHO, long.clone()), long);
    };

    a_panic_is_a_failed_receipt => |chain| {
        let receipt = fails(chain, probe::PANIC, vec![], Status::Panicked);
        assert_eq!(receipt.output, b"");
    };

    a_revert_gives_its_message => |chain| {
        let receipt = fails(chain, probe::REVERT, b"no".to_vec(), Status::Reverted);
        assert_eq!(receipt.output, b"no");
    };

    an_endless_loop_uses_its_limit => |chain| {
        let mut endless = event(probe::ENDLESS, vec![]);
        endless.gas_limit = 30_000;
        let receipt = chain.run(endless);
        assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, 30_000));
    };

    zero_gas_is_out_of_gas => |chain| {
        let mut event = event(probe::ECHO, vec![]);
        event.gas_limit = 0;
        let receipt = chain.run(event);
        assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, 0));
    };

    memory_persists_and_a_revert_undoes_it => |chain| {
        assert_eq!(number(&chain.ok(probe::COUNT, vec![]), 0), 1001);
        assert_eq!(number(&chain.ok(probe::COUNT, vec![]), 0), 1002);
        let reverted = fails(chain, probe::COUNT_THEN_REVERT, vec![], Status::Reverted);
        assert_eq!(number(&reverted.output, 0), 1003);
        assert_eq!(number(&chain.ok(probe::COUNT, vec![]), 0), 1003);
    };

    storage_persists_and_is_counted => |chain| {
        let receipt = chain.call(probe::STORAGE_PUT, put_args(b"key", b"value"));
        assert_eq!(receipt.growth, Growth { keys: 1, bytes: 5, pages: 0 });
        let receipt = chain.call(probe::STORAGE_PUT, put_args(b"key", b"val"));
        assert_eq!(receipt.growth, Growth { keys: 0, bytes: -2, pages: 0 });
        let found = chain.ok(probe::STORAGE_GET, b"key".to_vec());
        assert_eq!((number(&found, 0), &found[8..]), (3, &b"val"[..]));
        let receipt = chain.call(probe::STORAGE_REMOVE, b"key".to_vec());
        assert_eq!(number(&receipt.output, 0), 1);
        assert_eq!(receipt.growth, Growth { keys: -1, bytes: -3, pages: 0 });
        assert_eq!(number(&chain.ok(probe::STORAGE_REMOVE, b"key".to_vec()), 0), 0);
        assert_eq!(number(&chain.ok(probe::STORAGE_GET, b"key".to_vec()), 0), NONE);
    };

    storage_of_the_genesis_is_there => |chain| {
        let found = chain.ok(probe::STORAGE_GET, b"greeting".to_vec());
        assert_eq!((number(&found, 0), &found[8..]), (5, &b"hello"[..]));
    };

    one_octet_and_long_keys_are_no_storage_keys => |chain| {
        for key in [&b""[..], b"k", &[7; 33]] {
            let answer = chain.ok(probe::STORAGE_GET, key.to_vec());
            assert_eq!(number(&answer, 0), host_call::BAD_KEY, "{key:?}");
        }
        assert_eq!(number(&chain.ok(probe::STORAGE_PUT, put_args(b"k", b"v")), 0), host_call::BAD_KEY);
        assert_eq!(number(&chain.ok(probe::STORAGE_GET, vec![7; 32]), 0), NONE);
    };

    a_value_above_4096_octets_is_too_long => |chain| {
        let at = 0x30008u64;
        let too_long = numbers(&[at, 2, at, 4097]);
        assert_eq!(number(&chain.ok(probe::RAW_STORAGE_PUT, too_long), 0), host_call::TOO_LONG);
        assert_eq!(number(&chain.ok(probe::RAW_STORAGE_PUT, numbers(&[at, 2, at, 4096])), 0), 0);
    };

    host_calls_check_their_ranges => |chain| {
        let good = 0x30008u64;
        for (address, status) in [
            (0xfffe, Status::Panicked),
            (0x2_0000, Status::Faulted),
            (0xffff_ffff, Status::Faulted),
            (0xfeff_0000 - 8, Status::Faulted),
        ] {
            fails(chain, probe::RAW_STORAGE_PUT, numbers(&[address, 32, good, 8]), status);
            fails(chain, probe::RAW_STORAGE_PUT, numbers(&[good, 2, address, 32]), status);
            fails(chain, probe::RAW_RETURN, numbers(&[address, 32]), status);
            fails(chain, probe::HALT, numbers(&[address, 32]), status);
        }
        // Read-only data may be read, not written.
        assert_eq!(chain.ok(probe::RAW_RETURN, numbers(&[0x1_0000, 4])).len(), 4);
        let key = numbers(&[good, 2, 0x1_0000, 8]);
        assert_eq!(number(&chain.ok(probe::RAW_STORAGE_PUT, numbers(&[good, 2, good, 8])), 0), 0);
        fails(chain, probe::RAW_STORAGE_GET, key, Status::Faulted);
        // Addresses are taken modulo 2^32, and an empty range is everywhere.
        assert_eq!(chain.ok(probe::RAW_RETURN, numbers(&[(5 << 32) + 0x1_0000, 4])).len(), 4);
        assert_eq!(chain.ok(probe::RAW_RETURN, numbers(&[0, 0])), b"");
    };

    loads_and_stores_outside_fault => |chain| {
        fails(chain, probe::PEEK, numbers(&[0]), Status::Panicked);
        fails(chain, probe::PEEK, numbers(&[0xffff]), Status::Panicked);
        fails(chain, probe::PEEK, numbers(&[0x2_0000]), Status::Faulted);
        fails(chain, probe::PEEK, numbers(&[0xffff_ffff]), Status::Faulted);
        let mut poke = numbers(&[0x1_0000]);
        poke.push(1);
        fails(chain, probe::POKE, poke, Status::Faulted);
        let mut arguments = numbers(&[0xfeff_0000]);
        arguments.push(1);
        fails(chain, probe::POKE, arguments, Status::Faulted);
        chain.ok(probe::PEEK, numbers(&[0x1_0000]));
    };

    a_stack_overflow_faults => |chain| {
        assert_eq!(chain.ok(probe::RECURSE, 40u32.to_le_bytes()), 40u64.to_le_bytes());
        fails(chain, probe::RECURSE, 100u32.to_le_bytes(), Status::Faulted);
    };

    outputs_have_a_limit => |chain| {
        assert_eq!(chain.ok(probe::OUTPUT, numbers(&[64 << 10])).len(), 64 << 10);
        fails(chain, probe::OUTPUT, numbers(&[(64 << 10) + 1]), Status::LimitExceeded);
    };

    stored_pages_are_paid_and_counted => |chain| {
        let pages = |count: u32, value: u8| [&1u32.to_le_bytes()[..], &count.to_le_bytes(), &[value]].concat();
        let few = chain.call(probe::STORE_PAGES, pages(2, 1));
        let more = chain.call(probe::STORE_PAGES, pages(3, 1));
        assert_eq!((few.growth.pages, more.growth.pages), (2, 1));
        let gas = nub::GasTable::default();
        assert!(more.gas_used - few.gas_used >= gas.page_touch + gas.page_store);
        // Zeroing a page takes it away again; writing what it held changes nothing.
        assert_eq!(chain.call(probe::STORE_PAGES, pages(3, 1)).growth.pages, 0);
        assert_eq!(chain.call(probe::STORE_PAGES, pages(2, 0)).growth.pages, -2);
    };

    an_unknown_host_call_is_a_code => |chain| {
        assert_eq!(number(&chain.ok(probe::UNKNOWN_HOST_CALL, numbers(&[0])), 0), host_call::UNKNOWN);
    };

    the_context_is_the_blocks => |chain| {
        let output = chain.ok(probe::BLOCK_CONTEXT, vec![]);
        assert_eq!((number(&output, 0), number(&output, 1), number(&output, 2)), (chain::CHAIN_ID, 1, 1_010));
        assert_eq!((&output[24..56], &output[56..88]), (&[0; 32][..], &[0; 32][..]));
        let output = chain.ok(probe::BLOCK_CONTEXT, vec![]);
        assert_eq!((number(&output, 1), &output[24..56]), (2, &[1; 32][..]));
        assert_ne!(&output[56..88], &[0; 32][..]);
        assert_eq!(chain.ok(probe::SELF_ID, vec![]), chain::probe().0);
        assert_eq!(chain.ok(probe::BADGE, vec![]), chain::ORIGIN.0);
        assert_eq!(chain.ok(probe::CALLER, vec![]), [0; 33]);
        let left = number(&chain.ok(probe::GAS_LEFT, vec![]), 0);
        assert!(left > 0 && left < chain::GAS);
    };

    logs_are_in_the_receipt => |chain| {
        let receipt = chain.call(probe::EMIT, [&[9; 32][..], b"data"].concat());
        assert_eq!(receipt.logs.len(), 1);
        let log = &receipt.logs[0];
        assert_eq!((log.instance, log.topic, &log.data[..]), (chain::probe(), [9; 32], &b"data"[..]));
        let too_long = chain.ok(probe::EMIT, vec![9; 32 + 4097]);
        assert_eq!(number(&too_long, 0), host_call::TOO_LONG);
    };

    a_call_that_fails_is_the_callers_to_handle => |chain| {
        let panicked = chain.ok(probe::CALL, call_args(1, probe::PANIC, 100_000, &[], &[]));
        assert_eq!(call_result(&panicked), (Status::Panicked as u64, &b""[..]));
        let reverted = chain.ok(probe::CALL, call_args(1, probe::REVERT, 100_000, &[], b"why"));
        assert_eq!(call_result(&reverted), (Status::Reverted as u64, &b"why"[..]));
    };
}

#[test]
fn statuses_have_the_codes_that_callers_read() {
    assert_eq!([Status::Success as u64, Status::Busy as u64], [0, 11]);
}
