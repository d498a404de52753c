//! Capabilities, hashes, walking storage; and every code that a host call may give.

mod chain;

use chain::script::{FREE_PAGE, SCRATCH, Script};
use chain::{TestChain, call_args, call_result, event, on_both, probe};
use nub::host_call::{
    BAD_ARGUMENT, BAD_IMAGE, BAD_KEY, BUSY, GONE, HostCall, NO_CAPABILITY, NO_RIGHT, NONE, TOO_HIGH,
    TOO_LONG, UNKNOWN,
};
use nub::{Event, Limits, Status, blake2b_256};
use std::collections::BTreeSet;

/// Selector of the first passed capability.
const PASSED: u64 = 256;
/// Slots that a test fills: an Image, a Ref, a DataCap; and an empty one.
const IMAGE: u64 = 10;
const CREATED: u64 = 11;
const DATA: u64 = 12;
const CNODE: u64 = 13;
const EMPTY: u64 = 99;

/// The number of no host call, as a step of a script.
const UNKNOWN_CALL: u8 = 250;

/// Codes by the names that the documentation uses.
const CODES: [(&str, u64); 10] = [
    ("NONE", NONE),
    ("BAD_KEY", BAD_KEY),
    ("TOO_LONG", TOO_LONG),
    ("NO_CAPABILITY", NO_CAPABILITY),
    ("NO_RIGHT", NO_RIGHT),
    ("BAD_IMAGE", BAD_IMAGE),
    ("BAD_ARGUMENT", BAD_ARGUMENT),
    ("BUSY", BUSY),
    ("GONE", GONE),
    ("TOO_HIGH", TOO_HIGH),
];

/// Codes that only a Chain Instance can get: `chain_instance.rs` tests them.
const CHAIN_ONLY: [(u8, u64); 2] = [(32, TOO_LONG), (32, BAD_ARGUMENT)];

/// A wrong host call: number, registers, the code it must give.
type Wrong = (u8, Vec<u64>, u64);

