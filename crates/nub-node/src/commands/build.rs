//! `nub build`: a contract's Image from its source.

use std::io;
use std::path::PathBuf;

use nub_build::{ContractToolchain, nested_target_dir};
use nub_link::{Built, build_package};

/// What to build.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder of the package.
    #[arg(default_value = ".")]
    package: PathBuf,
    /// Where cargo's output goes; beside the repository's own otherwise.
    #[arg(long)]
    target_dir: Option<PathBuf>,
}

/// Why there is no Image.
#[derive(Debug, thiserror::Error)]
pub enum BuildFailure {
    /// There is nothing to build with.
    #[error(transparent)]
    Toolchain(#[from] nub_build::ToolchainError),
    /// It does not compile or link.
    #[error(transparent)]
    Build(#[from] nub_link::BuildError),
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// Builds, writes `<name>.image` and `<name>.types` into the package's folder, and prints the Image's hash.
///
/// # Errors
/// [`BuildFailure`].
pub fn run(arguments: &Arguments) -> Result<(), BuildFailure> {
    let target_dir = arguments.target_dir.clone().unwrap_or_else(|| nested_target_dir("contracts"));
    for Built { name, image, types } in
        build_package(&ContractToolchain::find()?, &arguments.package, &target_dir)?
    {
        let path = arguments.package.join(&name).with_extension("image");
        write(path.clone(), &image)?;
        if let Some(types) = types {
            write(path.with_extension("types"), &types)?;
        }
        println!("{}: {} bytes, {}", path.display(), image.len(), nub_abi::blake2b_256(&image));
    }
    Ok(())
}

fn write(path: PathBuf, octets: &[u8]) -> Result<(), BuildFailure> {
    std::fs::write(&path, octets).map_err(|source| BuildFailure::Write { path, source })
}
