//! CNodes that programs make: maps to capabilities and values, copied at no cost, 16 high at most.

mod chain;

use chain::script::{SCRATCH, Script};
use chain::{TestChain, call_args, call_result, event, on_both, probe};
use nub::host_call::{NO_CAPABILITY, NO_RIGHT, NONE, TOO_HIGH};
use nub::{Event, GasTable, Growth, Status};

/// Selector of the first passed capability.
const PASSED: u64 = 256;
/// Slots.
const CNODE: u64 = 20;
const COPY: u64 = 21;
const OUT: u64 = 22;

/// Stands for the address of the key.
const KEY: u64 = u64::MAX;

/// A script with a CNode that has a value under `a`, a DataCap under `bb`, and a Ref under `bbb`.
fn with_cnode() -> Script {
    let mut script = Script::new();
    let keys = script.data(b"abbb");
    script.step(33, &[CNODE]);
    script.step(39, &[CNODE, keys, 1, keys, 4]);
    script.step(20, &[OUT, 5]);
    script.step(35, &[CNODE, keys + 1, 2, OUT]);
    script.step(35, &[CNODE, keys + 1, 3, 1]);
    script.step(18, &[OUT]);
    script
}

/// How many steps that has, and what they answer.
const FURNISHED: [u64; 6] = [0, 0, 0, 0, 0, 1];

/// What a script on the probe answers after the furnishing.
fn after(chain: &mut TestChain, script: &Script) -> (Vec<u64>, Vec<u8>) {
    let played = chain.play(script);
    let mut codes = played.codes();
    let rest = codes.split_off(FURNISHED.len());
    assert_eq!(codes, FURNISHED);
    (rest, played.read)
}

/// Gas of an event that runs this script after the furnishing.
fn gas(chain: &mut TestChain, steps: impl FnOnce(&mut Script, u64)) -> u64 {
    chain.rewind();
    let mut script = with_cnode();
    let key = script.data(b"bbkk");
    steps(&mut script, key);
    chain.played_receipt(&script).gas_used
}

/// A script that leaves a CNode of this height in a slot, in steps that answer 0.
fn tower(height: usize) -> Script {
    let mut script = Script::new();
    let key = script.data(b"k");
    script.step(33, &[CNODE]);
    for _ in 1..height {
        script.step(35, &[CNODE, key, 1, CNODE]);
    }
    script
}