/// Host calls that are wrong for the probe, where slot 1 holds a Ref with all rights, 2 one that may manage, 3
/// one that may call, and the event passed one that may call.
fn wrong_calls(key: u64) -> Vec<Wrong> {
    let limits = Limits::default();
    let too_long = u64::from(limits.argument_bytes) + 1;
    let free = FREE_PAGE;
    vec![
        (7, vec![key, 8], NONE),
        (7, vec![key, 1], BAD_KEY),
        (7, vec![key, 33], BAD_KEY),
        (8, vec![key, 0], BAD_KEY),
        (8, vec![key, 33], BAD_KEY),
        (8, vec![key, 8, key, 4097], TOO_LONG),
        (9, vec![key, 1], BAD_KEY),
        (10, vec![1, 0, key, too_long], TOO_LONG),
        (10, vec![1, 0, 0, 0, 0, 17 << 32], TOO_LONG),
        (10, vec![EMPTY], NO_CAPABILITY),
        (10, vec![DATA], NO_CAPABILITY),
        (10, vec![u64::MAX], NO_CAPABILITY),
        (10, vec![2], NO_RIGHT),
        (10, vec![CREATED], GONE),
        (12, vec![key, u64::from(limits.image_bytes) + 1, IMAGE], TOO_LONG),
        (12, vec![key, 8, 256], BAD_ARGUMENT),
        (12, vec![key, 8, IMAGE], BAD_IMAGE),
        (12, vec![key, 0, IMAGE], BAD_IMAGE),
        (13, vec![256, CREATED, 1, key, SCRATCH], BAD_ARGUMENT),
        (13, vec![IMAGE, 256, 1, key, SCRATCH], BAD_ARGUMENT),
        (13, vec![IMAGE, CREATED, 2, key, SCRATCH], BAD_ARGUMENT),
        (13, vec![EMPTY, CREATED, 1, key, SCRATCH], NO_CAPABILITY),
        (13, vec![DATA, CREATED, 1, key, SCRATCH], NO_CAPABILITY),
        (14, vec![key, key, u64::from(limits.log_bytes) + 1], TOO_LONG),
        (16, vec![1, 256], BAD_ARGUMENT),
        (16, vec![EMPTY, 20], NO_CAPABILITY),
        (16, vec![PASSED + 1, 20], NO_CAPABILITY),
        (16, vec![u64::MAX, 20], NO_CAPABILITY),
        (16, vec![PASSED, 20], NO_RIGHT),
        (17, vec![256, 20], BAD_ARGUMENT),
        (17, vec![1, 256], BAD_ARGUMENT),
        (17, vec![PASSED, 20], BAD_ARGUMENT),
        (17, vec![EMPTY, 20], NO_CAPABILITY),
        (18, vec![256], BAD_ARGUMENT),
        (19, vec![1, 256, 1], BAD_ARGUMENT),
        (19, vec![1, 20, 0], BAD_ARGUMENT),
        (19, vec![1, 20, 8], BAD_ARGUMENT),
        (19, vec![1, 20, 257], BAD_ARGUMENT),
        (19, vec![1, 20, 1, 2, key], BAD_ARGUMENT),
        (19, vec![EMPTY, 20, 1], NO_CAPABILITY),
        (19, vec![DATA, 20, 1], NO_CAPABILITY),
        (19, vec![3, 20, 3], NO_RIGHT),
        (19, vec![2, 20, 1], NO_RIGHT),
        (19, vec![3, 20, 1, 1, key], NO_RIGHT),
        (19, vec![PASSED, 20, 1], NO_RIGHT),
        (20, vec![256, 1], BAD_ARGUMENT),
        (20, vec![20, (1 << 32) + 1], BAD_ARGUMENT),
        (21, vec![EMPTY], NO_CAPABILITY),
        (21, vec![1], NO_CAPABILITY),
        (22, vec![DATA, 0, SCRATCH, too_long], TOO_LONG),
        (22, vec![1, 0, SCRATCH, 8], NO_CAPABILITY),
        (23, vec![256, 0, key, 8], BAD_ARGUMENT),
        (23, vec![DATA, 0, key, too_long], TOO_LONG),
        (23, vec![DATA, 8185, key, 8], TOO_LONG),
        (23, vec![DATA, u64::MAX, key, 8], TOO_LONG),
        (23, vec![1, 0, key, 8], NO_CAPABILITY),
        (24, vec![EMPTY, 0, 1, free], NO_CAPABILITY),
        (24, vec![DATA, 0, 0, free], BAD_ARGUMENT),
        (24, vec![DATA, 1, 2, free], BAD_ARGUMENT),
        (24, vec![DATA, u64::MAX, 1, free], BAD_ARGUMENT),
        (26, vec![key, 1], BAD_KEY),
        (26, vec![key, 33], BAD_KEY),
        (29, vec![1, 256, key, SCRATCH], BAD_ARGUMENT),
        (29, vec![EMPTY, 20, key, SCRATCH], NO_CAPABILITY),
        (29, vec![IMAGE, 20, key, SCRATCH], NO_CAPABILITY),
        (29, vec![3, 20, key, SCRATCH], NO_RIGHT),
        (29, vec![PASSED, 20, key, SCRATCH], NO_RIGHT),
        (29, vec![CREATED, 20, key, SCRATCH], GONE),
        (30, vec![1, 256], BAD_ARGUMENT),
        (30, vec![EMPTY, IMAGE], NO_CAPABILITY),
        (30, vec![1, EMPTY], NO_CAPABILITY),
        (30, vec![1, DATA], NO_CAPABILITY),
        (30, vec![3, IMAGE], NO_RIGHT),
        (30, vec![CREATED, IMAGE], GONE),
        (31, vec![EMPTY], NO_CAPABILITY),
        (31, vec![PASSED], NO_RIGHT),
        (31, vec![CREATED], GONE),
        (32, vec![key, 8, 9], NO_RIGHT),
        (UNKNOWN_CALL, vec![], UNKNOWN),
    ]
}

