//! What a handler may return, and how a call ends.

use crate::host;

/// Octets for the caller: an output or the message of a revert.
pub trait Output {
    /// The octets.
    fn bytes(&self) -> &[u8];
}

impl Output for () {
    fn bytes(&self) -> &[u8] {
        &[]
    }
}

impl<const N: usize> Output for [u8; N] {
    fn bytes(&self) -> &[u8] {
        self
    }
}

impl Output for &[u8] {
    fn bytes(&self) -> &[u8] {
        self
    }
}

impl Output for &str {
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<O: Output> Output for Option<O> {
    fn bytes(&self) -> &[u8] {
        self.as_ref().map_or(&[], Output::bytes)
    }
}

impl Output for core::convert::Infallible {
    fn bytes(&self) -> &[u8] {
        match *self {}
    }
}

/// Ends the call with success and this output. Output above the chain's limit fails the call.
pub fn ret(output: &[u8]) -> ! {
    host::ret(output)
}

/// Ends the call, undoes what it changed, and gives the caller this message.
pub fn revert(message: &[u8]) -> ! {
    host::revert(message)
}
