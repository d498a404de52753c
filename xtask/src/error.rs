//! Why a command failed.

use std::path::PathBuf;

use nub_build::{GuestBuildError, RustcVersion, ToolchainError};

use crate::apt::PACKAGES;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Setup tried what it may try, and still nothing builds.
    #[error("{0}")]
    Toolchain(#[from] ToolchainError),
    /// Debian's packages would help, and only root may install them.
    #[error(
        "{missing}\n\
         This command would also do, as root: apt-get update && apt-get install --no-install-recommends {}",
        PACKAGES.join(" ")
    )]
    NotRoot {
        /// What is missing.
        missing: ToolchainError,
    },
    /// Installing Debian's packages failed or was refused.
    #[error(transparent)]
    Apt(#[from] AptError),
    /// A program could not be started.
    #[error("cannot run {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The output of a program could not be read.
    #[error("cannot read what {} printed: {source}", program.display())]
    Output {
        /// The program.
        program: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// A source file could not be read or written.
    #[error("cannot read or write {}: {source}", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// A page has no place for what was measured.
    #[error("{} lacks the marks between which figures go; take them from its history", path.display())]
    NoMarks {
        /// The page.
        path: PathBuf,
    },
    /// The guest cannot be built.
    #[error("{0}")]
    Guest(#[from] GuestBuildError),
}

/// Why Debian's packages were not installed.
#[derive(Debug, thiserror::Error)]
pub enum AptError {
    /// Installing would take packages away that somebody wanted.
    #[error(
        "installing {} would remove {}, so nothing was installed; \
         remove them yourself, or run `rustup target add x86_64-unknown-none` instead",
        PACKAGES.join(" "), packages.join(" ")
    )]
    WouldRemove {
        /// What would go.
        packages: Vec<String>,
    },
    /// The archive has only an older compiler.
    #[error(
        "apt offers rustc-web {found}, and {needed} or newer is needed; add the release's security or \
         backports archive, or run `rustup target add x86_64-unknown-none` instead"
    )]
    TooOld {
        /// What apt offers.
        found: RustcVersion,
        /// The oldest that will do.
        needed: RustcVersion,
    },
    /// The archive does not have the packages.
    #[error("apt cannot install {}: {reason}", PACKAGES.join(" "))]
    Unavailable {
        /// What apt-get said.
        reason: String,
    },
    /// apt-get failed while installing.
    #[error("`{command}` failed; run it by hand to see why")]
    Failed {
        /// The command line.
        command: String,
    },
}
