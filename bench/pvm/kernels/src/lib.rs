//! The work that every engine is measured by, and plain Rust beside them: one source for all.
//!
//! - A kernel does its work `rounds` times and returns a number that depends on all of it. Every engine must
//!   return the same.
//! - What one round reads depends on what the round before gave, or is hidden from the optimizer, so that no
//!   round can be left out.
//! - Cryptography is that of well-known crates, as a contract would use it.
//! - Nothing here allocates, and nothing knows where it runs.
#![no_std]

#[cfg(feature = "blake2b")]
mod blake2b;
#[cfg(feature = "ecrecover")]
mod ecrecover;
#[cfg(feature = "ed25519")]
mod ed25519;
mod fib;
#[cfg(any(feature = "ecrecover", feature = "ed25519"))]
mod hex;
mod hostcall;
#[cfg(feature = "keccak")]
mod keccak;
mod sieve;
mod sort;

#[cfg(feature = "blake2b")]
pub use blake2b::blake2b;
#[cfg(feature = "ecrecover")]
pub use ecrecover::ecrecover;
#[cfg(feature = "ed25519")]
pub use ed25519::ed25519;
pub use fib::fib;
pub use hostcall::hostcall;
#[cfg(feature = "keccak")]
pub use keccak::keccak;
pub use sieve::sieve;
pub use sort::sort;

/// How many octets the hash functions hash in a round.
pub const HASHED_LEN_BYTES: usize = 16384;

/// Octets to hash: a counter.
#[cfg(any(feature = "blake2b", feature = "keccak"))]
fn counted() -> [u8; HASHED_LEN_BYTES] {
    core::array::from_fn(|index| index as u8)
}

/// The first eight octets of a hash, as a number.
#[cfg(any(feature = "blake2b", feature = "keccak", feature = "ecrecover"))]
fn head(hash: &[u8]) -> u64 {
    hash.iter().take(8).rev().fold(0, |value, &octet| value << 8 | u64::from(octet))
}
