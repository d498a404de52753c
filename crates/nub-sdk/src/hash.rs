//! Hash functions.

use crate::host;

/// blake2b-256.
#[inline]
pub fn blake2b(octets: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    host::blake2b(octets, &mut hash);
    hash
}

/// Keccak-256 with the original padding.
#[inline]
pub fn keccak(octets: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    host::keccak(octets, &mut hash);
    hash
}
