//! Strict decoding: untrusted bytes give a value that encodes back to the same bytes, or an error.

use alloc::string::{String, ToString};
use parity_scale_codec::{Decode, DecodeAll, Encode};

/// Bytes that are not the canonical encoding of the expected type.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum CodecError {
    /// The bytes end early, have a wrong tag, or are followed by more.
    #[error("malformed bytes: {0}; they must be exactly one SCALE value of the expected type")]
    Malformed(String),
    /// The bytes decode, but are not what the value encodes to.
    #[error("non-canonical bytes: the value they decode to encodes differently")]
    NonCanonical,
}

/// Decodes exactly one canonical value from all of `bytes`.
pub fn decode_exact<T: Decode + Encode>(bytes: &[u8]) -> Result<T, CodecError> {
    let value = T::decode_all(&mut &*bytes).map_err(|error| CodecError::Malformed(error.to_string()))?;
    if value.encoded_size() != bytes.len() || value.encode() != bytes {
        return Err(CodecError::NonCanonical);
    }
    Ok(value)
}
