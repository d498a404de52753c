//! A guest that is restarted on the committed root when it crashes.
// INTERFACE the handle (src/backend.rs, src/builder.rs) builds on; the author of this folder replaces the bodies:
// Guest::start boots a sandbox and sends Request::Boot; Guest::request sends one encoded request and decodes the
// reply; if the previous call poisoned the sandbox it first boots a new one and sends Request::Open(committed root).

use crate::blobs::SharedBlobs;
use crate::failure::BackendError;
use nub_abi::rpc::{BootConfig, Reply, Request};

/// How a micro-VM is set up.
#[derive(Clone, Debug)]
pub struct GuestConfig {
    /// Memory of the guest's kernel: heap, frames, page tables. In bytes.
    pub arena_bytes: u64,
}

impl Default for GuestConfig {
    fn default() -> Self {
        Self { arena_bytes: 256 << 20 }
    }
}

/// Why the micro-VM could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum HyperlightError {
    /// There is no hypervisor.
    #[error("no KVM here: {reason}; use the local backend, or a machine where /dev/kvm can be opened")]
    NoKvm {
        /// What was tried and seen.
        reason: String,
    },
}

/// A running guest.
pub struct Guest {}

impl Guest {
    /// Boots a guest and its kernel.
    pub fn start(
        _boot: BootConfig,
        _blobs: SharedBlobs,
        _config: GuestConfig,
    ) -> Result<Self, HyperlightError> {
        Err(HyperlightError::NoKvm { reason: "the backend is not built yet".into() })
    }

    /// Sends one request and waits for its reply.
    pub fn request(&mut self, _request: &Request) -> Result<Reply, BackendError> {
        Err(HyperlightError::NoKvm { reason: "the backend is not built yet".into() }.into())
    }
}

/// Why a micro-VM cannot run here; `None` if it can.
pub fn unavailable_reason() -> Option<String> {
    Some("the backend is not built yet".into())
}
