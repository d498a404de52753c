//! The guest image, embedded by the build script where it could be built.

use super::HyperlightError;

/// The ELF file.
#[cfg(nub_guest_image)]
pub(super) fn guest_image() -> Result<&'static [u8], HyperlightError> {
    Ok(include_bytes!(env!("NUB_GUEST_ELF")))
}

/// Why there is none.
#[cfg(not(nub_guest_image))]
pub(super) fn guest_image() -> Result<&'static [u8], HyperlightError> {
    Err(HyperlightError::NoGuestImage { reason: env!("NUB_GUEST_MISSING_REASON").into() })
}
