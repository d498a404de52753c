//! Images from octets, Instances from Images.

use crate::{Badge, InstanceId, Output, code, host};

/// Why nothing was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateError {
    /// The octets are not a valid Image.
    BadImage,
    /// The Image is longer than the chain allows.
    TooLong,
    /// The slot holds no Image.
    NoCapability,
    /// A right is missing.
    NoRight,
    /// A slot is out of range.
    BadArgument,
    /// A code this SDK does not know.
    Unexpected,
}

impl CreateError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::BadImage => "create: not a valid image",
            Self::TooLong => "create: the image is too long",
            Self::NoCapability => "create: no image in the slot",
            Self::NoRight => "create: a right is missing",
            Self::BadArgument => "create: slot out of range",
            Self::Unexpected => "create: unexpected answer",
        }
    }

    fn from_code(answer: u64) -> Self {
        match answer {
            code::BAD_IMAGE => Self::BadImage,
            code::TOO_LONG => Self::TooLong,
            code::NO_CAPABILITY => Self::NoCapability,
            code::NO_RIGHT => Self::NoRight,
            code::BAD_ARGUMENT => Self::BadArgument,
            _ => Self::Unexpected,
        }
    }
}

impl Output for CreateError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// Checks an encoded Image and puts it into the slot, replacing what was there.
///
/// # Errors
/// [`CreateError::BadImage`], [`CreateError::TooLong`], [`CreateError::BadArgument`].
pub fn image_create(image: &[u8], slot: u8) -> Result<(), CreateError> {
    match host::image_create(image, slot) {
        0 => Ok(()),
        answer => Err(CreateError::from_code(answer)),
    }
}

/// Makes an Instance of the Image in `image_slot` and puts a Ref with all rights and this badge into
/// `ref_slot`, replacing what was there. Events may target the Instance if it is `public`.
///
/// # Errors
/// [`CreateError::NoCapability`], [`CreateError::BadArgument`].
pub fn instance_create(
    image_slot: u8,
    ref_slot: u8,
    public: bool,
    badge: &Badge,
) -> Result<InstanceId, CreateError> {
    let mut id = [0; 32];
    match host::instance_create(image_slot, ref_slot, public, badge, &mut id) {
        0 => Ok(id),
        answer => Err(CreateError::from_code(answer)),
    }
}
