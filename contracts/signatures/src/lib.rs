//! Keys and signatures of two kinds, verified in the program. Both sign the same thing: a hash of 32 octets.
//!
//! Nobody but a key's owner can make a second signature of one that exists: ed25519 is verified strictly, and of the
//! two signatures that ECDSA has for everything, the one with the high s is refused.

#![no_std]
#![forbid(unsafe_code)]

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use nub_sdk::Scale;

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub enum Key {
    /// RFC 8032: the compressed point. What is signed is the hash, as a message.
    Ed25519([u8; 32]),
    /// SEC 1: the compressed point. ECDSA on the hash itself.
    Secp256k1([u8; 33]),
}

/// A signature: R ‖ S, or r ‖ s, big-endian.
pub type Signature = [u8; 64];

impl Key {
    /// Is it a point that can verify anything? One that anybody can sign for is not.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Ed25519(octets) => {
                ed25519_dalek::VerifyingKey::from_bytes(octets).is_ok_and(|key| !key.is_weak())
            }
            Self::Secp256k1(octets) => k256::ecdsa::VerifyingKey::from_sec1_bytes(octets).is_ok(),
        }
    }

    /// Did the key's owner sign this hash?
    pub fn verifies(&self, hash: &[u8; 32], signature: &Signature) -> bool {
        match self {
            Self::Ed25519(octets) => ed25519(octets, hash, signature),
            Self::Secp256k1(octets) => secp256k1(octets, hash, signature),
        }
    }
}

/// Ed25519, strictly: no key of small order, one encoding of everything.
pub fn ed25519(key: &[u8; 32], message: &[u8], signature: &Signature) -> bool {
    let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(key) else { return false };
    key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
}

/// ECDSA over secp256k1, low s only.
pub fn secp256k1(key: &[u8; 33], hash: &[u8; 32], signature: &Signature) -> bool {
    let Ok(key) = k256::ecdsa::VerifyingKey::from_sec1_bytes(key) else { return false };
    let Ok(signature) = k256::ecdsa::Signature::from_slice(signature) else { return false };
    signature.normalize_s().is_none() && key.verify_prehash(hash, &signature).is_ok()
}

/// The key, uncompressed (x ‖ y), of whoever made this ECDSA signature over secp256k1; `recovery` is 0 or 1, as
/// Ethereum's v − 27.
pub fn secp256k1_recover(hash: &[u8; 32], signature: &Signature, recovery: u8) -> Option<[u8; 64]> {
    use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
    let signature = Signature::from_slice(signature).ok()?;
    let recovery = RecoveryId::from_byte(recovery).filter(|recovery| !recovery.is_x_reduced())?;
    let (signature, recovery) = match signature.normalize_s() {
        Some(low) => (low, RecoveryId::from_byte(recovery.to_byte() ^ 1)?),
        None => (signature, recovery),
    };
    let key = VerifyingKey::recover_from_prehash(hash, &signature, recovery).ok()?;
    key.to_encoded_point(false).as_bytes().get(1..)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::Signer;
    use k256::ecdsa::signature::hazmat::PrehashSigner;

    const HASH: [u8; 32] = [0x42; 32];

    fn pairs() -> [(Key, Signature); 2] {
        let edwards = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
        let koblitz = k256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap();
        let point = koblitz.verifying_key().to_encoded_point(true);
        let ecdsa: k256::ecdsa::Signature = koblitz.sign_prehash(&HASH).unwrap();
        [
            (Key::Ed25519(edwards.verifying_key().to_bytes()), edwards.sign(&HASH).to_bytes()),
            (Key::Secp256k1(point.as_bytes().try_into().unwrap()), ecdsa.to_bytes().into()),
        ]
    }

    #[test]
    fn good_signatures_verify_and_others_do_not() {
        for (key, signature) in pairs() {
            assert!(key.is_valid() && key.verifies(&HASH, &signature));
            assert!(!key.verifies(&[0x43; 32], &signature));
            for place in [0, 31, 32, 63] {
                let mut forged = signature;
                forged[place] ^= 1;
                assert!(!key.verifies(&HASH, &forged), "{key:?} {place}");
            }
        }
        let [(edwards, first), (koblitz, second)] = pairs();
        assert!(!edwards.verifies(&HASH, &second) && !koblitz.verifies(&HASH, &first));
    }

    #[test]
    fn a_signature_has_no_twin() {
        let [_, (key, signature)] = pairs();
        let low = k256::ecdsa::Signature::from_slice(&signature).unwrap();
        let (r, s) = low.split_scalars();
        let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
        assert!(high.normalize_s().is_some());
        assert!(!key.verifies(&HASH, &high.to_bytes().into()));
    }

    #[test]
    fn keys_that_are_no_points_or_weak_are_not_valid() {
        // The identity, which verifies too much.
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(!Key::Ed25519(identity).is_valid());
        assert!(!Key::Secp256k1([0; 33]).is_valid() && !Key::Secp256k1([4; 33]).is_valid());
    }

    #[test]
    fn a_signer_is_recovered() {
        let koblitz = k256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap();
        let (signature, recovery) = koblitz.sign_prehash_recoverable(&HASH).unwrap();
        let point = koblitz.verifying_key().to_encoded_point(false);
        let octets = signature.to_bytes().into();
        let recovered = secp256k1_recover(&HASH, &octets, recovery.to_byte());
        assert_eq!(recovered.as_ref().map(|key| &key[..]), Some(&point.as_bytes()[1..]));
        assert_eq!(secp256k1_recover(&HASH, &octets, 2), None);
    }
}
