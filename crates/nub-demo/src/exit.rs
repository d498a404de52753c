//! Why a command fails, for a person to read on standard error.

use nub::BackendError;
use nub::error::{ApplyError, CommitError, GenesisError, OpenError, QueryError};
use nub::{Failure, Status};

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A handle was not made.
    #[error("starting a backend: {0}")]
    Start(#[from] Failure<OpenError>),
    /// A micro-VM was required and there is none.
    #[error("a micro-VM is required, but none can run here: {0}")]
    NoGuest(String),
    /// The genesis was refused.
    #[error("genesis: {0}")]
    Genesis(#[from] Failure<GenesisError>),
    /// A block was refused.
    #[error("applying a block: {0}")]
    Apply(#[from] Failure<ApplyError>),
    /// A root was not committed.
    #[error("committing: {0}")]
    Commit(#[from] Failure<CommitError>),
    /// A query was refused.
    #[error("querying: {0}")]
    Query(#[from] Failure<QueryError>),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// An event failed that should not.
    #[error("event {index} of block {block} ended with {status:?}: {message}")]
    Event {
        /// Height of the block.
        block: u64,
        /// Index of the event.
        index: usize,
        /// How it ended.
        status: Status,
        /// Its revert message.
        message: String,
    },
    /// The backends differ.
    #[error("the backends differ in {what}: local {local}, hyperlight {hyperlight}")]
    Differs {
        /// In what.
        what: String,
        /// The local backend's.
        local: String,
        /// The other's.
        hyperlight: String,
    },
    /// A contract gave something else than it should.
    #[error("{what} is not what it should be: {found}")]
    Unexpected {
        /// What was looked at.
        what: &'static str,
        /// What it was.
        found: String,
    },
    /// The result did not serialise or print.
    #[error("printing the result: {0}")]
    Print(#[from] serde_json::Error),
}
