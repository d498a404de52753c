//! The handles there can be on this machine.

use crate::exit::CommandError;
use nub::{BackendKind, Nub, hyperlight};

/// A handle on each backend.
pub struct Backends {
    /// In this process.
    pub local: Nub,
    /// In a micro-VM.
    pub hyperlight: Guest,
}

/// A handle on a micro-VM, or why there is none.
pub enum Guest {
    /// It runs.
    Running(Box<Nub>),
    /// It cannot run here.
    Absent {
        /// Why, and what to do.
        reason: String,
    },
}

impl Backends {
    /// Starts what can be started. `NUB_REQUIRE_KVM=1` turns a missing micro-VM into an error.
    pub fn start() -> Result<Self, CommandError> {
        let local = Nub::builder().backend(BackendKind::Local).build()?;
        let hyperlight = match hyperlight::unavailable_reason() {
            None => Guest::Running(Box::new(Nub::builder().backend(BackendKind::Hyperlight).build()?)),
            Some(reason) if is_required() => return Err(CommandError::NoGuest(reason)),
            Some(reason) => Guest::Absent { reason },
        };
        Ok(Self { local, hyperlight })
    }
}

fn is_required() -> bool {
    std::env::var_os("NUB_REQUIRE_KVM").is_some_and(|value| value == "1")
}
