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
    /// Starts what can be started. `NUB_REQUIRE_KVM=1` and `NUB_REQUIRE_GUEST=1` turn what is missing into an
    /// error.
    pub fn start() -> Result<Self, CommandError> {
        let local = Nub::builder().backend(BackendKind::Local).build()?;
        let hyperlight = match hyperlight::unavailable() {
            None => Guest::Running(Box::new(Nub::builder().backend(BackendKind::Hyperlight).build()?)),
            Some(missing) if hyperlight::is_required(&missing) => {
                return Err(CommandError::NoGuest(missing.to_string()));
            }
            Some(missing) => Guest::Absent { reason: missing.to_string() },
        };
        Ok(Self { local, hyperlight })
    }
}
