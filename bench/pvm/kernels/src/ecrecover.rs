//! Arithmetic on the curve secp256k1, as Ethereum's precompile does it.

use core::hint::black_box;

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha3::{Digest, Keccak256};

use crate::hex::octets;

/// A test of Ethereum's precompile: message hash, signature (its v is 28), and the signer's address, which
/// begins with a94f5374fce5edbc.
const HASH: [u8; 32] = octets("18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c");
const SIGNATURE: [u8; 64] = octets(
    "73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f\
     eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549",
);

/// Recovers the address of a signer: its first eight octets, little-endian, mixed over the rounds.
pub fn ecrecover(rounds: u32) -> u64 {
    (0..rounds).fold(0, |result: u64, _| result.rotate_left(1) ^ recover().unwrap_or(u64::MAX))
}

fn recover() -> Option<u64> {
    let signature = Signature::from_slice(black_box(&SIGNATURE)).ok()?;
    let recovery = RecoveryId::from_byte(1)?;
    let (signature, recovery) = match signature.normalize_s() {
        Some(low) => (low, RecoveryId::from_byte(recovery.to_byte() ^ 1)?),
        None => (signature, recovery),
    };
    let key = VerifyingKey::recover_from_prehash(black_box(&HASH), &signature, recovery).ok()?;
    let point = key.to_encoded_point(false);
    Some(crate::head(&Keccak256::digest(point.as_bytes().get(1..)?)[12..]))
}
