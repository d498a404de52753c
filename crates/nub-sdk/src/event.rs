//! Logs: what a successful call tells the world.

use crate::{Output, host};

/// The data is longer than the chain allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmitError;

impl Output for EmitError {
    fn bytes(&self) -> &[u8] {
        b"emit: data too long"
    }
}

/// Appends a log to the receipt; it disappears if the call, or one above it, fails.
///
/// # Errors
/// [`EmitError`].
#[inline]
pub fn emit(topic: &[u8; 32], data: &[u8]) -> Result<(), EmitError> {
    if host::emit(topic, data) == 0 { Ok(()) } else { Err(EmitError) }
}
