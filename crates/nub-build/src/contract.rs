//! The toolchain for contracts: RISC-V with a target description, so always with its own standard library.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::env::{nested_cargo, set_rustflags};
use crate::error::ToolchainError;
use crate::guest::remap_flags;
use crate::linker::Linker;
use crate::rust::Rust;
use crate::toolchain::with_source;

/// A toolchain that builds PolkaVM contracts.
#[derive(Clone, Debug)]
pub struct ContractToolchain {
    rust: Rust,
    linker: Linker,
}

impl ContractToolchain {
    /// Looks for a toolchain with its own rust-src (the current one, then Debian's `rustc-web`) and an lld.
    ///
    /// # Errors
    /// [`ToolchainError::SourceMissing`], [`ToolchainError::LinkerMissing`], or [`ToolchainError::Rustc`] if
    /// the current compiler cannot be run.
    pub fn find() -> Result<ContractToolchain, ToolchainError> {
        let current = Rust::current()?;
        let missing = ToolchainError::SourceMissing { hint: "contracts" };
        let (rust, _) = with_source(current).ok_or(missing)?;
        let linker = Linker::for_contracts(&rust)?;
        Ok(ContractToolchain { rust, linker })
    }

    /// The first line of `rustc -vV`. Contracts rebuilt under the same line have the same bytes.
    pub fn rustc_version(&self) -> String {
        self.rust.version_line.clone()
    }

    /// A `cargo build --release` of the package in `manifest_dir` for the target described by `target_json`,
    /// with its output in `target_dir`. Add `--bin` or `--locked` as needed.
    ///
    /// Paths of this machine are remapped: the repository to `/nub`, the cargo home to `/cargo`. The linker is
    /// handed over by cargo's variable for the target, whatever name the description gives.
    pub fn cargo_build(&self, manifest_dir: &Path, target_json: &Path, target_dir: &Path) -> Command {
        let mut command = nested_cargo(&self.rust.cargo, &self.rust.rustc, manifest_dir);
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["build", "--release", "-Zbuild-std=core,alloc", "-Zjson-target-spec", "--target"])
            .arg(target_json)
            .arg("--target-dir")
            .arg(target_dir);
        if let Some(variable) = linker_variable(target_json) {
            command.env(variable, &self.linker.path);
        }
        set_rustflags(&mut command, &remap_flags(&self.rust.sysroot, target_dir));
        command
    }

    /// Where [`ContractToolchain::cargo_build`] leaves the binary `name`.
    pub fn elf_path(target_json: &Path, target_dir: &Path, name: &str) -> PathBuf {
        let triple = target_json.file_stem().unwrap_or_default();
        target_dir.join(triple).join("release").join(name)
    }
}

/// Cargo's variable for the linker of the target that `target_json` describes.
fn linker_variable(target_json: &Path) -> Option<String> {
    let triple = target_json.file_stem()?.to_str()?;
    Some(format!("CARGO_TARGET_{}_LINKER", triple.to_uppercase().replace(['-', '.'], "_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_goes_to_the_target_named_by_its_description() {
        let json = Path::new("/x/riscv64emac-unknown-none-polkavm.json");
        let expected = "CARGO_TARGET_RISCV64EMAC_UNKNOWN_NONE_POLKAVM_LINKER";
        assert_eq!(linker_variable(json).as_deref(), Some(expected));
        let elf = ContractToolchain::elf_path(json, Path::new("/t"), "token");
        assert_eq!(elf, Path::new("/t/riscv64emac-unknown-none-polkavm/release/token"));
    }

    #[test]
    fn a_toolchain_is_found_or_the_error_names_commands() {
        match ContractToolchain::find() {
            Ok(found) => assert!(found.rustc_version().starts_with("rustc 1.")),
            Err(error) => assert!(error.to_string().contains("run `"), "{error}"),
        }
    }
}
