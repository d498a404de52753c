//! What can go wrong outside of programs.

use javm_recompiler_x86::CompileError;

/// Why the harness could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The operating system refused memory.
    #[error("{call}: {source}")]
    Memory {
        /// The system call.
        call: &'static str,
        /// Its error.
        source: std::io::Error,
    },
    /// The operating system refused the signal handler.
    #[error("sigaction: {0}")]
    Signal(std::io::Error),
    /// The program cannot be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

impl HarnessError {
    /// From the error of the last system call.
    pub(crate) fn memory(call: &'static str) -> HarnessError {
        HarnessError::Memory { call, source: std::io::Error::last_os_error() }
    }
}
