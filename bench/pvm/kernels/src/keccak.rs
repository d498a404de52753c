//! 64-bit logic and rotations over more state than there are registers.

use sha3::{Digest, Keccak256};

/// Keccak-256 of 16 KiB, the first eight octets being the result of the round before.
pub fn keccak(rounds: u32) -> u64 {
    let mut octets = crate::counted();
    let mut result = 0;
    for _ in 0..rounds {
        octets[..8].copy_from_slice(&u64::to_le_bytes(result));
        result = crate::head(&Keccak256::digest(octets));
    }
    result
}
