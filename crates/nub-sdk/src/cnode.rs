//! CNodes: maps from keys of 1 to 32 octets to capabilities and values, that are capabilities themselves.
//!
//! A CNode in a slot is a value: copies share what they hold, and changing one changes no other.

use crate::{Output, Selector, code, host};

/// Why a CNode did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CNodeError {
    /// A slot is out of range.
    BadArgument,
    /// The key does not have 1 to 32 octets.
    BadKey,
    /// There is no CNode, no such capability, or what is under the key is of the other sort.
    NoCapability,
    /// A Ref that goes into or out of a CNode needs the right to be handed on.
    NoRight,
    /// The value has more than 4096 octets.
    TooLong,
    /// CNodes would be more than 16 deep in each other.
    TooHigh,
    /// A code this SDK does not know.
    Unexpected,
}

impl CNodeError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::BadArgument => "cnode: argument out of range",
            Self::BadKey => "cnode: bad key",
            Self::NoCapability => "cnode: no such capability",
            Self::NoRight => "cnode: a right is missing",
            Self::TooLong => "cnode: value too long",
            Self::TooHigh => "cnode: too high",
            Self::Unexpected => "cnode: unexpected answer",
        }
    }

    fn from_code(answer: u64) -> Self {
        match answer {
            code::BAD_ARGUMENT => Self::BadArgument,
            code::BAD_KEY => Self::BadKey,
            code::NO_CAPABILITY => Self::NoCapability,
            code::NO_RIGHT => Self::NoRight,
            code::TOO_LONG => Self::TooLong,
            code::TOO_HIGH => Self::TooHigh,
            _ => Self::Unexpected,
        }
    }

    /// What was answered, `most` at most, or what the code says.
    fn at_most(answer: u64, most: u64) -> Result<u64, Self> {
        if answer <= most { Ok(answer) } else { Err(Self::from_code(answer)) }
    }
}

impl Output for CNodeError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// Places an empty CNode into a slot, replacing what was there.
///
/// # Errors
/// [`CNodeError::Unexpected`]: nothing can be wrong with it.
pub fn new(slot: u8) -> Result<(), CNodeError> {
    CNodeError::at_most(host::cnode_new(slot), 0).map(drop)
}

/// Copies the capability that a CNode has under a key into a slot; was there one?
///
/// # Errors
/// [`CNodeError`]; [`CNodeError::NoCapability`] if there is a value instead.
pub fn get(from: Selector, key: &[u8], to_slot: u8) -> Result<bool, CNodeError> {
    match host::cnode_get(from, key, to_slot) {
        code::NONE => Ok(false),
        answer => CNodeError::at_most(answer, 0).map(|_| true),
    }
}

/// Copies a capability into the CNode in a slot, in place of what was under the key.
///
/// # Errors
/// [`CNodeError`].
pub fn put(slot: u8, key: &[u8], from: Selector) -> Result<(), CNodeError> {
    CNodeError::at_most(host::cnode_put(slot, key, from), 0).map(drop)
}

/// Removes a key from the CNode in a slot; was it there?
///
/// # Errors
/// [`CNodeError`].
pub fn remove(slot: u8, key: &[u8]) -> Result<bool, CNodeError> {
    CNodeError::at_most(host::cnode_remove(slot, key), 1).map(|answer| answer == 1)
}

/// The first key of a CNode after `key`, which may be empty; `None` after the last.
///
/// # Errors
/// [`CNodeError`].
pub fn next<'o>(from: Selector, key: &[u8], out: &'o mut [u8; 32]) -> Result<Option<&'o [u8]>, CNodeError> {
    match host::cnode_next(from, key, out) {
        code::NONE => Ok(None),
        answer => CNodeError::at_most(answer, 32).map(|length| out.get(..length as usize)),
    }
}

/// Reads a value of a CNode, as much as fits `out`; gives its whole length, `None` if the key is not there.
///
/// # Errors
/// [`CNodeError`]; [`CNodeError::NoCapability`] if there is a capability instead.
pub fn read(from: Selector, key: &[u8], out: &mut [u8]) -> Result<Option<usize>, CNodeError> {
    match host::cnode_read(from, key, out) {
        code::NONE => Ok(None),
        answer => CNodeError::at_most(answer, 4096).map(|length| Some(length as usize)),
    }
}

/// Puts a value of at most 4096 octets into the CNode in a slot, in place of what was under the key.
///
/// # Errors
/// [`CNodeError`].
pub fn write(slot: u8, key: &[u8], value: &[u8]) -> Result<(), CNodeError> {
    CNodeError::at_most(host::cnode_write(slot, key, value), 0).map(drop)
}
