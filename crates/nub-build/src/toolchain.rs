//! The search for a toolchain that builds the guest.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::env::nested_cargo;
use crate::error::ToolchainError;
use crate::guest::GUEST_TARGET;
use crate::linker::Linker;
use crate::rust::Rust;
use crate::selection::Selection;

/// How the guest's standard library comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Precompiled, in the toolchain.
    Target,
    /// Compiled from the toolchain's own source.
    BuildStd,
}

impl Method {
    /// The value of `NUB_GUEST_TOOLCHAIN` that forces it.
    pub fn name(self) -> &'static str {
        match self {
            Method::Target => "target",
            Method::BuildStd => "build-std",
        }
    }
}

/// A toolchain that builds the guest.
#[derive(Clone, Debug)]
pub struct GuestToolchain {
    /// How.
    pub method: Method,
    /// With which compiler and cargo.
    pub rust: Rust,
    /// With which linker.
    pub linker: Linker,
    /// The file or directory whose presence decided it.
    pub evidence: PathBuf,
}

impl GuestToolchain {
    /// Looks for a toolchain as `NUB_GUEST_TOOLCHAIN` allows.
    ///
    /// # Errors
    /// Those of [`GuestToolchain::find_as`] and [`Selection::from_env`].
    pub fn find() -> Result<GuestToolchain, ToolchainError> {
        GuestToolchain::find_as(Selection::from_env()?)
    }

    /// Looks for a toolchain: the target in the current one, else one that has its own source (the current
    /// one, then Debian's `rustc-web`), as far as `selection` allows.
    ///
    /// # Errors
    /// [`ToolchainError`]: nothing allowed was found, or the current compiler cannot be run.
    pub fn find_as(selection: Selection) -> Result<GuestToolchain, ToolchainError> {
        if selection == Selection::None {
            return Err(ToolchainError::Disabled);
        }
        let current = Rust::current()?;
        if selection != Selection::BuildStd
            && let Some(evidence) = current.target_library(GUEST_TARGET)
        {
            return GuestToolchain::with(Method::Target, current, evidence);
        }
        if selection == Selection::Target {
            return Err(ToolchainError::TargetMissing { sysroot: current.sysroot });
        }
        match with_source(current) {
            Some((rust, evidence)) => GuestToolchain::with(Method::BuildStd, rust, evidence),
            None if selection == Selection::BuildStd => Err(ToolchainError::SourceMissing { hint: "setup" }),
            None => Err(ToolchainError::NothingFound),
        }
    }

    fn with(method: Method, rust: Rust, evidence: PathBuf) -> Result<GuestToolchain, ToolchainError> {
        let linker = Linker::for_guest(&rust)?;
        Ok(GuestToolchain { method, rust, linker, evidence })
    }

    /// A nested cargo for [`GUEST_TARGET`](crate::GUEST_TARGET) in `directory`. The caller adds `--target-dir`,
    /// without which an outer cargo's lock could be waited for.
    pub fn cargo(&self, directory: &Path, subcommand: &str) -> Command {
        let mut command = nested_cargo(&self.rust.cargo, &self.rust.rustc, directory);
        command.args([subcommand, "--target", GUEST_TARGET]);
        if self.method == Method::BuildStd {
            command.env("RUSTC_BOOTSTRAP", "1").args([
                "-Zbuild-std=core,alloc,compiler_builtins",
                "-Zbuild-std-features=compiler-builtins-mem",
            ]);
        }
        // Not a flag: flags take part in symbol names, and the linker's place must not.
        command.env("CARGO_TARGET_X86_64_UNKNOWN_NONE_LINKER", &self.linker.path);
        command
    }

    /// One line for people: how, with which compiler and linker.
    pub fn describe(&self) -> String {
        let (method, linker) = (self.method.name(), self.linker.path.display());
        format!("{method}: {}, linker {linker}", self.rust.version_line)
    }
}

/// A toolchain that can compile the standard library, and the source's lockfile. Source and compiler must be
/// of one version, so source counts only in the compiler's own sysroot.
pub(crate) fn with_source(current: Rust) -> Option<(Rust, PathBuf)> {
    if let Some(lockfile) = current.source_lockfile() {
        return Some((current, lockfile));
    }
    let debian = Rust::debian()?;
    let lockfile = debian.source_lockfile()?;
    Some((debian, lockfile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_a_typed_error() {
        assert!(matches!(GuestToolchain::find_as(Selection::None), Err(ToolchainError::Disabled)));
    }

    #[test]
    fn a_forced_method_is_the_one_found_or_a_typed_error() {
        match GuestToolchain::find_as(Selection::Target) {
            Ok(found) => assert_eq!(found.method, Method::Target),
            Err(error) => assert!(matches!(error, ToolchainError::TargetMissing { .. }), "{error}"),
        }
        match GuestToolchain::find_as(Selection::BuildStd) {
            Ok(found) => assert_eq!(found.method, Method::BuildStd),
            Err(error) => assert!(matches!(error, ToolchainError::SourceMissing { .. }), "{error}"),
        }
    }
}
