//! Why an operation of the handle failed: the kernel refused it, or the backend failed.

use nub_abi::error::{QueryError, StateImportError};
use std::fmt::{Debug, Display};

/// Why an operation on [`Nub`](crate::Nub) failed. Committed state is as it was before; only if the backend
/// failed during a commit may the new root be the committed one ([`Nub::state_root`](crate::Nub::state_root) tells).
#[derive(Debug, thiserror::Error)]
pub enum Failure<E: Debug + Display> {
    /// The kernel refused the operation, or its environment failed; the error says what to do.
    #[error("{0}")]
    Kernel(E),
    /// The backend failed under the kernel. The next call starts a new guest on the committed root;
    /// candidates are gone, so apply their blocks again.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl<E: Debug + Display> Failure<E> {
    /// The kernel's error, if it is one.
    pub fn kernel(self) -> Option<E> {
        match self {
            Self::Kernel(error) => Some(error),
            Self::Backend(_) => None,
        }
    }
}

/// Why a state was not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The kernel or its backend.
    #[error(transparent)]
    Kernel(#[from] Failure<QueryError>),
    /// Writing the bytes.
    #[error("writing the export: {0}; what was written is not a whole export")]
    Write(#[from] std::io::Error),
}

/// Why a state was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The kernel or its backend.
    #[error(transparent)]
    Kernel(#[from] Failure<StateImportError>),
    /// Reading the bytes.
    #[error("reading the export: {0}; nothing was imported")]
    Read(#[from] std::io::Error),
}

impl From<BackendError> for ImportError {
    fn from(error: BackendError) -> Self {
        Self::Kernel(Failure::Backend(error))
    }
}

impl From<BackendError> for ExportError {
    fn from(error: BackendError) -> Self {
        Self::Kernel(Failure::Backend(error))
    }
}

/// Why a backend could not answer.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The micro-VM is unavailable, crashed, or refused a message.
    #[error(transparent)]
    Hyperlight(#[from] crate::hyperlight::HyperlightError),
    /// The environment asks for what there is not.
    #[error(transparent)]
    Environment(#[from] crate::UnknownChoice),
    /// The new guest did not accept the committed root.
    #[error("the restarted guest does not open the committed root: {0}")]
    Reopen(nub_abi::error::OpenError),
    /// The reply does not answer the request.
    #[error(
        "the kernel gave a reply that does not answer the request: {0}; host and guest were built apart, rebuild"
    )]
    UnexpectedReply(String),
}
