//! The micro-VM backend: the guest image, and the sandbox it runs in.
//!
//! - [`Guest`] answers requests; it starts a new sandbox on the committed root after a crash.
//! - [`Sandbox`] is one life of the image: a crash ends it. Probes speak to it directly.
//! - [`HyperlightError`] says why there is none, or why it died, with the guest's last words.

mod callbacks;
mod epitaph;
mod error;
mod exits;
mod guest;
mod image;
mod kvm;
mod privilege;
mod sandbox;
mod telemetry;
mod watchdog;

pub use error::HyperlightError;
pub use guest::{Guest, GuestConfig};
pub use kvm::{has_hardware_virtualisation, is_required, unavailable, unavailable_reason};
pub use nub_abi::guest as probe;
pub use nub_abi::guest::LogLevel;
pub use privilege::Privilege;
pub use sandbox::Sandbox;
pub use watchdog::KillSwitch;
