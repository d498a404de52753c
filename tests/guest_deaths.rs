//! Ways for a guest to die: each ends the call with an epitaph that says what happened, and never hangs.

mod common;

use common::{boot, epitaph, is_alive};
use nub::hyperlight::HyperlightError;
use nub::hyperlight::probe::{Death, Probe};

/// Dies in that way, and looks for all the parts in the epitaph.
fn dies(death: Death, parts: &[&str]) {
    let Some(mut guest) = boot() else { return };
    assert!(is_alive(&mut guest));
    let words = epitaph(&mut guest, death);
    let registers: &[&str] = match words.contains("vector") {
        true => &["rip 0x", "(image + 0x", "rsp 0x", "rflags 0x", "rax 0x", "r15 0x"],
        false => &[],
    };
    for part in parts.iter().chain(registers) {
        assert!(words.contains(part), "{death:?}: no `{part}` in `{words}`");
    }
    assert!(guest.is_poisoned());
    assert!(matches!(guest.probe(&Probe::Nothing), Err(HyperlightError::Poisoned)));
}

#[test]
fn panic() {
    dies(Death::Panic, &["panicked at", "asked to die by a panic", "probes.rs"]);
}

#[test]
fn wild_read() {
    dies(Death::WildRead, &["page fault (vector 14, error code 0x", "at address 0x777700000000"]);
}

#[test]
fn wild_write() {
    dies(Death::WildWrite, &["page fault (vector 14, error code 0x", "at address"]);
}

#[test]
fn wild_jump() {
    dies(Death::WildJump, &["page fault", "at address 0x777700000000", "rip 0x777700000000"]);
}

#[test]
fn window_outside_an_accessor() {
    dies(Death::WindowRead, &["page fault", "at address 0x10080000000"]);
}

#[test]
fn divide_by_zero() {
    dies(Death::DivideByZero, &["division error (vector 0"]);
}

#[test]
fn invalid_opcode() {
    dies(Death::InvalidOpcode, &["invalid opcode (vector 6"]);
}

#[test]
fn non_canonical_address() {
    dies(Death::NonCanonical, &["general protection fault (vector 13"]);
}

#[test]
fn stack_overflow() {
    dies(Death::StackOverflow, &["kernel stack overflow", "page fault"]);
}

#[test]
fn out_of_memory() {
    dies(Death::OutOfMemory, &["memory allocation of 1048576 bytes failed"]);
}
