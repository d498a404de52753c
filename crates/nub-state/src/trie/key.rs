//! A key: 1 to 32 bytes.

use super::path::Path;
use crate::error::StateError;
use alloc::vec::Vec;
use core::fmt;
use nub_abi::InstanceId;
use nub_abi::host_call::KEY_BYTES_MAX;
use parity_scale_codec::{Decode, Encode, Error, Input, Output};

/// 1 to 32 bytes. Having one is the proof that its length was checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Zero past the end, so that the order of keys is that of (bytes, length).
    bytes: [u8; KEY_BYTES_MAX],
    length: u8,
}

impl Key {
    /// A key of these bytes; `None` unless there are 1 to 32.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let length = u8::try_from(bytes.len()).ok().filter(|&length| length >= 1)?;
        let mut key = Self { bytes: [0; KEY_BYTES_MAX], length };
        key.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(key)
    }

    /// The key of a slot: one byte.
    pub const fn slot(number: u8) -> Self {
        let mut bytes = [0; KEY_BYTES_MAX];
        bytes[0] = number;
        Self { bytes, length: 1 }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    pub(crate) fn path(&self) -> Path {
        Path::of_bytes(self.as_bytes())
    }

    /// The key at a path.
    pub(crate) fn at(path: &Path) -> Result<Self, StateError> {
        path.bytes().and_then(Self::new).ok_or(StateError::BadTriePath(path.len()))
    }

    /// The number that the key of a page or a receipt is.
    pub(crate) fn number(&self) -> Result<u32, StateError> {
        let bytes = self.as_bytes();
        let error = StateError::BadTriePath(2 * bytes.len());
        Ok(u32::from_be_bytes(bytes.try_into().map_err(|_| error)?))
    }
}

impl From<InstanceId> for Key {
    fn from(id: InstanceId) -> Self {
        Self { bytes: id.0, length: KEY_BYTES_MAX as u8 }
    }
}

/// The key of a page or a receipt: its number, big-endian.
impl From<u32> for Key {
    fn from(number: u32) -> Self {
        let mut bytes = [0; KEY_BYTES_MAX];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Self { bytes, length: 4 }
    }
}

/// SCALE bytes.
impl Encode for Key {
    fn size_hint(&self) -> usize {
        1 + self.as_bytes().len()
    }

    fn encode_to<T: Output + ?Sized>(&self, out: &mut T) {
        self.as_bytes().encode_to(out);
    }
}

/// Refuses lengths other than 1 to 32.
impl Decode for Key {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        Self::new(&Vec::decode(input)?).ok_or_else(|| Error::from("a key has 1 to 32 bytes"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(")?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
