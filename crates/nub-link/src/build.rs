//! Contracts from source: every one in a folder, the same bytes wherever the folder is.
//!
//! What decides the bytes: sources, `Cargo.lock`, the profile in the folder's `Cargo.toml`, the compiler with its
//! library and linker, and polkavm's linker. What must not: where any of them lie. Paths are remapped, and the
//! part of every symbol that cargo derives from a package's path is replaced by the package's name and version.

use std::path::{Path, PathBuf};

use nub_build::ContractToolchain;

use crate::{BuildError, LinkOptions, cargo, link_contract, target};

/// The file beside the contracts that says which compiler made the Images.
const VERSION_FILE: &str = "rustc-version.txt";

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
    /// Its encoded TypeDef, if it has one.
    pub types: Option<Vec<u8>>,
}

/// Links an ELF that was built.
fn link_built(name: &str, elf: &Path) -> Result<Built, BuildError> {
    let octets = std::fs::read(elf).map_err(BuildError::io(elf))?;
    let linked = link_contract(&octets, LinkOptions::default())
        .map_err(|source| BuildError::Link { name: name.to_owned(), source })?;
    let types = linked.type_def.as_ref().map(nub_types::file::to_bytes);
    Ok(Built { name: name.to_owned(), image: linked.image.to_bytes(), types })
}

/// Builds and links the contract in a package's folder, with cargo's output in `target_dir`.
///
/// # Errors
/// [`BuildError`].
pub fn build_package(
    toolchain: &ContractToolchain,
    directory: &Path,
    target_dir: &Path,
) -> Result<Vec<Built>, BuildError> {
    let directory = std::path::absolute(directory).map_err(BuildError::io(directory))?;
    let target_dir = std::path::absolute(target_dir).map_err(BuildError::io(target_dir))?;
    let target_json = target::write(&target_dir, &toolchain.rustc_version())?;
    let command = toolchain.cargo_build(&directory, &target_json, &target_dir);
    let programs = cargo::build(command, &directory, &target_dir)?;
    if programs.is_empty() {
        return Err(BuildError::NoBinary { path: directory });
    }
    programs.iter().map(|program| link_built(&program.name, &program.elf)).collect()
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

    /// Where the TypeDef of a contract is kept, if it has one.
    pub fn types_path(&self, name: &str) -> PathBuf {
        self.image_path(name).with_extension("types")
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
        let built = self
            .names
            .iter()
            .map(|name| link_built(name, &ContractToolchain::elf_path(&target_json, &target_dir, name)));
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
            if let Some(types) = &contract.types {
                let path = self.types_path(&contract.name);
                std::fs::write(&path, types).map_err(BuildError::io(&path))?;
            }
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
            let types = std::fs::read(self.types_path(&contract.name)).ok();
            let same = kept == contract.image && types == contract.types;
            (contract.name, same)
        };
        Ok(CheckOutcome::Compared(built.into_iter().map(compare).collect()))
    }

    fn version_path(&self) -> PathBuf {
        self.directory.join(VERSION_FILE)
    }

    fn run_cargo(
        &self,
        toolchain: &ContractToolchain,
        target_json: &Path,
        target_dir: &Path,
        locked: bool,
    ) -> Result<(), BuildError> {
        let mut command = toolchain.cargo_build(&self.directory, target_json, target_dir);
        command.args(locked.then_some("--locked")).arg("--workspace");
        cargo::build(command, &self.directory, target_dir).map(|_| ())
    }
}
