//! DataCaps and views of them.

mod chain;

use chain::script::{FREE_PAGE, LOAD, SCRATCH, STORE, Script};
use chain::{TestChain, on_both};
use nub::host_call::{BAD_ARGUMENT, TOO_LONG};
use nub::{GasTable, Status};

/// Slots.
const DATA: u64 = 20;
const COPY: u64 = 21;
/// The address of the first view.
const VIEW: u64 = FREE_PAGE << 12;

/// A script with a DataCap of two and a half pages: `hello` across the first two, zeros else.
fn with_data() -> Script {
    let mut script = Script::new();
    script.step(20, &[DATA, 10_240]);
    let hello = script.data(b"hello");
    script.step(23, &[DATA, 4094, hello, 5]);
    script
}

/// Status of an event that runs this script.
fn status(chain: &mut TestChain, script: &Script) -> Status {
    chain.run(script.event()).status
}

/// Gas of an event that runs this script, from the same state each time.
fn gas(chain: &mut TestChain, steps: impl FnOnce(&mut Script)) -> u64 {
    chain.rewind();
    let mut script = with_data();
    steps(&mut script);
    chain.played_receipt(&script).gas_used
}

on_both! {
    a_write_changes_no_other_copy => |chain| {
        let mut script = with_data();
        script.step(16, &[DATA, COPY]);
        let bye = script.data(b"BYE");
        script.step(23, &[DATA, 4095, bye, 3]);
        script.step(22, &[DATA, 4093, SCRATCH, 7]);
        script.step(22, &[COPY, 4093, SCRATCH + 7, 7]);
        script.step(21, &[COPY]);
        script.read_back(SCRATCH, 14);
        let receipt = chain.played_receipt(&script);
        let played = script.played(&receipt.output);
        assert_eq!(played.codes(), [0, 0, 0, 0, 7, 7, 10_240]);
        assert_eq!(&played.read, b"\0hBYEo\0\0hello\0");
        assert_eq!((receipt.growth.keys, receipt.growth.pages), (2, 3)); // the page of SCRATCH too
        // The same in the next block, from state.
        let mut script = Script::new();
        script.step(22, &[COPY, 4094, SCRATCH, 5]);
        script.read_back(SCRATCH, 5);
        assert_eq!(&chain.play(&script).read, b"hello");
    };

    reading_ends_with_the_data => |chain| {
        let mut script = with_data();
        script.step(22, &[DATA, 10_238, SCRATCH, 100]);
        script.step(22, &[DATA, 10_240, SCRATCH, 100]);
        script.step(22, &[DATA, u64::MAX, SCRATCH, 100]);
        script.step(22, &[DATA, 0, 0, 0]);
        script.step(23, &[DATA, 10_240, 0, 0]);
        script.step(23, &[DATA, 10_241, 0, 0]);
        assert_eq!(chain.play(&script).codes()[2..], [2, 0, 0, 0, 0, TOO_LONG]);
    };

    as_much_moves_at_once_as_arguments_may_have => |chain| {
        // The probe's page array is as long, and is filled first.
        let (limit, array) = (u64::from(nub::Limits::default().argument_bytes), 0x3_0008);
        let fill = [&0u32.to_le_bytes()[..], &256u32.to_le_bytes(), &[0x55]].concat();
        chain.ok(chain::probe::STORE_PAGES, fill);
        let mut script = Script::new();
        script.step(20, &[DATA, 2 << 20]);
        script.step(23, &[DATA, 3, array, limit]);
        script.step(23, &[DATA, 3, array, limit + 1]);
        script.step(22, &[DATA, 3, array, limit + 1]);
        script.step(22, &[DATA, 3, array, limit]);
        script.step(22, &[DATA, limit + 3, SCRATCH, 8]);
        script.read_back(array, 4097);
        let played = chain.play(&script);
        assert_eq!(played.codes(), [0, 0, TOO_LONG, TOO_LONG, limit, 8]);
        let expected = |at: usize| if at.is_multiple_of(4096) { 0x55 } else { 0 };
        assert!((0..4097).all(|at| played.read[at] == expected(at)));
    };

    writing_what_is_there_changes_nothing => |chain| {
        chain.play(&with_data());
        let mut script = Script::new();
        let hello = script.data(b"hello");
        script.step(23, &[DATA, 4094, hello, 5]);
        script.step(23, &[DATA, 8000, hello, 0]);
        let summary = chain.apply(vec![script.event()]);
        assert_eq!(script.played(&summary.receipts[0].output).codes(), [0, 0]);
        assert_eq!((summary.objects_hashed, summary.receipts[0].growth), (1, nub::Growth::default()));
    };

    zeroing_a_page_gives_its_space_back => |chain| {
        let mut script = with_data();
        let zeros = script.data(&[0; 3]);
        script.step(23, &[DATA, 4096, zeros, 3]);
        assert_eq!(chain.played_receipt(&script).growth.pages, 1);
    };

    four_gibibytes_take_only_what_is_not_zero => |chain| {
        let size = 1 << 32;
        let mut script = Script::new();
        script.step(20, &[DATA, size]);
        let text = script.data(b"end");
        script.step(23, &[DATA, size - 3, text, 3]);
        script.step(23, &[DATA, size - 2, text, 3]);
        script.step(22, &[DATA, size - 3, SCRATCH, 8]);
        script.step(21, &[DATA]);
        script.step(24, &[DATA, (size >> 12) - 1, 1, FREE_PAGE]);
        script.step(24, &[DATA, size >> 12, 1, FREE_PAGE + 1]);
        script.step(LOAD, &[VIEW + 4095]);
        script.read_back(SCRATCH, 8);
        let receipt = chain.played_receipt(&script);
        let played = script.played(&receipt.output);
        let last = u64::from(b'd');
        assert_eq!(played.codes(), [0, 0, TOO_LONG, 3, size, 0, BAD_ARGUMENT, last]);
        assert_eq!(&played.read, b"end\0\0\0\0\0");
        assert_eq!(receipt.growth.pages, 2); // the page of SCRATCH too
    };

    a_view_shows_the_data_as_it_was_mapped => |chain| {
        let mut script = with_data();
        script.step(24, &[DATA, 1, 2, FREE_PAGE]);
        let bye = script.data(b"bye");
        script.step(23, &[DATA, 4096, bye, 3]);
        script.step(24, &[DATA, 1, 1, FREE_PAGE + 2]);
        script.step(18, &[DATA]);
        let zero = script.step(LOAD, &[VIEW + 8191]);
        // A host call reads from a view as from other memory.
        let put = script.step(8, &[VIEW + 1, 4, VIEW + 8192, 3]);
        script.read_back(VIEW, 3);
        let played = chain.play(&script);
        assert_eq!((played.answers[zero].0, played.answers[put].0), (0, 0));
        assert_eq!(&played.read, b"llo");
        let mut script = Script::new();
        let key = script.data(b"lo\0\0");
        script.step(7, &[key, 4, SCRATCH, 3]);
        script.read_back(SCRATCH, 3);
        let played = chain.play(&script);
        assert_eq!((played.codes(), &played.read[..]), (vec![3], &b"bye"[..]));
    };

    a_view_is_not_written_and_ends => |chain| {
        let mut mapped = with_data();
        mapped.step(24, &[DATA, 0, 1, FREE_PAGE]);
        let after = |steps: &[(u8, Vec<u64>)]| {
            let mut script = mapped.clone();
            steps.iter().for_each(|(number, registers)| { script.step(*number, registers); });
            script
        };
        assert_eq!(status(chain, &after(&[(LOAD, vec![VIEW])])), Status::Success);
        assert_eq!(status(chain, &after(&[(STORE, vec![VIEW, 1])])), Status::Faulted);
        assert_eq!(status(chain, &after(&[(LOAD, vec![VIEW]), (STORE, vec![VIEW, 1])])), Status::Faulted);
        assert_eq!(status(chain, &after(&[(5, vec![VIEW])])), Status::Faulted); // a host call writes there
        assert_eq!(status(chain, &after(&[(LOAD, vec![VIEW + 4096])])), Status::Faulted);
        assert_eq!(status(chain, &after(&[(LOAD, vec![VIEW - 1])])), Status::Faulted);
        let unmap = (25, vec![FREE_PAGE]);
        assert_eq!(status(chain, &after(&[unmap.clone(), (LOAD, vec![VIEW])])), Status::Faulted);
        let touched = (LOAD, vec![VIEW]);
        assert_eq!(status(chain, &after(&[touched.clone(), unmap, touched])), Status::Faulted);
        // It ends with the call.
        let mut script = Script::new();
        script.step(LOAD, &[VIEW]);
        assert_eq!(status(chain, &script), Status::Faulted);
    };

    a_view_touches_nothing_that_is_used => |chain| {
        let mut script = with_data();
        script.step(24, &[DATA, 0, 2, FREE_PAGE]);
        let arguments = 0xFEFF0;
        let stack_end = 0xFEFE0;
        let wrong = [
            (1, FREE_PAGE + 1), (2, FREE_PAGE - 1), (1, FREE_PAGE), // the other view
            (1, 0x0F), (1, 0), (2, 0x0F), // below 64 KiB
            (1, 0x10), (1, 0x31), (2, 0x2F), // data
            (1, stack_end - 1), (1, stack_end - 16), (2, stack_end - 17), // the stack
            (1, arguments), (2, arguments - 1), (1, 1 << 20), (1, u64::MAX), (1, 1 << 32),
        ];
        let right = [(1, stack_end), (1, arguments - 1), (1, stack_end - 17), (2, FREE_PAGE + 2), (1, FREE_PAGE - 1)];
        for (count, at) in wrong.into_iter().chain(right) {
            script.step(24, &[DATA, 0, count, at]);
        }
        script.step(25, &[FREE_PAGE + 1]); // within a view
        script.step(25, &[FREE_PAGE]);
        script.step(25, &[FREE_PAGE]);
        script.step(24, &[DATA, 1, 2, FREE_PAGE]);
        let codes = chain.play(&script).codes();
        assert_eq!(codes[3..3 + wrong.len()], [BAD_ARGUMENT; 17]);
        assert_eq!(codes[3 + wrong.len()..], [0, 0, 0, 0, 0, 0, 1, 0, 0]);
    };

    pages_of_views_are_paid_when_touched => |chain| {
        let touch = GasTable::default().page_touch;
        let map = |script: &mut Script| { script.step(24, &[DATA, 0, 2, FREE_PAGE]); };
        let load = |script: &mut Script, at| { script.step(LOAD, &[VIEW + at]); };
        let unmap = |script: &mut Script| { script.step(25, &[FREE_PAGE]); };
        let once = gas(chain, |script| { map(script); load(script, 0); load(script, 1); });
        let twice = gas(chain, |script| { map(script); load(script, 0); load(script, 4096); });
        assert_eq!(twice - once, touch);
        // A page that is mapped again is untouched again.
        let first = gas(chain, |script| {
            map(script); load(script, 0); load(script, 0); unmap(script); map(script);
        });
        let both = gas(chain, |script| {
            map(script); load(script, 0); unmap(script); map(script); load(script, 0);
        });
        assert_eq!(both - first, touch);
        // A host call that reads it pays the same, and a fault nothing.
        let short = gas(chain, |script| { map(script); script.step(28, &[VIEW + 4092, 4, SCRATCH]); });
        let across = gas(chain, |script| { map(script); script.step(28, &[VIEW + 4094, 4, SCRATCH]); });
        assert_eq!(across - short, touch);
    };

    octets_and_paths_are_paid => |chain| {
        let table = GasTable::default();
        let read = |chain: &mut TestChain, offset, len| gas(chain, |script| {
            script.step(STORE, &[SCRATCH, 0]);
            script.step(22, &[DATA, offset, SCRATCH, len]);
        });
        let none = read(chain, 0, 0);
        // The root of two pages is a branch, each page below it: two nodes.
        assert_eq!(read(chain, 0, 100) - none, 100 * table.data_byte + 2 * table.storage_node);
        assert_eq!(read(chain, 4090, 100) - none, 100 * table.data_byte + 4 * table.storage_node);
        // What was asked for is paid, the absent page's path too.
        assert_eq!(read(chain, 10_230, 100) - none, 100 * table.data_byte + table.storage_node);
        assert_eq!(read(chain, 10_240, 100) - none, 100 * table.data_byte);
    };
}
