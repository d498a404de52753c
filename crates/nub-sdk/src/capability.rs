//! Capabilities: copying, moving, dropping them, and minting Refs. Rights only shrink.

use crate::{Badge, Output, Selector, code, host};

/// Rights of a Ref, any of them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights(pub u8);

impl Rights {
    /// To call the target.
    pub const CALL: Self = Self(1);
    /// To hand the Ref on.
    pub const GRANT: Self = Self(2);
    /// To clone, upgrade and destroy the target, and to mint Refs with other badges.
    pub const MANAGE: Self = Self(4);

    /// These and those.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Why a capability stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapabilityError {
    /// A slot, selector or flag is out of range.
    BadArgument,
    /// There is no capability of that kind.
    NoCapability,
    /// A right is missing.
    NoRight,
    /// A code this SDK does not know.
    Unexpected,
}

impl CapabilityError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::BadArgument => "capability: argument out of range",
            Self::NoCapability => "capability: no such capability",
            Self::NoRight => "capability: a right is missing",
            Self::Unexpected => "capability: unexpected answer",
        }
    }

    fn from_code(answer: u64) -> Self {
        match answer {
            code::BAD_ARGUMENT => Self::BadArgument,
            code::NO_CAPABILITY => Self::NoCapability,
            code::NO_RIGHT => Self::NoRight,
            _ => Self::Unexpected,
        }
    }

    /// Success, or what the code says.
    fn check(answer: u64) -> Result<(), Self> {
        if answer == 0 { Ok(()) } else { Err(Self::from_code(answer)) }
    }
}

impl Output for CapabilityError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// Copies a capability into a slot, replacing what was there. Takes the same time whatever its size.
///
/// # Errors
/// [`CapabilityError::NoCapability`]; [`CapabilityError::NoRight`] for a Ref that was passed without the right
/// to be handed on.
pub fn copy(from: Selector, to_slot: u8) -> Result<(), CapabilityError> {
    CapabilityError::check(host::capability_copy(from, to_slot))
}

/// Moves what a slot holds to another, replacing what was there.
///
/// # Errors
/// [`CapabilityError::NoCapability`].
pub fn move_to(from_slot: u8, to_slot: u8) -> Result<(), CapabilityError> {
    CapabilityError::check(host::capability_move(from_slot, to_slot))
}

/// Empties a slot; did it hold anything?
pub fn discard(slot: u8) -> bool {
    host::capability_drop(slot) == 1
}

/// Places a Ref with some of the rights of `from` into a slot, to the same Instance, with the same badge or,
/// if `from` may manage, another.
///
/// # Errors
/// [`CapabilityError`].
pub fn mint(
    from: Selector,
    to_slot: u8,
    rights: Rights,
    badge: Option<&Badge>,
) -> Result<(), CapabilityError> {
    CapabilityError::check(host::ref_mint(from, to_slot, rights.0, badge))
}