/// The same for CNodes, of which one is in a slot: under `v` it has a value, under `c` a DataCap.
fn wrong_cnode_calls(key: u64, v: u64, c: u64) -> Vec<Wrong> {
    vec![
        (33, vec![256], BAD_ARGUMENT),
        (34, vec![CNODE, v, 1, 256], BAD_ARGUMENT),
        (34, vec![CNODE, v, 0, 20], BAD_KEY),
        (34, vec![CNODE, key, 33, 20], BAD_KEY),
        (34, vec![EMPTY, v, 1, 20], NO_CAPABILITY),
        (34, vec![DATA, v, 1, 20], NO_CAPABILITY),
        (34, vec![PASSED, v, 1, 20], NO_CAPABILITY),
        (34, vec![u64::MAX, v, 1, 20], NO_CAPABILITY),
        (34, vec![CNODE, v, 1, 20], NO_CAPABILITY),
        (34, vec![CNODE, key, 1, 20], NONE),
        (35, vec![256, key, 1, 1], BAD_ARGUMENT),
        (35, vec![CNODE, key, 0, 1], BAD_KEY),
        (35, vec![CNODE, key, 33, 1], BAD_KEY),
        (35, vec![EMPTY, key, 1, 1], NO_CAPABILITY),
        (35, vec![1, key, 1, 1], NO_CAPABILITY),
        (35, vec![CNODE, key, 1, EMPTY], NO_CAPABILITY),
        (35, vec![CNODE, key, 1, PASSED + 1], NO_CAPABILITY),
        (35, vec![CNODE, key, 1, 2], NO_RIGHT),
        (35, vec![CNODE, key, 1, 3], NO_RIGHT),
        (35, vec![CNODE, key, 1, PASSED], NO_RIGHT),
        (36, vec![256, key, 1], BAD_ARGUMENT),
        (36, vec![CNODE, key, 0], BAD_KEY),
        (36, vec![CNODE, key, 33], BAD_KEY),
        (36, vec![DATA, key, 1], NO_CAPABILITY),
        (36, vec![CNODE, key, 1], 0),
        (37, vec![CNODE, key, 33, SCRATCH, 32], BAD_KEY),
        (37, vec![DATA, key, 1, SCRATCH, 32], NO_CAPABILITY),
        (37, vec![CNODE, v, 1, SCRATCH, 32], NONE),
        (38, vec![CNODE, v, 0, SCRATCH, 32], BAD_KEY),
        (38, vec![CNODE, key, 33, SCRATCH, 32], BAD_KEY),
        (38, vec![DATA, v, 1, SCRATCH, 32], NO_CAPABILITY),
        (38, vec![CNODE, c, 1, SCRATCH, 32], NO_CAPABILITY),
        (38, vec![CNODE, key, 1, SCRATCH, 32], NONE),
        (39, vec![256, key, 1, key, 1], BAD_ARGUMENT),
        (39, vec![CNODE, key, 0, key, 1], BAD_KEY),
        (39, vec![CNODE, key, 33, key, 1], BAD_KEY),
        (39, vec![CNODE, key, 1, key, 4097], TOO_LONG),
        (39, vec![DATA, key, 1, key, 1], NO_CAPABILITY),
    ]
}

/// Those that need more of a setup: the caller on the stack, 64 views, the last key, a tower of CNodes.
const ELSEWHERE: [(u8, u64); 5] = [(29, BUSY), (31, BUSY), (24, TOO_LONG), (26, NONE), (35, TOO_HIGH)];

/// The (call, code) pairs of the table in the specification, and of the paragraph about `call`.
fn documented() -> BTreeSet<(u8, u64)> {
    let text = include_str!("../docs/spec/host-calls.md");
    let codes_in = |text: &str| -> Vec<u64> {
        let named = |name: &str| text.contains(&format!("`{name}`"));
        CODES.iter().filter(|(name, _)| named(name)).map(|(_, code)| *code).collect()
    };
    let mut pairs = BTreeSet::new();
    for line in text.lines() {
        let columns: Vec<&str> = line.split('|').collect();
        let (Some(number), Some(result)) = (columns.get(1), columns.get(3)) else { continue };
        let is_call = columns.get(2).is_some_and(|call| call.contains('('));
        if let (true, Ok(number)) = (is_call, number.trim().parse::<u8>()) {
            pairs.extend(codes_in(result).into_iter().map(|code| (number, code)));
        }
    }
    let call = text.split("**Call.**").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    pairs.extend(codes_in(call).into_iter().map(|code| (10, code)));
    pairs
}

#[test]
fn every_documented_code_is_tested() {
    assert!(HostCall::from_number(UNKNOWN_CALL.into()).is_none());
    let wrong = wrong_calls(0).into_iter().chain(wrong_cnode_calls(0, 0, 0));
    let mut tested: BTreeSet<(u8, u64)> =
        wrong.filter(|(_, _, code)| *code != 0).map(|(n, _, code)| (n, code)).collect();
    tested.remove(&(UNKNOWN_CALL, UNKNOWN));
    tested.extend(ELSEWHERE);
    tested.extend(CHAIN_ONLY);
    let documented = documented();
    assert!(documented.len() > 40, "{} pairs found in the documentation", documented.len());
    assert_eq!(documented, tested);
}

