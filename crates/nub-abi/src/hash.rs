//! Hashes: blake2b with a 256-bit output, the only hash on a state path.

use blake2::digest::{Digest, consts::U32};
use core::fmt;
use parity_scale_codec::{Decode, Encode};

/// A blake2b-256 hash. Displayed as `0x` and 64 hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Thirty-two zero octets: the parent of genesis, and "no hash" where a field must be present.
    pub const ZERO: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// How many hashes were computed.
#[cfg(feature = "count-hashes")]
static COMPUTED: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);

/// How many hashes this process has computed, whatever it computed them for. Only with the feature `count-hashes`.
#[cfg(feature = "count-hashes")]
pub fn hashes_computed() -> u64 {
    COMPUTED.load(core::sync::atomic::Ordering::Relaxed)
}

/// blake2b-256 of `bytes` (RFC 7693, no key, 32 octets of output).
pub fn blake2b_256(bytes: &[u8]) -> Hash {
    blake2b_256_parts(&[bytes])
}

/// blake2b-256 of the concatenation of `parts`.
pub fn blake2b_256_parts(parts: &[&[u8]]) -> Hash {
    #[cfg(feature = "count-hashes")]
    COMPUTED.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
    let mut hasher = blake2::Blake2b::<U32>::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn hash_of_abc_is_the_published_one() {
        assert_eq!(
            blake2b_256(b"abc").to_string(),
            "0xbddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"
        );
        assert_eq!(blake2b_256_parts(&[b"a", b"", b"bc"]), blake2b_256(b"abc"));
    }
}
