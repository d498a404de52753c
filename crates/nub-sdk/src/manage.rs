//! Managing other Instances, through Refs with the right to.

use crate::{Badge, InstanceId, Output, Selector, code, host};

/// Why an Instance stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManageError {
    /// A slot, selector or flag is out of range.
    BadArgument,
    /// There is no capability of that kind.
    NoCapability,
    /// A right is missing.
    NoRight,
    /// The Instance is on the call stack.
    Busy,
    /// The Instance does not exist any more.
    Gone,
    /// A code this SDK does not know.
    Unexpected,
}

impl ManageError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::BadArgument => "manage: argument out of range",
            Self::NoCapability => "manage: no such capability",
            Self::NoRight => "manage: a right is missing",
            Self::Busy => "manage: the instance is on the call stack",
            Self::Gone => "manage: the instance is gone",
            Self::Unexpected => "manage: unexpected answer",
        }
    }

    fn from_code(answer: u64) -> Self {
        match answer {
            code::BAD_ARGUMENT => Self::BadArgument,
            code::NO_CAPABILITY => Self::NoCapability,
            code::NO_RIGHT => Self::NoRight,
            code::BUSY => Self::Busy,
            code::GONE => Self::Gone,
            _ => Self::Unexpected,
        }
    }

    /// Success, or what the code says.
    fn check(answer: u64) -> Result<(), Self> {
        if answer == 0 { Ok(()) } else { Err(Self::from_code(answer)) }
    }
}

impl Output for ManageError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// Makes an Instance with the same content and places a Ref with all rights and this badge into `ref_slot`.
///
/// # Errors
/// [`ManageError`]; the Instance may not be on the call stack.
pub fn instance_clone(from: Selector, ref_slot: u8, badge: &Badge) -> Result<InstanceId, ManageError> {
    let mut id = [0; 32];
    ManageError::check(host::instance_clone(from, ref_slot, badge, &mut id))?;
    Ok(id)
}

/// Gives an Instance the Image in the slot and its initial memory; its slots and storage stay. One on the call
/// stack changes when its call succeeds.
///
/// # Errors
/// [`ManageError`], but never [`ManageError::Busy`].
pub fn instance_upgrade(from: Selector, image_slot: u8) -> Result<(), ManageError> {
    ManageError::check(host::instance_upgrade(from, image_slot))
}

/// Takes an Instance out of the state.
///
/// # Errors
/// [`ManageError`]; the Instance may not be on the call stack.
pub fn instance_destroy(from: Selector) -> Result<(), ManageError> {
    ManageError::check(host::instance_destroy(from))
}
