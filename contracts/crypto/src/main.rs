//! Hashes and signatures: by the kernel's host calls, and in the program. `README.md` has the endpoints.
//!
//! Hashes take a number of rounds: the first hashes the data, each other the hash before; no rounds give zeros.

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

use blake2::digest::consts::U32;
use nub_sdk::contract;
use sha2::Sha256;
use sha3::{Digest, Keccak256};

type Blake2b256 = blake2::Blake2b<U32>;

/// It keeps nothing.
#[derive(Default)]
struct Crypto;

#[contract(stack = 65536, panic = "trap")]
impl Crypto {
    /// blake2b-256, by the kernel.
    #[endpoint]
    fn kernel_blake2b(&self, rounds: u32, data: &[u8]) -> [u8; 32] {
        chain(rounds, data, nub_sdk::blake2b)
    }

    /// Keccak-256, by the kernel.
    #[endpoint]
    fn kernel_keccak(&self, rounds: u32, data: &[u8]) -> [u8; 32] {
        chain(rounds, data, nub_sdk::keccak)
    }

    /// blake2b-256, in the program.
    #[endpoint]
    fn blake2b(&self, rounds: u32, data: &[u8]) -> [u8; 32] {
        chain(rounds, data, |octets| <Blake2b256 as blake2::Digest>::digest(octets).into())
    }

    /// Keccak-256, in the program.
    #[endpoint]
    fn keccak(&self, rounds: u32, data: &[u8]) -> [u8; 32] {
        chain(rounds, data, |octets| Keccak256::digest(octets).into())
    }

    /// SHA-256, in the program.
    #[endpoint]
    fn sha256(&self, rounds: u32, data: &[u8]) -> [u8; 32] {
        chain(rounds, data, |octets| <Sha256 as sha2::Digest>::digest(octets).into())
    }

    /// Is it the signature of this message by this key?
    #[endpoint]
    fn ed25519(&self, key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        signatures::ed25519(key, message, signature)
    }

    /// Is it the signature of this hash by this key?
    #[endpoint]
    fn secp256k1(&self, key: &[u8; 33], hash: &[u8; 32], signature: &[u8; 64]) -> bool {
        signatures::secp256k1(key, hash, signature)
    }

    /// The address of who made this signature, as Ethereum's precompile gives it.
    #[endpoint]
    fn ecrecover(&self, hash: &[u8; 32], signature: &[u8; 64], recovery: u8) -> Option<[u8; 20]> {
        let key = signatures::secp256k1_recover(hash, signature, recovery)?;
        nub_sdk::keccak(&key).last_chunk().copied()
    }
}

fn chain(rounds: u32, data: &[u8], hash: impl Fn(&[u8]) -> [u8; 32]) -> [u8; 32] {
    match rounds.checked_sub(1) {
        None => [0; 32],
        Some(more) => (0..more).fold(hash(data), |before, _| hash(&before)),
    }
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_hashes_as_the_kernel() {
        for (rounds, data) in [(0, &b""[..]), (1, b""), (1, b"abc"), (3, &[7; 300])] {
            assert_eq!(Crypto.blake2b(rounds, data), Crypto.kernel_blake2b(rounds, data));
            assert_eq!(Crypto.keccak(rounds, data), Crypto.kernel_keccak(rounds, data));
        }
        assert_eq!(Crypto.sha256(2, b"abc"), Crypto.sha256(1, &Crypto.sha256(1, b"abc")));
    }
}
