//! The linker for images without an operating system.

use std::path::{Path, PathBuf};

use crate::error::ToolchainError;
use crate::rust::Rust;

/// How rustc must talk to a linker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkerFlavor {
    /// LLVM's, for every target.
    Lld,
    /// GNU's, for the machine's own architecture.
    Gnu,
}

impl LinkerFlavor {
    /// The value of rustc's `-Clinker-flavor`.
    pub fn rustc_name(self) -> &'static str {
        match self {
            LinkerFlavor::Lld => "ld.lld",
            LinkerFlavor::Gnu => "ld",
        }
    }
}

/// A linker on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linker {
    /// The program.
    pub path: PathBuf,
    /// How to talk to it.
    pub flavor: LinkerFlavor,
}

impl Linker {
    /// The linker for x86-64 images: `rust`'s rust-lld, any toolchain's, `ld.lld`, GNU `ld`.
    ///
    /// # Errors
    /// [`ToolchainError::LinkerMissing`]
    pub fn for_guest(rust: &Rust) -> Result<Linker, ToolchainError> {
        let gnu = || on_path("ld").map(|path| Linker { path, flavor: LinkerFlavor::Gnu });
        let missing = ToolchainError::LinkerMissing { target: "x86_64-unknown-none", gnu_works: true };
        find_lld(rust).or_else(gnu).ok_or(missing)
    }

    /// The linker for RISC-V contracts, which GNU `ld` for this machine cannot link.
    ///
    /// # Errors
    /// [`ToolchainError::LinkerMissing`]
    pub fn for_contracts(rust: &Rust) -> Result<Linker, ToolchainError> {
        let missing = ToolchainError::LinkerMissing { target: "RISC-V contracts", gnu_works: false };
        find_lld(rust).ok_or(missing)
    }
}

fn find_lld(rust: &Rust) -> Option<Linker> {
    let path = rust_lld_of(&rust.sysroot, &rust.host)
        .or_else(|| rust_lld_of_any_toolchain(&rust.host))
        .or_else(|| on_path("rust-lld"))
        .or_else(|| on_path("ld.lld"))
        .or_else(newest_versioned_lld)?;
    Some(Linker { path, flavor: LinkerFlavor::Lld })
}

fn rust_lld_of(sysroot: &Path, host: &str) -> Option<PathBuf> {
    let path = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    path.is_file().then_some(path)
}

/// The rust-lld of an installed rustup toolchain, the first by name so that the answer stays the same.
fn rust_lld_of_any_toolchain(host: &str) -> Option<PathBuf> {
    let home = std::env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".rustup")))?;
    let entries = std::fs::read_dir(home.join("toolchains")).ok()?;
    let mut toolchains: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    toolchains.sort();
    toolchains.iter().find_map(|toolchain| rust_lld_of(toolchain, host))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // `is_file` follows links: Debian's /usr/bin/rust-lld dangles while lld itself is not installed.
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

fn newest_versioned_lld() -> Option<PathBuf> {
    let entries = std::fs::read_dir("/usr/bin").ok()?.flatten();
    let versions = entries.filter_map(|entry| lld_version(entry.file_name().to_str()?));
    let path = PathBuf::from(format!("/usr/bin/ld.lld-{}", versions.max()?));
    path.is_file().then_some(path)
}

fn lld_version(file_name: &str) -> Option<u32> {
    file_name.strip_prefix("ld.lld-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versioned_linkers_are_told_from_others() {
        assert_eq!(lld_version("ld.lld-14"), Some(14));
        for name in ["ld.lld", "ld.lld-", "ld.lld-14.old", "ld-14", "lld-14"] {
            assert_eq!(lld_version(name), None, "{name}");
        }
    }

    #[test]
    fn an_absent_program_is_not_on_the_path() {
        assert_eq!(on_path("no-such-linker"), None);
    }
}
