//! Arithmetic mod 2²⁵⁵ − 19: widening multiplications.

use core::hint::black_box;

use ed25519_dalek::{Signature, Verifier, VerifyingKey};

use crate::hex::octets;

/// RFC 8032, section 7.1, test 3: key, message, signature.
const KEY: [u8; 32] = octets("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
const MESSAGE: [u8; 2] = octets("af82");
const SIGNATURE: [u8; 64] = octets(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
     18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
);

/// Verifies two signatures, a good one and a forged one: 1 for each good one that passes, 2³² for each forged
/// one that does not.
pub fn ed25519(rounds: u32) -> u64 {
    let mut count = 0;
    for _ in 0..rounds {
        let mut signature = SIGNATURE;
        count += u64::from(verify(&signature));
        signature[40] ^= 1;
        count += u64::from(!verify(&signature)) << 32;
    }
    count
}

fn verify(signature: &[u8; 64]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(black_box(&KEY)) else { return false };
    key.verify(black_box(&MESSAGE), &Signature::from_bytes(black_box(signature))).is_ok()
}