on_both! {
    entries_are_put_got_and_removed => |chain| {
        let mut script = with_cnode();
        let keys = script.data(b"abbb");
        script.step(38, &[CNODE, keys, 1, SCRATCH, 3]); // "abb" of "abbb"
        script.step(34, &[CNODE, keys + 1, 2, OUT]);
        script.step(21, &[OUT]);
        script.step(34, &[CNODE, keys + 1, 3, OUT]);
        script.call(OUT, probe::ECHO, b"", &[]);
        script.step(36, &[CNODE, keys + 1, 3]);
        script.step(36, &[CNODE, keys + 1, 3]);
        script.step(34, &[CNODE, keys + 1, 3, OUT]);
        script.step(39, &[CNODE, keys + 1, 2, keys, 0]); // a value in place of the DataCap
        script.step(38, &[CNODE, keys + 1, 2, SCRATCH, 3]);
        script.read_back(SCRATCH, 4);
        let (codes, read) = after(chain, &script);
        assert_eq!(codes, [4, 0, 5, 0, 0, 1, 0, NONE, 0, 0]);
        assert_eq!(&read, b"abb\0");
        // In the next block, from state.
        let mut script = Script::new();
        let keys = script.data(b"abb");
        script.step(38, &[CNODE, keys, 1, SCRATCH, 9]);
        script.step(38, &[CNODE, keys + 1, 2, SCRATCH, 9]);
        script.step(38, &[CNODE, keys + 1, 1, SCRATCH, 9]);
        assert_eq!(chain.play(&script).codes(), [4, 0, NONE]);
    };

    keys_are_walked_in_order_of_one_octet_too => |chain| {
        let mut script = with_cnode();
        let key = script.data(b"b");
        script.step(37, &[CNODE, 0, 0, SCRATCH, 32]); // a
        script.step(37, &[CNODE, SCRATCH, 1, SCRATCH, 32]); // bb
        script.step(37, &[CNODE, SCRATCH, 2, SCRATCH + 4, 2]); // bbb, of which two octets are written
        script.step(37, &[CNODE, key, 1, SCRATCH + 8, 32]); // after b, which is not there
        script.step(33, &[COPY]);
        script.step(37, &[COPY, 0, 0, SCRATCH, 32]);
        script.read_back(SCRATCH, 12);
        let (codes, read) = after(chain, &script);
        assert_eq!(codes, [1, 2, 3, 2, 0, NONE]);
        assert_eq!(&read, b"bb\0\0bb\0\0bb\0\0");
    };

    a_copy_shares_and_does_not_change => |chain| {
        let mut script = with_cnode();
        let keys = script.data(b"ab");
        script.step(16, &[CNODE, COPY]);
        script.step(39, &[CNODE, keys, 1, keys, 1]);
        script.step(36, &[COPY, keys + 1, 1]);
        script.step(38, &[COPY, keys, 1, SCRATCH, 4]);
        script.step(38, &[CNODE, keys, 1, SCRATCH + 4, 4]);
        script.read_back(SCRATCH, 8);
        let (codes, read) = after(chain, &script);
        assert_eq!((codes, &read[..]), (vec![0, 0, 0, 4, 1], &b"abbba\0\0\0"[..]));
    };

    sixteen_is_the_greatest_height => |chain| {
        // The Instance's own CNode is one higher than what is in its slots.
        let mut script = tower(15);
        let key = script.data(b"kx");
        script.step(35, &[CNODE, key, 1, CNODE]);
        script.step(35, &[CNODE, key + 1, 1, CNODE]);
        script.step(16, &[CNODE, COPY]);
        script.step(39, &[CNODE, key + 1, 1, key, 1]);
        script.step(34, &[CNODE, key, 1, OUT]);
        script.step(35, &[OUT, key + 1, 1, OUT]);
        let codes = chain.play(&script).codes();
        assert_eq!(codes[..15], [0; 15]);
        assert_eq!(codes[15..], [TOO_HIGH, TOO_HIGH, 0, 0, 0, 0]);
        // What was refused changed nothing, and the frame went on; the receipt of a refusal counts no key.
        let mut script = Script::new();
        let key = script.data(b"kxy");
        script.step(35, &[CNODE, key + 2, 1, CNODE]);
        script.step(34, &[CNODE, key + 2, 1, OUT]);
        let receipt = chain.played_receipt(&script);
        assert_eq!(script.played(&receipt.output).codes(), [TOO_HIGH, NONE]);
        assert_eq!(receipt.growth, Growth::default());
    };

    a_tower_travels_and_is_dropped => |chain| {
        let mut script = tower(15);
        let mut inner = Script::new();
        let key = inner.data(b"k");
        inner.step(34, &[PASSED, key, 1, OUT]);
        inner.step(16, &[PASSED, COPY]);
        inner.step(35, &[COPY, key, 1, COPY]);
        script.call(1, probe::SCRIPT, &inner.args(), &[CNODE as u16]);
        script.step(11, &[SCRATCH, 0, 48]);
        script.step(18, &[CNODE]);
        script.read_back(SCRATCH, 48);
        let played = chain.play(&script);
        assert_eq!(played.codes()[15..], [0, 48, 1]);
        assert_eq!(inner.played(&played.read).codes(), [0, 0, TOO_HIGH]);
        let mut script = Script::new();
        script.step(18, &[COPY]);
        script.step(18, &[OUT]);
        let receipt = chain.run(Event { target: chain::other(), ..script.event() });
        assert_eq!(script.played(&receipt.output).codes(), [1, 1]);
    };

    a_ref_goes_into_a_cnode_only_with_the_right_to_grant => |chain| {
        let mut script = Script::new();
        let key = script.data(b"kl");
        script.step(33, &[CNODE]);
        script.step(19, &[1, 30, 3]);
        script.step(19, &[1, 31, 5]);
        script.step(35, &[CNODE, key, 1, 30]);
        script.step(35, &[CNODE, key + 1, 1, 31]);
        script.step(35, &[CNODE, key + 1, 1, PASSED]);
        let receipt = chain.run(Event { refs: vec![chain::other()], ..script.event() });
        let codes = script.played(&receipt.output).codes();
        assert_eq!(codes, [0, 0, 0, 0, NO_RIGHT, NO_RIGHT]);
        // A callee takes it out with the rights and the badge it went in with.
        let mut inner = Script::new();
        let inner_key = inner.data(b"kl");
        inner.step(34, &[PASSED, inner_key, 1, 30]);
        inner.step(19, &[30, 31, 7]);
        inner.step(34, &[PASSED, inner_key + 1, 1, 31]);
        let mut script = Script::new();
        script.call(1, probe::SCRIPT, &inner.args(), &[CNODE as u16]);
        script.step(11, &[SCRATCH, 0, 48]);
        script.read_back(SCRATCH, 48);
        let played = chain.play(&script);
        assert_eq!(inner.played(&played.read).codes(), [0, NO_RIGHT, NONE]);
        let args = call_args(1, probe::CALL, 4_000_000, &[], &call_args(30, probe::BADGE, 1_000_000, &[], &[]));
        let output = chain.ok(probe::CALL, args);
        // The Ref in the other's slot 30 is to the other itself, so it is busy.
        assert_eq!(call_result(call_result(&output).1).0, Status::Busy as u64);
    };

    what_a_cnode_has_is_no_slot => |chain| {
        let mut script = with_cnode();
        script.call(CNODE, probe::ECHO, b"", &[]);
        script.step(21, &[CNODE]);
        script.step(13, &[CNODE, OUT, 1, SCRATCH, SCRATCH]);
        assert_eq!(after(chain, &script).0, [NO_CAPABILITY; 3]);
    };

    growth_counts_entries_and_octets => |chain| {
        let growth = |chain: &mut TestChain, steps: &dyn Fn(&mut Script, u64)| {
            let mut script = Script::new();
            let key = script.data(b"abbb");
            steps(&mut script, key);
            let growth = chain.played_receipt(&script).growth;
            (growth.keys, growth.bytes, growth.pages)
        };
        assert_eq!(chain.played_receipt(&with_cnode()).growth, Growth { keys: 4, bytes: 4, pages: 0 });
        assert_eq!(growth(chain, &|script, key| { script.step(39, &[CNODE, key, 1, key, 1]); }), (0, -3, 0));
        assert_eq!(growth(chain, &|script, key| { script.step(35, &[CNODE, key, 1, 1]); }), (0, -1, 0));
        assert_eq!(growth(chain, &|script, key| { script.step(36, &[CNODE, key, 1]); }), (-1, 0, 0));
        assert_eq!(growth(chain, &|script, _| { script.step(18, &[CNODE]); }), (-1, 0, 0));
    };

    entries_cost_what_the_specification_says => |chain| {
        let prices = GasTable::default();
        // What a step costs beyond the same one with a key that is too long, which costs `storage` alone.
        let mut cost = |call: u8, octets: u64, rest: &[u64]| {
            let mut of = |octets: u64| {
                gas(chain, |script, key| {
                    let rest = rest.iter().map(|register| if *register == KEY { key } else { *register });
                    let registers: Vec<u64> = [CNODE, key, octets].into_iter().chain(rest).collect();
                    script.step(call, &registers);
                })
            };
            of(octets) - of(33) + prices.storage
        };
        let bare = |nodes: u64| prices.storage + prices.storage_node * nodes;
        let octets = |count: u64| prices.storage_byte * count;
        // Slots 1, 2, 3 and 20 and `greeting`: a branch, below it slot 20's leaf.
        let slot = bare(2);
        // In the CNode: a branch, then one whose value it is. The target's slot: the first branch ends the search.
        assert_eq!(cost(34, 2, &[CNODE + 20]), bare(2) + octets(2) + slot + bare(1));
        assert_eq!(cost(36, 2, &[]), bare(2) + octets(2) + 2 * slot);
        // `bbkk` ends at the leaf of `bbb`.
        assert_eq!(cost(36, 4, &[]), bare(3) + octets(4) + 2 * slot);
        assert_eq!(cost(39, 2, &[KEY, 4]), bare(2) + octets(2 + 4) + 2 * slot);
        assert_eq!(cost(35, 2, &[CNODE]), bare(2) + octets(2) + 3 * slot);
        // Two octets of `bb…` are no value, four of `bbkk` no key: after it comes nothing.
        assert_eq!(cost(38, 2, &[SCRATCH, 9]), bare(2) + octets(2) + slot);
        assert_eq!(cost(37, 4, &[SCRATCH, 9]), bare(3) + octets(4) + slot);
        // After `bb` comes `bbb`, whose path is a node longer. The page of SCRATCH is touched and stored to.
        let page = prices.page_touch + prices.page_store;
        let next = bare(2) + octets(2) + slot + 3 * prices.storage_node + octets(3);
        assert_eq!(cost(37, 2, &[SCRATCH, 9]), next + page);
    };
}

#[test]
fn an_equal_entry_changes_nothing() {
    for kind in chain::backends() {
        let mut chain = TestChain::start(kind, &chain::genesis(nub::Params::default()), [3; 32]);
        chain.play(&with_cnode());
        let mut script = Script::new();
        let keys = script.data(b"abbb");
        script.step(39, &[CNODE, keys, 1, keys, 4]);
        script.step(35, &[CNODE, keys + 1, 3, 1]);
        script.step(36, &[CNODE, keys + 1, 1]);
        script.step(16, &[CNODE, CNODE]);
        script.step(17, &[CNODE, CNODE]);
        let greeting = script.data(b"greetinghello");
        script.step(8, &[greeting, 8, greeting + 8, 5]);
        let summary = chain.apply(vec![script.event()]);
        assert_eq!(script.played(&summary.receipts[0].output).codes(), [0; 6]);
        assert_eq!((summary.objects_hashed, summary.receipts[0].growth), (1, Growth::default()));
        // And one octet more does.
        let summary = chain.apply(vec![event(probe::STORAGE_PUT, chain::put_args(b"greeting", b"hello!"))]);
        assert!(summary.objects_hashed > 1);
    }
}
