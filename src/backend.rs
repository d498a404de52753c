//! Where the kernel runs: one way in, whatever is behind it.

use crate::BackendKind;
use crate::blobs::{SharedBlobs, Storage};
use crate::failure::BackendError;
use crate::hyperlight::{Guest, GuestConfig};
use nub_abi::rpc::{BootConfig, Reply, Request};
use nub_arch_local::LocalArch;
use nub_kernel::Kernel;
use nub_kernel::stored::StoredBlobs;

/// A running kernel.
pub(crate) enum Backend {
    /// In this process.
    Local(Box<Kernel<LocalArch<SharedBlobs>>>),
    /// In ring 0 of a micro-VM.
    Hyperlight(Box<Guest>),
}

impl Backend {
    /// Starts a kernel without a state. `kind` is not `Auto`.
    pub(crate) fn start(
        kind: BackendKind,
        boot: BootConfig,
        storage: Storage,
        guest: GuestConfig,
    ) -> Result<Self, BackendError> {
        Ok(match kind {
            BackendKind::Hyperlight => Self::Hyperlight(Box::new(Guest::start(boot, storage, guest)?)),
            BackendKind::Local | BackendKind::Auto => {
                let blobs = match storage {
                    Storage::Blobs(blobs) => blobs,
                    Storage::Device(device, _) => SharedBlobs::new(StoredBlobs::new(device), None),
                };
                Self::Local(Box::new(Kernel::new(LocalArch::new(blobs), &boot)))
            }
        })
    }

    /// Answers one request.
    pub(crate) fn request(&mut self, request: &Request) -> Result<Reply, BackendError> {
        match self {
            Self::Local(kernel) => {
                let reply = kernel.handle(request);
                if let Some(fault) = kernel.new_store_fault() {
                    tracing::error!(%fault, "the store commits, but something is wrong with it");
                }
                Ok(reply)
            }
            Self::Hyperlight(guest) => guest.request(request),
        }
    }

    pub(crate) fn kind(&self) -> BackendKind {
        match self {
            Self::Local(_) => BackendKind::Local,
            Self::Hyperlight(_) => BackendKind::Hyperlight,
        }
    }
}