/// A script that leaves an Image, a Ref to a destroyed Instance and a DataCap of two pages in their slots.
fn furnished() -> Script {
    let mut script = Script::new();
    script.image(IMAGE, chain::DEPLOYER_IMAGE);
    script.instance(IMAGE, CREATED);
    script.step(31, &[CREATED]);
    script.step(20, &[DATA, 8192]);
    script
}

/// Plays a script with the other probe passed.
fn play_with_ref(chain: &mut TestChain, script: &Script) -> Vec<u64> {
    let receipt = chain.run(Event { refs: vec![chain::other()], ..script.event() });
    assert_eq!(receipt.status, Status::Success);
    script.played(&receipt.output).codes()
}

on_both! {
    every_wrong_call_gives_its_code => |chain| {
        let mut script = furnished();
        let furnishing = script.len();
        let key = script.data(&[b'k'; 64]);
        let wrong = wrong_calls(key);
        for (number, registers, _) in &wrong {
            script.step(*number, registers);
        }
        let codes = play_with_ref(chain, &script);
        assert_eq!(codes[..furnishing], [0; 4]);
        for ((number, registers, expected), code) in wrong.iter().zip(&codes[furnishing..]) {
            assert_eq!(code, expected, "host call {number} with {registers:x?}");
        }
    };

    every_wrong_call_of_a_cnode_gives_its_code => |chain| {
        let mut script = furnished();
        let (key, v, c) = (script.data(&[b'k'; 64]), script.data(b"v"), script.data(b"c"));
        script.step(33, &[CNODE]);
        script.step(39, &[CNODE, v, 1, v, 1]);
        script.step(35, &[CNODE, c, 1, DATA]);
        let furnishing = script.len();
        let wrong = wrong_cnode_calls(key, v, c);
        for (number, registers, _) in &wrong {
            script.step(*number, registers);
        }
        let codes = play_with_ref(chain, &script);
        assert_eq!(codes[..furnishing], [0; 7]);
        for ((number, registers, expected), code) in wrong.iter().zip(&codes[furnishing..]) {
            assert_eq!(code, expected, "host call {number} with {registers:x?}");
        }
    };

    a_frame_has_at_most_64_views => |chain| {
        let mut script = Script::new();
        script.step(20, &[DATA, 4096]);
        for view in 0..65 {
            script.step(24, &[DATA, 0, 1, FREE_PAGE + 2 * view]);
        }
        script.step(25, &[FREE_PAGE]);
        script.step(24, &[DATA, 0, 1, FREE_PAGE]);
        let codes = chain.play(&script).codes();
        assert_eq!((&codes[..65], &codes[65..]), (&[0; 65][..], &[TOO_LONG, 1, 0][..]));
    };

    storage_is_walked_in_order_and_slots_are_passed_over => |chain| {
        let mut script = Script::new();
        let keys = script.data(b"aazz");
        script.step(8, &[keys, 2, keys, 1]);
        script.step(8, &[keys + 2, 2, keys, 1]);
        script.step(26, &[0, 0, SCRATCH, 32]); // aa
        script.step(26, &[SCRATCH, 2, SCRATCH, 32]); // greeting
        script.step(26, &[SCRATCH, 8, SCRATCH + 8, 1]); // zz, of which one octet is written
        script.step(26, &[keys + 2, 2, SCRATCH, 32]);
        script.step(26, &[keys + 1, 2, SCRATCH + 16, 32]); // after "az", which is not there
        script.read_back(SCRATCH, 24);
        let played = chain.play(&script);
        assert_eq!(played.codes(), [0, 0, 2, 8, 2, NONE, 8]);
        assert_eq!(played.read, b"greetingz\0\0\0\0\0\0\0greeting");
    };

    hashes_are_blake2b_and_keccak => |chain| {
        let mut script = Script::new();
        let text = script.data(b"abc");
        script.step(27, &[text, 3, SCRATCH]);
        script.step(28, &[text, 3, SCRATCH + 32]);
        script.step(28, &[0, 0, SCRATCH + 64]);
        script.read_back(SCRATCH, 96);
        let played = chain.play(&script);
        assert_eq!(played.codes(), [0; 3]);
        assert_eq!(played.read[..32], blake2b_256(b"abc").0);
        let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
        let keccak_abc = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45";
        let keccak_empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
        assert_eq!((hex(&played.read[32..64]), hex(&played.read[64..])), (keccak_abc.into(), keccak_empty.into()));
    };

    capabilities_are_copied_moved_and_dropped => |chain| {
        let mut script = Script::new();
        script.step(16, &[1, 20]); // copy
        script.step(17, &[20, 21]); // move
        script.step(17, &[21, 21]); // onto itself
        let calls = [1, 20, 21].map(|slot| script.call(slot, probe::ECHO, b"", &[]));
        script.step(18, &[21]);
        script.step(18, &[21]);
        let gone = script.call(21, probe::ECHO, b"", &[]);
        let receipt = chain.played_receipt(&script);
        let codes = script.played(&receipt.output).codes();
        assert_eq!(codes[..3], [0; 3]);
        assert_eq!(calls.map(|call| codes[call]), [0, NO_CAPABILITY, 0]);
        assert_eq!(codes[6..], [1, 0, NO_CAPABILITY]);
        assert_eq!((gone, receipt.growth.keys), (8, 0));
    };

    a_minted_ref_has_fewer_rights_and_perhaps_another_badge => |chain| {
        let mut script = Script::new();
        let badge = script.data(&[0x5a; 32]);
        script.step(19, &[1, 20, 1, 1, badge]); // to call, another badge
        script.step(19, &[1, 21, 3]); // to call and grant, the same badge
        script.step(19, &[20, 22, 1]); // from the first
        script.step(19, &[20, 22, 4]); // more than it has
        script.step(19, &[20, 22, 1, 1, badge]); // a badge without the right to manage
        assert_eq!(chain.play(&script).codes(), [0, 0, 0, NO_RIGHT, NO_RIGHT]);
        for (slot, badge) in [(20, [0x5a; 32]), (21, chain::OTHER_BADGE.0), (22, [0x5a; 32])] {
            let output = chain.ok(probe::CALL, call_args(slot, probe::BADGE, 1_000_000, &[], &[]));
            assert_eq!(call_result(&output), (0, &badge[..]), "slot {slot}");
        }
    };

    a_passed_ref_is_kept_only_with_the_right_to_grant => |chain| {
        // Mint one to call and grant and one to call only, pass both to the other, which copies and mints.
        let mut inner = Script::new();
        inner.step(16, &[PASSED, 30]);
        inner.step(19, &[PASSED, 31, 1]);
        inner.step(16, &[PASSED + 1, 32]); // a DataCap is free to keep
        let mut script = Script::new();
        script.step(19, &[1, 20, 3]);
        script.step(19, &[1, 21, 1]);
        script.step(20, &[DATA, 5]);
        let passed = script.call(1, probe::SCRIPT, &inner.args(), &[20, DATA as u16]);
        script.step(11, &[SCRATCH, 0, 48]);
        let refused = script.call(1, probe::SCRIPT, &inner.args(), &[21, DATA as u16]);
        script.read_back(SCRATCH, 48);
        let played = chain.play(&script);
        assert_eq!((played.answers[passed], played.answers[refused]), ((0, 48), (NO_RIGHT, 0)));
        assert_eq!(inner.played(&played.read).codes(), [0; 3]);
        // The other has them in its slots now.
        let mut check = Script::new();
        check.step(21, &[32]);
        check.call(30, probe::ECHO, b"", &[]); // itself: busy, so the Ref is there
        check.call(31, probe::ECHO, b"", &[]);
        let receipt = chain.run(Event { target: chain::other(), ..check.event() });
        let codes = check.played(&receipt.output).codes();
        assert_eq!(codes, [5, Status::Busy as u64, Status::Busy as u64]);
    };

    capabilities_of_a_failed_call_are_undone => |chain| {
        let mut script = Script::new();
        script.step(16, &[1, 20]);
        script.step(18, &[1]);
        script.step(17, &[2, 22]);
        let receipt = chain.run(event(probe::SCRIPT_THEN_REVERT, script.args()));
        assert_eq!(receipt.status, Status::Reverted);
        assert_eq!(script.played(&receipt.output).codes(), [0, 1, 0]);
        let mut script = Script::new();
        for slot in [20, 22, 1] {
            script.call(slot, probe::ECHO, b"", &[]);
        }
        assert_eq!(chain.play(&script).codes(), [NO_CAPABILITY, NO_CAPABILITY, 0]);
    };
}
