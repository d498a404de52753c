//! A TypeDef as octets: kind tag, then SCALE. Their hash is what an Image names.

use nub_abi::codec::{CodecError, decode_exact};
use nub_abi::{Hash, blake2b_256};
use nub_state::{Kind, TypeDef};
use parity_scale_codec::Encode;

/// The octets.
pub fn to_bytes(types: &TypeDef) -> Vec<u8> {
    let mut octets = vec![Kind::TypeDef.tag()];
    types.encode_to(&mut octets);
    octets
}

/// The TypeDef of all the octets.
///
/// # Errors
/// [`CodecError`].
pub fn from_bytes(octets: &[u8]) -> Result<TypeDef, CodecError> {
    match octets.split_first() {
        Some((&tag, rest)) if tag == Kind::TypeDef.tag() => decode_exact(rest),
        _ => Err(CodecError::Malformed("a TypeDef starts with kind tag 0x03".into())),
    }
}

/// The hash by which an Image names it.
pub fn hash(types: &TypeDef) -> Hash {
    blake2b_256(&to_bytes(types))
}
