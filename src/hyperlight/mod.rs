//! The micro-VM backend: a Hyperlight sandbox that runs the guest image.

mod guest;

pub use guest::{Guest, GuestConfig, HyperlightError, unavailable_reason};
