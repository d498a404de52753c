//! Ways to panic, for contracts that do so in each of the three modes.

#![no_std]

/// Smaller than an index may ask.
static TABLE: [u8; 4] = [1, 2, 3, 4];

/// Panics if the sum does not fit: contracts are built with overflow checks.
pub fn sum(a: u64, b: u64) -> u64 {
    a + b
}

/// Panics from 4 on, with a message made at run time.
pub fn entry(index: u32) -> u8 {
    TABLE[index as usize]
}

/// Panics with a message made at run time.
pub fn say(number: u64) {
    panic!("the number is {number}");
}

/// Panics if there is nothing.
pub fn need(value: Option<u64>) -> u64 {
    value.expect("there must be one")
}
