//! The rules, against the kernel's stand-in.

use nub_sdk::mock;

use super::*;

const ALICE: Address = [1; 32];
const BOB: Address = [2; 32];
const HERE: [u8; 32] = [7; 32];

/// A registry in which Alice has "alice" from time 0 on; and Bob calls next.
fn registry() -> Names {
    mock::set_badge(ALICE);
    let mut names = Names::default();
    assert_eq!(names.register("alice", &HERE), Ok(TERM_MS));
    mock::set_badge(BOB);
    names
}

fn at(timestamp: u64) {
    mock::set_block(1, timestamp);
}

#[test]
fn names_are_plain() {
    let too_long = "a".repeat(25);
    for bad in ["", "ab", "-ab", "ab-", "Abc", "a b", "a\0b", "é-é", "a.b", &too_long] {
        assert_eq!(key(bad), Err(NamesError::BadName), "{bad:?}");
    }
    for good in ["abc", "a-b", "0x0", &too_long[1..]] {
        assert!(key(good).is_ok(), "{good:?}");
    }
}

#[test]
fn a_name_is_taken_for_its_term_and_a_while() {
    let mut names = registry();
    for time in [0, TERM_MS, TERM_MS + GRACE_MS - 1] {
        at(time);
        assert_eq!(names.register("alice", &HERE), Err(NamesError::Taken));
    }
    at(TERM_MS + GRACE_MS);
    assert_eq!(names.register("alice", &[8; 32]), Ok(2 * TERM_MS + GRACE_MS));
    assert_eq!(names.entry("alice").unwrap().unwrap().owner, BOB);
    mock::set_badge(ALICE);
    assert_eq!(names.renew("alice"), Err(NamesError::NotYours));
}

#[test]
fn a_name_means_something_in_its_term_only() {
    let names = registry();
    assert_eq!((names.resolve("alice"), names.resolve("bob")), (Ok(Some(HERE)), Ok(None)));
    at(TERM_MS - 1);
    assert_eq!(names.resolve("alice"), Ok(Some(HERE)));
    at(TERM_MS);
    assert_eq!(names.resolve("alice"), Ok(None));
}

#[test]
fn only_the_owner_renews_also_late() {
    let mut names = registry();
    assert_eq!(names.renew("alice"), Err(NamesError::NotYours));
    mock::set_badge(ALICE);
    at(TERM_MS + 1);
    assert_eq!(names.transfer("alice", &BOB), Err(NamesError::Expired));
    assert_eq!(names.renew("alice"), Ok(2 * TERM_MS));
    assert_eq!(names.resolve("alice"), Ok(Some(HERE)));
    while names.renew("alice").is_ok() {}
    assert_eq!(names.renew("alice"), Err(NamesError::TooFarAhead));
    assert!(names.entry("alice").unwrap().unwrap().expires_ms <= TERM_MS + 1 + AHEAD_MS_MAX);
}

#[test]
fn a_name_changes_hands_and_meaning() {
    let mut names = registry();
    assert_eq!(names.transfer("alice", &BOB), Err(NamesError::NotYours));
    assert_eq!(names.change("alice", &HERE), Err(NamesError::NotYours));
    assert_eq!(names.change("nobody", &HERE), Err(NamesError::NotYours));
    mock::set_badge(ALICE);
    assert_eq!(names.transfer("alice", &BOB), Ok(()));
    assert_eq!(names.change("alice", &[9; 32]), Err(NamesError::NotYours));
    mock::set_badge(BOB);
    assert_eq!(names.change("alice", &[9; 32]), Ok(()));
    assert_eq!(names.resolve("alice"), Ok(Some([9; 32])));
    assert!(mock::logs().last().unwrap().is(&Changed { name: key("alice").unwrap(), target: [9; 32] }));
}

#[test]
fn the_end_of_time_is_no_trap() {
    let mut names = registry();
    at(u64::MAX - 1);
    assert_eq!(names.register("late", &HERE), Ok(u64::MAX));
    assert_eq!(names.resolve("late"), Ok(Some(HERE)));
}
