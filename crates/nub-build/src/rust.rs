//! A Rust toolchain: its compiler, its cargo, and what its sysroot holds.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ToolchainError;

/// The oldest compiler that builds the workspace (`rust-version` of the manifests).
pub const MIN_RUSTC: RustcVersion = RustcVersion { major: 1, minor: 89, patch: 0 };

/// The version of a compiler, without channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RustcVersion {
    /// Always 1 so far.
    pub major: u32,
    /// The release.
    pub minor: u32,
    /// The point release.
    pub patch: u32,
}

impl RustcVersion {
    /// Reads the leading `major.minor[.patch]` of `text`; what follows (`-nightly`, `+dfsg1-1~deb12u2`) is
    /// ignored. `None` if it does not begin with a version.
    pub fn parse(text: &str) -> Option<RustcVersion> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut parts = text[..end].split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        let patch = parts.next().map_or(Some(0), |part| part.parse().ok())?;
        Some(RustcVersion { major, minor, patch })
    }
}

impl fmt::Display for RustcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A Rust toolchain on this machine.
#[derive(Clone, Debug)]
pub struct Rust {
    /// The compiler.
    pub rustc: PathBuf,
    /// The cargo that goes with it.
    pub cargo: PathBuf,
    /// Where its libraries are.
    pub sysroot: PathBuf,
    /// The triple it runs on.
    pub host: String,
    /// Its version as a number.
    pub version: RustcVersion,
    /// The first line of `rustc -vV`, which identifies the exact compiler.
    pub version_line: String,
}

impl Rust {
    /// The toolchain that runs us, or the one on `PATH`.
    ///
    /// # Errors
    /// [`ToolchainError::Rustc`] if it cannot be run.
    pub fn current() -> Result<Rust, ToolchainError> {
        let cargo = non_empty("CARGO").unwrap_or_else(|| PathBuf::from("cargo"));
        // Build scripts are told their compiler. Elsewhere it stands beside cargo; `rustc` on PATH may be
        // another toolchain's.
        let beside_cargo = || Some(cargo.with_file_name("rustc")).filter(|rustc| rustc.is_file());
        let rustc = non_empty("RUSTC").or_else(beside_cargo).unwrap_or_else(|| PathBuf::from("rustc"));
        Rust::probe(&rustc, &cargo)
    }

    /// Debian's packaged `rustc-web` and `cargo-web`, which live in `/usr/bin`; `None` if they are absent, do
    /// not answer, or are older than [`MIN_RUSTC`] (as Debian's own `rustc` is).
    pub fn debian() -> Option<Rust> {
        let (rustc, cargo) = (Path::new("/usr/bin/rustc"), Path::new("/usr/bin/cargo"));
        if !rustc.is_file() || !cargo.is_file() {
            return None;
        }
        Rust::probe(rustc, cargo).ok().filter(|rust| rust.version >= MIN_RUSTC)
    }

    fn probe(rustc: &Path, cargo: &Path) -> Result<Rust, ToolchainError> {
        let error = |reason: String| ToolchainError::Rustc { rustc: rustc.to_owned(), reason };
        let verbose = answer(rustc, &["-vV"]).map_err(error)?;
        let identity = Identity::parse(&verbose).ok_or_else(|| error(format!("it said {verbose:?}")))?;
        let sysroot = answer(rustc, &["--print", "sysroot"]).map_err(error)?;
        Ok(Rust {
            rustc: rustc.to_owned(),
            cargo: cargo.to_owned(),
            sysroot: PathBuf::from(sysroot.trim()),
            host: identity.host,
            version: identity.version,
            version_line: identity.version_line,
        })
    }

    /// `<sysroot>/lib/rustlib/<target>/lib`, if a compiled `core` is in it.
    pub fn target_library(&self, target: &str) -> Option<PathBuf> {
        let library = self.sysroot.join("lib/rustlib").join(target).join("lib");
        let is_core = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with("libcore-"));
        let mut entries = std::fs::read_dir(&library).ok()?.flatten();
        entries.any(|entry| is_core(&entry.file_name())).then_some(library)
    }

    /// The lockfile of the standard library's source, if this toolchain has its source.
    pub fn source_lockfile(&self) -> Option<PathBuf> {
        let lockfile = self.sysroot.join("lib/rustlib/src/rust/library/Cargo.lock");
        lockfile.is_file().then_some(lockfile)
    }
}

/// The lines of `rustc -vV` we need.
struct Identity {
    version_line: String,
    version: RustcVersion,
    host: String,
}

impl Identity {
    fn parse(verbose: &str) -> Option<Identity> {
        let version_line = verbose.lines().next()?.trim().to_owned();
        let version = RustcVersion::parse(version_line.strip_prefix("rustc ")?)?;
        let host = verbose.lines().find_map(|line| line.strip_prefix("host: "))?.trim().to_owned();
        Some(Identity { version_line, version, host })
    }
}

fn non_empty(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn answer(rustc: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(rustc).args(arguments).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()));
    }
    String::from_utf8(output.stdout).map_err(|_| "its answer is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(major: u32, minor: u32, patch: u32) -> Option<RustcVersion> {
        Some(RustcVersion { major, minor, patch })
    }

    #[test]
    fn versions_are_read_up_to_what_is_not_one() {
        assert_eq!(RustcVersion::parse("1.95.0 (59807616e 2026-04-14)"), version(1, 95, 0));
        assert_eq!(RustcVersion::parse("1.97.0-nightly (e50aa6fba)"), version(1, 97, 0));
        assert_eq!(RustcVersion::parse("1.96.0+dfsg1-1~deb12u2"), version(1, 96, 0));
        assert_eq!(RustcVersion::parse("1.89"), version(1, 89, 0));
        for text in ["", "rustc", "1", "1.x", ".1.2", "1..2", "1.2.", "99999999999.1"] {
            assert_eq!(RustcVersion::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn versions_order_by_number() {
        let parse = |text| RustcVersion::parse(text).unwrap();
        assert!(parse("1.100.0") > parse("1.89.0"));
        assert!(parse("1.88.9") < MIN_RUSTC);
        assert!(parse("1.89.0") >= MIN_RUSTC);
    }

    #[test]
    fn an_identity_is_read_from_the_verbose_version() {
        let verbose = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\nbinary: rustc\n\
                       host: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
        let identity = Identity::parse(verbose).unwrap();
        assert_eq!(
            identity.version_line,
            "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"
        );
        assert_eq!(Some(identity.version), version(1, 96, 0));
        assert_eq!(identity.host, "x86_64-unknown-linux-gnu");
        assert!(Identity::parse("").is_none());
        assert!(Identity::parse("clang version 14.0.6\nhost: x").is_none());
        assert!(Identity::parse("rustc 1.96.0\nrelease: 1.96.0").is_none());
    }

    #[test]
    fn the_current_toolchain_answers() {
        let rust = Rust::current().unwrap();
        assert!(rust.version >= MIN_RUSTC);
        assert!(rust.target_library(&rust.host).is_some(), "{rust:?}");
        assert!(rust.target_library("no-such-target").is_none());
    }

    #[test]
    fn a_missing_compiler_is_an_error_that_names_it() {
        let error = Rust::probe(Path::new("/nonexistent/rustc"), Path::new("cargo")).unwrap_err();
        assert!(matches!(error, ToolchainError::Rustc { .. }));
        assert!(error.to_string().contains("/nonexistent/rustc"));
    }
}
