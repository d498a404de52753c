//! Logs: what a successful call tells the world.

use crate::codec::Encode;
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

/// A log with a type. `#[derive(Event)]` makes one of a struct; its topic is the struct's name or what
/// `#[event(topic = "…")]` says, the octets and then zeros.
pub trait Event: Encode {
    /// The topic.
    const TOPIC: [u8; 32];

    /// Appends it to the receipt. One longer than the chain allows reverts the call.
    #[inline]
    fn emit(&self) {
        if self.with_octets(|octets| host::emit(&Self::TOPIC, octets)) != 0 {
            host::revert(EmitError.bytes());
        }
    }
}

/// The octets of a name, then zeros: a topic.
pub const fn topic(name: &str) -> [u8; 32] {
    let mut topic = [0; 32];
    topic.split_at_mut(name.len()).0.copy_from_slice(name.as_bytes());
    topic
}
