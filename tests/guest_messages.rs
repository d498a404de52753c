//! Messages to and from the guest: of every size, and too long ones.

mod common;

use common::{boot, figures, is_alive};
use nub::hyperlight::HyperlightError;
use nub::hyperlight::probe::{MESSAGE_BYTES_MAX, Probe, ProbeReply};

/// What the encoding of a message adds to its bytes: a tag and a length.
const OVERHEAD: usize = 5;
const LIMIT: u64 = MESSAGE_BYTES_MAX as u64;

#[test]
fn bytes_of_every_size_come_back() {
    let Some(mut guest) = boot() else { return };
    for len in [0, 1, 4095, 4096, 70_000, 1 << 20, MESSAGE_BYTES_MAX - OVERHEAD] {
        let bytes: Vec<u8> = (0..len).map(|index| (index % 251) as u8).collect();
        let reply = guest.probe(&Probe::Echo(bytes.clone())).unwrap();
        assert!(reply == ProbeReply::Bytes(bytes), "{len} bytes do not come back");
    }
}

#[test]
fn a_request_that_is_too_long_is_not_sent() {
    let Some(mut guest) = boot() else { return };
    let error = guest.probe(&Probe::Echo(vec![0; MESSAGE_BYTES_MAX - OVERHEAD + 1])).unwrap_err();
    let bytes = LIMIT + 1;
    assert!(
        matches!(error, HyperlightError::RequestTooLarge { bytes: b, limit: LIMIT } if b == bytes),
        "{error}"
    );
    assert!(is_alive(&mut guest) && !guest.is_poisoned());
}

#[test]
fn a_reply_that_is_too_long_is_an_error_and_the_guest_lives_on() {
    let Some(mut guest) = boot() else { return };
    let longest = (MESSAGE_BYTES_MAX - OVERHEAD) as u64;
    let reply = guest.probe(&Probe::Produce(longest)).unwrap();
    assert!(reply == ProbeReply::Bytes(vec![0; longest as usize]));
    for _ in 0..2 {
        let error = guest.probe(&Probe::Produce(longest + 1)).unwrap_err();
        assert!(matches!(error, HyperlightError::ReplyTooLarge { limit: LIMIT, .. }), "{error}");
        assert!(is_alive(&mut guest) && !guest.is_poisoned());
    }
}

#[test]
fn long_messages_leave_nothing_behind() {
    let Some(mut guest) = boot() else { return };
    let mut free = Vec::new();
    for _ in 0..4 {
        guest.probe(&Probe::Echo(vec![1; 1 << 20])).unwrap();
        free.push(figures(&mut guest).frames_free);
    }
    assert_eq!(free[1], free[3], "{free:?}");
}
