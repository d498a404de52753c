//! Errors, each with the command that helps.

use std::path::PathBuf;
use std::process::ExitStatus;

use crate::elf::ElfError;

/// Why no toolchain was found.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// `NUB_GUEST_TOOLCHAIN` holds something else than `target`, `build-std` or `none`.
    #[error("NUB_GUEST_TOOLCHAIN is {value:?}; set it to `target`, `build-std` or `none`, or unset it")]
    UnknownSelection {
        /// What the variable holds.
        value: String,
    },
    /// `NUB_GUEST_TOOLCHAIN=none`.
    #[error("the guest image was left out because NUB_GUEST_TOOLCHAIN=none; unset it and build again")]
    Disabled,
    /// A compiler could not be run or did not answer as a rustc does.
    #[error("cannot use the compiler {}: {reason}; check it with `{} -vV`", rustc.display(), rustc.display())]
    Rustc {
        /// The compiler that was asked.
        rustc: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// `NUB_GUEST_TOOLCHAIN=target`, and the current toolchain lacks the target.
    #[error(
        "the toolchain in {} lacks the target x86_64-unknown-none; \
         run `rustup target add x86_64-unknown-none`", sysroot.display()
    )]
    TargetMissing {
        /// The current toolchain's sysroot.
        sysroot: PathBuf,
    },
    /// Building the standard library needs its source, and no toolchain here has it.
    #[error(
        "no toolchain with its own rust-src was found; run `rustup component add rust-src`, or on Debian \
         `apt-get install rustc-web cargo-web rust-web-src` as root, or `cargo xtask {hint}`, which tries both"
    )]
    SourceMissing {
        /// The xtask command that installs it.
        hint: &'static str,
    },
    /// Neither way of building the guest is available.
    #[error(
        "nothing here builds for x86_64-unknown-none; run `cargo xtask setup`, \
         or `rustup target add x86_64-unknown-none`"
    )]
    NothingFound,
    /// A toolchain, but no linker.
    #[error("no linker for {target} was found (rust-lld, ld.lld{gnu}); on Debian run `apt-get install lld` as root",
        gnu = if *.gnu_works { ", ld" } else { "" })]
    LinkerMissing {
        /// What it would link.
        target: &'static str,
        /// Whether GNU ld would have done.
        gnu_works: bool,
    },
}

/// Why the guest image was not built.
#[derive(Debug, thiserror::Error)]
pub enum GuestBuildError {
    /// No toolchain builds it here.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// The guest's source is not beside the workspace, as in a packaged crate.
    #[error("the guest's source is not in {}; build `nub` from a clone of its repository", guest.display())]
    SourceMissing {
        /// Where it was expected.
        guest: PathBuf,
    },
    /// Guest images run on x86-64 hosts only.
    #[error("guest images run on x86-64 hosts, not on {arch}; use the local backend")]
    HostUnsupported {
        /// The architecture `nub` is built for.
        arch: String,
    },
    /// Documentation is built without network and needs no image.
    #[error("documentation builds carry no guest image; build `nub` from a clone of its repository")]
    Documentation,
    /// A file or process operation failed.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The nested cargo failed.
    #[error(
        "building the guest failed ({status}); to repeat it: {command}\n\
         (NUB_GUEST_TOOLCHAIN=none builds `nub` without the guest image)\n{stderr}"
    )]
    Compile {
        /// The command line, to run by hand.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// The nested cargo succeeded and the image is not there.
    #[error("the guest was built, but {} is missing; does guest/Cargo.toml name another binary?", path.display())]
    ImageMissing {
        /// Where it was expected.
        path: PathBuf,
    },
    /// The image would not boot.
    #[error("{} is not a guest image: {source}", path.display())]
    ImageUnusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ElfError,
    },
}

impl GuestBuildError {
    /// Whether `nub` still builds, without an image, when this happens and `NUB_REQUIRE_GUEST` is not set.
    ///
    /// A guest that does not compile and a misspelt selection are mistakes to show, not conditions to
    /// work around.
    pub fn leaves_nub_buildable(&self) -> bool {
        match self {
            GuestBuildError::Toolchain(ToolchainError::UnknownSelection { .. }) => false,
            GuestBuildError::Toolchain(_)
            | GuestBuildError::SourceMissing { .. }
            | GuestBuildError::HostUnsupported { .. }
            | GuestBuildError::Documentation => true,
            GuestBuildError::Io { .. }
            | GuestBuildError::Compile { .. }
            | GuestBuildError::ImageMissing { .. }
            | GuestBuildError::ImageUnusable { .. } => false,
        }
    }
}
