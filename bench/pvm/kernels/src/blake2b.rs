//! 64-bit sums and rotations.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

/// BLAKE2b-256 of 16 KiB, the first eight octets being the result of the round before.
pub fn blake2b(rounds: u32) -> u64 {
    let mut octets = crate::counted();
    let mut result = 0;
    for _ in 0..rounds {
        octets[..8].copy_from_slice(&u64::to_le_bytes(result));
        result = crate::head(&Blake2b::<U32>::digest(octets));
    }
    result
}
