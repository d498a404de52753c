//! Contracts from source: every one in a folder, the same bytes wherever the folder is.
//!
//! What decides the bytes: sources, `Cargo.lock`, the profile in the folder's `Cargo.toml`, the compiler with its
//! library and linker, and polkavm's linker. What must not: where any of them lie. Paths are remapped, and the
//! part of every symbol that cargo derives from a package's path is replaced by the package's name and version.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use nub_build::ContractToolchain;

use crate::{BuildError, LinkOptions, link, target};

/// The file beside the contracts that says which compiler made the Images.
const VERSION_FILE: &str = "rustc-version.txt";

/// Gives rustc a `metadata` that does not depend on paths; cargo runs it in rustc's place.
const WRAPPER: &str = r#"#!/bin/sh
rustc=$1
shift
for argument do
    shift
    case $argument in
        metadata=*) argument="metadata=$CARGO_PKG_NAME-$CARGO_PKG_VERSION" ;;
    esac
    set -- "$@" "$argument"
done
exec "$rustc" "$@"
"#;

/// A folder of contracts, one crate in each folder of it, all in one cargo workspace.
#[derive(Clone, Debug)]
pub struct Contracts {
    directory: PathBuf,
    names: Vec<String>,
}

/// A contract's Image, fresh from source.
#[derive(Clone, Debug)]
pub struct Built {
    /// The contract.
    pub name: String,
    /// The encoded Image.
    pub image: Vec<u8>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Each contract's name, and whether its Image is what its source gives.
    Compared(Vec<(String, bool)>),
    /// Another compiler made the Images; nothing was compared.
    OtherCompiler {
        /// The one that made them.
        recorded: String,
        /// The one found here.
        found: String,
    },
}

impl Contracts {
    /// The contracts in `directory`, by name.
    ///
    /// # Errors
    /// [`BuildError::Io`], [`BuildError::NoContracts`].
    pub fn in_directory(directory: &Path) -> Result<Contracts, BuildError> {
        let directory = std::path::absolute(directory).map_err(BuildError::io(directory))?;
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&directory).map_err(BuildError::io(&directory))? {
            let path = entry.map_err(BuildError::io(&directory))?.path();
            let is_contract = path.join("Cargo.toml").is_file() && path.join("src/main.rs").is_file();
            names.extend(
                path.file_name().and_then(|name| name.to_str()).filter(|_| is_contract).map(str::to_owned),
            );
        }
        names.sort();
        if names.is_empty() {
            Err(BuildError::NoContracts { path: directory })
        } else {
            Ok(Contracts { directory, names })
        }
    }

    /// Their names, ascending.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where the Image of a contract is kept.
    pub fn image_path(&self, name: &str) -> PathBuf {
        self.directory.join(name).join(format!("{name}.image"))
    }

    /// The compiler that made the Images, as its own version line; empty if none is recorded.
    pub fn recorded_compiler(&self) -> String {
        std::fs::read_to_string(self.version_path()).unwrap_or_default().trim().to_owned()
    }

    /// Builds all of them, with cargo's output in `target_dir`. If `locked`, dependencies must be those of
    /// `Cargo.lock`; else it is brought up to date.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(
        &self,
        toolchain: &ContractToolchain,
        target_dir: &Path,
        locked: bool,
    ) -> Result<Vec<Built>, BuildError> {
        let target_dir = std::path::absolute(target_dir).map_err(BuildError::io(target_dir))?;
        let target_json = target::write(&target_dir, &toolchain.rustc_version())?;
        self.run_cargo(toolchain, &target_json, &target_dir, locked)?;
        let built = self.names.iter().map(|name| {
            let path = ContractToolchain::elf_path(&target_json, &target_dir, name);
            let elf = std::fs::read(&path).map_err(BuildError::io(&path))?;
            let image = link(&elf, LinkOptions::default())
                .map_err(|source| BuildError::Link { name: name.clone(), source })?;
            Ok(Built { name: name.clone(), image: image.to_bytes() })
        });
        built.collect()
    }

    /// Builds all of them and writes their Images and the compiler's version.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn write(&self, toolchain: &ContractToolchain, target_dir: &Path) -> Result<Vec<Built>, BuildError> {
        let built = self.build(toolchain, target_dir, false)?;
        for contract in &built {
            let path = self.image_path(&contract.name);
            std::fs::write(&path, &contract.image).map_err(BuildError::io(&path))?;
        }
        let path = self.version_path();
        let line = format!("{}\n", toolchain.rustc_version());
        std::fs::write(&path, line).map_err(BuildError::io(&path))?;
        Ok(built)
    }

    /// Builds all of them, if the compiler is the recorded one, and compares with the Images that are there.
    ///
    /// # Errors
    /// [`BuildError`]; a difference is no error.
    pub fn check(
        &self,
        toolchain: &ContractToolchain,
        target_dir: &Path,
    ) -> Result<CheckOutcome, BuildError> {
        let (recorded, found) = (self.recorded_compiler(), toolchain.rustc_version());
        if recorded != found {
            return Ok(CheckOutcome::OtherCompiler { recorded, found });
        }
        let built = self.build(toolchain, target_dir, true)?;
        let compare = |contract: Built| {
            let kept = std::fs::read(self.image_path(&contract.name)).unwrap_or_default();
            (contract.name, kept == contract.image)
        };
        Ok(CheckOutcome::Compared(built.into_iter().map(compare).collect()))
    }

    fn version_path(&self) -> PathBuf {
        self.directory.join(VERSION_FILE)
    }

    /// Remaps the repository that these contracts are in, which need not be the one this was compiled in.
    fn remap_repository(&self, command: &mut Command) {
        let repository = self.directory.parent().unwrap_or(&self.directory);
        let mut flags: OsString = command
            .get_envs()
            .find(|(name, _)| *name == FLAGS_VARIABLE)
            .and_then(|(_, value)| value)
            .map_or_else(OsString::new, |flags| [flags, "\u{1f}".as_ref()].into_iter().collect());
        flags.push("--remap-path-prefix=");
        flags.push(repository);
        flags.push("=/nub");
        command.env(FLAGS_VARIABLE, flags);
    }

    fn run_cargo(
        &self,
        toolchain: &ContractToolchain,
        target_json: &Path,
        target_dir: &Path,
        locked: bool,
    ) -> Result<(), BuildError> {
        let mut command = toolchain.cargo_build(&self.directory, target_json, target_dir);
        command
            .args(locked.then_some("--locked"))
            .arg("--workspace")
            .env("RUSTC_WRAPPER", write_wrapper(target_dir)?);
        self.remap_repository(&mut command);
        let status = command.status().map_err(BuildError::io(&self.directory))?;
        if status.success() { Ok(()) } else { Err(BuildError::Cargo { path: self.directory.clone() }) }
    }
}

/// The variable by which cargo is given flags for rustc, separated by U+001F.
const FLAGS_VARIABLE: &str = "CARGO_ENCODED_RUSTFLAGS";

fn write_wrapper(directory: &Path) -> Result<PathBuf, BuildError> {
    let path = directory.join("rustc-wrapper.sh");
    if std::fs::read_to_string(&path).ok().as_deref() != Some(WRAPPER) {
        std::fs::write(&path, WRAPPER).map_err(BuildError::io(&path))?;
    }
    make_executable(&path).map_err(BuildError::io(&path))?;
    Ok(path)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}
