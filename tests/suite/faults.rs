//! What becomes of a panic in each of its modes, and of a heap that is used to its end: on the PVM, not on the machine
//! that contracts are written on.

use crate::chain::on_both;
use crate::*;

/// Modes of `#[contract(panic = "…")]`, by place in the genesis.
const REPORT: u64 = 0;
const FORMAT: u64 = 1;
const TRAP: u64 = 2;

const SUM: u16 = 0;
const ENTRY: u16 = 1;
const SAY: u16 = 2;
const NEED: u16 = 3;
const EXHAUST: u16 = 4;
const FILL: u16 = 5;
const GROW: u16 = 6;
const FITS: u16 = 7;
const ALIGN: u16 = 8;
const LEAVE: u16 = 9;

/// The heap of `faults`, and what of it says how much is in use.
const HEAP_BYTES: u32 = 69_632;
const HEADER_BYTES: u32 = 8;

/// Calls that panic, and what two modes say of them. The line is that of `contracts/faults/src/lib.rs`.
fn panics() -> Vec<(u16, Vec<u8>, &'static str, &'static str)> {
    vec![
        (
            SUM,
            (u64::MAX, 1u64).encode(),
            "panicked at faults/src/lib.rs:10: attempt to add with overflow",
            "panicked at faults/src/lib.rs:10: attempt to add with overflow",
        ),
        (
            ENTRY,
            4u32.encode(),
            "panicked at faults/src/lib.rs:15",
            "panicked at faults/src/lib.rs:15: index out of bounds: the len is 4 but the index is 4",
        ),
        (
            SAY,
            77u64.encode(),
            "panicked at faults/src/lib.rs:20",
            "panicked at faults/src/lib.rs:20: the number is 77",
        ),
        (
            NEED,
            None::<u64>.encode(),
            "panicked at faults/src/lib.rs:25",
            "panicked at faults/src/lib.rs:25: there must be one",
        ),
    ]
}

fn call(mode: u64, endpoint: u16, args: Vec<u8>) -> Event {
    Event { args, ..event(ALICE, faults(mode), endpoint, ()) }
}

fn panicked(chain: &mut TestChain, mode: u64, endpoint: u16, args: &[u8]) -> (Status, String) {
    let receipt = chain.run(call(mode, endpoint, args.to_vec()));
    (receipt.status, String::from_utf8(receipt.output).unwrap())
}

fn filled(chain: &mut TestChain, chunk_bytes: u32) -> (u32, u32) {
    ok(chain, ALICE, faults(REPORT), FILL, chunk_bytes)
}

fn fits(chain: &mut TestChain, size_bytes: u32) -> bool {
    ok(chain, ALICE, faults(REPORT), FITS, size_bytes)
}

on_both! { with crate::suite;
    a_panic_is_told_in_its_mode => |chain| {
        for (endpoint, args, reported, formatted) in panics() {
            assert_eq!(panicked(chain, REPORT, endpoint, &args), (Status::Reverted, reported.to_owned()));
            assert_eq!(panicked(chain, FORMAT, endpoint, &args), (Status::Reverted, formatted.to_owned()));
            assert_eq!(panicked(chain, TRAP, endpoint, &args), (Status::Panicked, String::new()));
        }
        // What does not panic is the same in all.
        for mode in [REPORT, FORMAT, TRAP] {
            assert_eq!(ok::<u64>(chain, ALICE, faults(mode), SUM, (u64::MAX - 1, 1u64)), u64::MAX);
            assert_eq!(ok::<u8>(chain, ALICE, faults(mode), ENTRY, 3u32), 4);
        }
    };

    a_heap_without_room_is_told => |chain| {
        for octets in [1u32, 1_000, u32::MAX] {
            let mut said = |mode, what: &str| {
                let (status, message) = panicked(chain, mode, EXHAUST, &octets.encode());
                assert_eq!(status, Status::Reverted);
                assert!(message.starts_with("panicked at ") && message.ends_with(what), "{message}");
            };
            said(REPORT, ": the heap is full");
            said(FORMAT, &format!(": memory allocation of {octets} bytes failed"));
            assert_eq!(panicked(chain, TRAP, EXHAUST, &octets.encode()), (Status::Panicked, String::new()));
        }
    };

    a_heap_is_used_to_its_end_and_again => |chain| {
        // The list of chunks takes 64 entries of 24 octets.
        let room = HEAP_BYTES - HEADER_BYTES - 64 * 24;
        for chunk_bytes in [1u32, 1_024, 4_096, 5_000, 30_000, room, room + 1] {
            let count = (room / chunk_bytes).min(64);
            assert_eq!(filled(chain, chunk_bytes), (count, count), "{chunk_bytes}");
        }
        assert!(fits(chain, HEAP_BYTES - HEADER_BYTES));
        for size_bytes in [HEAP_BYTES - HEADER_BYTES + 1, HEAP_BYTES, 1 << 31, u32::MAX] {
            assert!(!fits(chain, size_bytes), "{size_bytes}");
        }
        assert!(fits(chain, 0));
    };

    lists_that_move_keep_what_they_hold => |chain| {
        let (even, odd): (Vec<u32>, Vec<u32>) = ok(chain, ALICE, faults(REPORT), GROW, 2_000u32);
        assert!(even.into_iter().eq((0..500).map(|n| 2 * n)) && odd.into_iter().eq((0..500).map(|n| 2 * n + 1)));
        // Memory that a list left is not given again, so this is more than there is.
        let receipt = chain.run(call(REPORT, GROW, 10_000u32.encode()));
        assert_eq!(receipt.status, Status::Reverted);
    };

    values_are_aligned_and_a_heap_ends_with_its_call => |chain| {
        ok::<()>(chain, ALICE, faults(REPORT), ALIGN, ());
        for _ in 0..2 {
            assert_eq!(ok::<(u8, u8)>(chain, ALICE, faults(REPORT), LEAVE, ()), (0, 9));
        }
    };
}
