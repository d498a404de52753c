//! Why bytes are not an object, and why a state cannot be read.

use crate::kind::{Kind, Kinds};
use alloc::string::ToString;
use nub_abi::Hash;
use nub_abi::error::Abort;

/// Bytes that are not the canonical encoding of an object (`docs/spec/encoding.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There are no bytes at all.
    #[error("empty bytes are not an object")]
    Empty,
    /// The kind tag is unknown.
    #[error("unknown kind tag {0:#04x}")]
    UnknownKind(u8),
    /// The kind is not one that may stand here.
    #[error("expected {expected}, found {found:?}")]
    WrongKind {
        /// What may stand here.
        expected: Kinds,
        /// What does.
        found: Kind,
    },
    /// The bytes end early, or a field is not the SCALE encoding of its type.
    #[error("truncated or malformed SCALE field")]
    Scale,
    /// Bytes follow the object.
    #[error("{0} bytes follow the object")]
    TrailingBytes(usize),
    /// A child is tagged neither embedded (0) nor hashed (1).
    #[error("unknown child tag {0:#04x}")]
    UnknownChildTag(u8),
    /// A child longer than 128 bytes is embedded.
    #[error("a child of {0} bytes is embedded; it must be named by hash")]
    EmbeddedTooLong(usize),
    /// An object of at most 128 bytes is named by hash.
    #[error("an object of {0} bytes is named by hash; it must be embedded")]
    HashedTooShort(usize),
    /// The bytes do not have the hash they were asked for by.
    #[error("the bytes hash to {0}")]
    HashMismatch(Hash),
    /// The bytes decode, but are not what the object encodes to.
    #[error("non-canonical bytes: the object they decode to encodes differently")]
    NonCanonical,
    /// A trie path has more than 64 nibbles.
    #[error("a trie path of {0} nibbles, the most is 64")]
    PathTooLong(u8),
    /// The last half-byte of an odd trie path is not zero.
    #[error("a trie path is not padded with zero")]
    PathPadding,
    /// A branch has fewer children than its shape needs: two, or one beside a value.
    #[error("a branch with {0} children")]
    BranchTooSmall(u32),
    /// A byte value is longer than 4096 bytes.
    #[error("a byte value of {0} bytes, the most is 4096")]
    BytesTooLong(usize),
    /// A page is empty, longer than 4096 bytes, or ends in a zero byte.
    #[error("a page is all zero, longer than 4096 bytes, or ends in zero")]
    BadPage,
    /// A Ref has no right, or an unknown one.
    #[error("ref rights {0:#04x}; they are 1 to 7")]
    BadRights(u8),
    /// A CNode's child heights end in zero or exceed 15.
    #[error("child heights of a CNode end in zero or exceed 15")]
    BadChildHeights,
    /// Entries that must ascend strictly do not.
    #[error("entries are not in strictly ascending order")]
    Unordered,
    /// An Image's data, heap and stack do not fit the address space.
    #[error("data, heap and stack do not fit the address space")]
    DoesNotFit,
}

/// A state that does not hang together. Its bytes verify, so it was never made by this code: whoever
/// named its root is at fault, or the code has a bug. Never caused by a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// An object is not there; only from [`crate::NoLoader`].
    #[error("object {0} is missing")]
    Missing(Hash),
    /// An object is not of a kind that may stand where it does.
    #[error("{}expected {expected}, found {found:?}", prefix(.hash))]
    WrongKind {
        /// The object's hash, where it has one.
        hash: Option<Hash>,
        /// What may stand there.
        expected: Kinds,
        /// What does.
        found: Kind,
    },
    /// A trie has a value at an odd number of nibbles, at none, or at more than 64.
    #[error("a trie holds a value at a path of {0} nibbles, which is no key")]
    BadTriePath(usize),
    /// A CNode's child heights do not count a CNode that is stored in it.
    #[error("a CNode does not count a CNode of height {0} that is stored in it")]
    HeightNotCounted(u8),
}

fn prefix(hash: &Option<Hash>) -> alloc::string::String {
    hash.map(|hash| alloc::format!("object {hash}: ")).unwrap_or_default()
}

impl From<StateError> for Abort {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Missing(hash) => Self::MissingObject(hash),
            StateError::WrongKind { hash, .. } => {
                Self::CorruptObject { hash: hash.unwrap_or(Hash::ZERO), reason: error.to_string() }
            }
            _ => Self::CorruptObject { hash: Hash::ZERO, reason: error.to_string() },
        }
    }
}
