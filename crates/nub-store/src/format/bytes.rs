//! Numbers at fixed places of a byte string. Places are constants: a place beyond the end is a bug here.

use nub_abi::{Hash, blake2b_256};

/// Eight octets from `at`, as a little-endian number.
pub fn get_u64(bytes: &[u8], at: usize) -> u64 {
    let mut octets = [0; 8];
    octets.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(octets)
}

/// Four octets from `at`, as a little-endian number.
pub fn get_u32(bytes: &[u8], at: usize) -> u32 {
    let mut octets = [0; 4];
    octets.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(octets)
}

/// Two octets from `at`, as a little-endian number.
pub fn get_u16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// Thirty-two octets from `at`.
pub fn get_hash(bytes: &[u8], at: usize) -> Hash {
    let mut hash = Hash::ZERO;
    hash.0.copy_from_slice(&bytes[at..at + 32]);
    hash
}

/// Puts octets at `at`.
pub fn put(bytes: &mut [u8], at: usize, octets: &[u8]) {
    bytes[at..at + octets.len()].copy_from_slice(octets);
}

/// The first eight octets of a page's digest, as a number.
pub fn check_of(page: &[u8]) -> u64 {
    get_u64(&blake2b_256(page).0, 0)
}
