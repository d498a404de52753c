//! Hashes and signatures, against known answers.

use crate::chain::on_both;
use crate::*;

const KERNEL_BLAKE2B: u16 = 0;
const KERNEL_KECCAK: u16 = 1;
const BLAKE2B: u16 = 2;
const KECCAK: u16 = 3;
const SHA256: u16 = 4;
const ED25519: u16 = 5;
const SECP256K1: u16 = 6;
const ECRECOVER: u16 = 7;

fn octets<const N: usize>(text: &str) -> [u8; N] {
    let digit = |place: usize| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap();
    assert_eq!(text.len(), 2 * N);
    std::array::from_fn(digit)
}

/// RFC 8032, section 7.1, test 3: key, message, signature.
fn rfc8032() -> ([u8; 32], Vec<u8>, [u8; 64]) {
    (
        octets("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
        vec![0xaf, 0x82],
        octets(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    )
}

/// Of the tests of Ethereum's precompile: hash, signature, v − 27.
fn ethereum() -> ([u8; 32], [u8; 64], u8) {
    (
        octets("18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c"),
        octets(
            "73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f\
             eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549",
        ),
        1,
    )
}

/// The gas that verifying and recovering takes.
pub fn verified(chain: &mut TestChain) -> Vec<u64> {
    let verify = chain.run(event(ALICE, crypto(), ED25519, rfc8032()));
    assert!(output::<bool>(&verify));
    let recover = chain.run(event(ALICE, crypto(), ECRECOVER, ethereum()));
    let address = output::<Option<[u8; 20]>>(&recover);
    assert_eq!(address, Some(octets("a94f5374fce5edbc8e2a8697c15331677e6ebf0b")));
    vec![verify.gas_used, recover.gas_used]
}

on_both! { with crate::suite;
    hashes_are_the_known_ones => |chain| {
        let blake2b: [u8; 32] = octets("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
        let keccak: [u8; 32] = octets("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
        let sha256: [u8; 32] = octets("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let known = [
            (KERNEL_BLAKE2B, blake2b), (BLAKE2B, blake2b), (KERNEL_KECCAK, keccak), (KECCAK, keccak), (SHA256, sha256),
        ];
        for (endpoint, hash) in known {
            assert_eq!(ok::<[u8; 32]>(chain, ALICE, crypto(), endpoint, (1u32, b"abc".to_vec())), hash);
        }
        let long = (20u32, vec![7u8; 1000]);
        for (kernel, program) in [(KERNEL_BLAKE2B, BLAKE2B), (KERNEL_KECCAK, KECCAK)] {
            let hashes = [kernel, program].map(|endpoint| ok::<[u8; 32]>(chain, ALICE, crypto(), endpoint, &long));
            assert_eq!(hashes[0], hashes[1]);
        }
    };

    signatures_verify_and_forged_ones_do_not => |chain| {
        verified(chain);
        let (key, message, mut signature) = rfc8032();
        signature[40] ^= 1;
        assert!(!ok::<bool>(chain, ALICE, crypto(), ED25519, (key, message, signature)));
        let (hash, mut signature, recovery) = ethereum();
        // Its s is high, so no signature that is verified.
        assert!(!ok::<bool>(chain, ALICE, crypto(), SECP256K1, ([2u8; 33], hash, signature)));
        signature[..32].fill(0);
        assert_eq!(ok::<Option<[u8; 20]>>(chain, ALICE, crypto(), ECRECOVER, (hash, signature, recovery)), None);
    };
}
