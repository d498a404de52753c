//! `nub-link link | build-all | inspect`.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use nub_build::{ContractToolchain, nested_target_dir};
use nub_link::report::Report;
use nub_link::{BuildError, Built, CheckOutcome, Contracts, LinkOptions, link};

/// Turns contracts into Images.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Links one ELF, made for the PolkaVM target, into an Image.
    Link {
        /// The ELF.
        elf: PathBuf,
        /// Where the Image goes.
        #[arg(short)]
        output: PathBuf,
        /// Bytes of stack, unless the contract asks for more.
        #[arg(long, default_value_t = LinkOptions::default().stack_bytes_min)]
        stack: u32,
        /// The most bytes the Image may have.
        #[arg(long, default_value_t = LinkOptions::default().image_bytes_max)]
        max_bytes: usize,
    },
    /// Builds every contract of a folder and writes `<name>/<name>.image`.
    BuildAll {
        /// The folder: a cargo workspace with one crate per contract.
        #[arg(long, default_value = "contracts")]
        contracts: PathBuf,
        /// Writes nothing; builds under the recorded compiler and compares: `identical`, `DIFFERS` (exit
        /// code 1), or `SKIPPED` if the compiler is another.
        #[arg(long)]
        check: bool,
        /// Where cargo's output goes; beside the repository's own otherwise.
        #[arg(long)]
        target_dir: Option<PathBuf>,
    },
    /// Says what is in an Image: hash, sizes, endpoints.
    Inspect {
        /// The Image.
        image: PathBuf,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Link { elf, output, stack, max_bytes } => {
            let options = LinkOptions { stack_bytes_min: stack, image_bytes_max: max_bytes };
            link_one(&elf, &output, options).map(|()| true)
        }
        Command::BuildAll { contracts, check, target_dir } => {
            let target_dir = target_dir.unwrap_or_else(|| nested_target_dir("contracts"));
            if check { check_all(&contracts, &target_dir) } else { build_all(&contracts, &target_dir) }
        }
        Command::Inspect { image } => inspect(&image).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn link_one(elf: &Path, output: &Path, options: LinkOptions) -> Outcome<()> {
    let octets = link(&read(elf)?, options)?.to_bytes();
    std::fs::write(output, &octets).map_err(BuildError::io(output))?;
    println!("{}", Report::of(&octets)?);
    Ok(())
}

fn inspect(image: &Path) -> Outcome<()> {
    println!("{}", Report::of(&read(image)?)?);
    Ok(())
}

fn build_all(directory: &Path, target_dir: &Path) -> Outcome<bool> {
    let contracts = Contracts::in_directory(directory)?;
    for Built { name, image } in contracts.write(&ContractToolchain::find()?, target_dir)? {
        println!("{name}: {} bytes, {}", image.len(), nub_abi::blake2b_256(&image));
    }
    Ok(true)
}

/// `Ok(false)` if an Image is not what its source gives.
fn check_all(directory: &Path, target_dir: &Path) -> Outcome<bool> {
    let contracts = Contracts::in_directory(directory)?;
    let toolchain = match ContractToolchain::find() {
        Ok(toolchain) => toolchain,
        Err(error) => {
            println!("SKIPPED: {error}");
            return Ok(true);
        }
    };
    match contracts.check(&toolchain, target_dir)? {
        CheckOutcome::Compared(results) => {
            for (name, same) in &results {
                println!("{name}: {}", if *same { "identical" } else { "DIFFERS" });
            }
            Ok(results.iter().all(|(_, same)| *same))
        }
        CheckOutcome::OtherCompiler { recorded, found } => {
            println!("SKIPPED: built with {recorded}, this is {found}");
            Ok(true)
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    std::fs::read(path).map_err(BuildError::io(path))
}
