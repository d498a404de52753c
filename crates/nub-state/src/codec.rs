//! Helpers that decode SCALE fields with our error type.

use crate::error::DecodeError;
use alloc::vec::Vec;
use parity_scale_codec::Decode;

/// How one kind of object is encoded after its tag. Decoding is strict but need not be canonical by
/// itself: whoever decodes a whole object compares its re-encoding.
pub(crate) trait Body: Sized {
    /// Appends the encoding. Resident children must be sealed.
    fn encode_body(&self, out: &mut Vec<u8>);
    /// Reads one value off the front of `input`.
    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError>;
}

/// Reads a SCALE value off the front of `input`.
pub(crate) fn scale<T: Decode>(input: &mut &[u8]) -> Result<T, DecodeError> {
    T::decode(input).map_err(|_| DecodeError::Scale)
}

/// Reads `count` bytes off the front of `input`.
pub(crate) fn take<'a>(input: &mut &'a [u8], count: usize) -> Result<&'a [u8], DecodeError> {
    let (head, tail) = input.split_at_checked(count).ok_or(DecodeError::Scale)?;
    *input = tail;
    Ok(head)
}

/// Reads a compact length and that many bytes off the front of `input`, without copying them.
pub(crate) fn take_bytes<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let length: parity_scale_codec::Compact<u32> = scale(input)?;
    take(input, usize::try_from(length.0).map_err(|_| DecodeError::Scale)?)
}
