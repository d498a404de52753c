//! `nub-link build | build-all | link | inspect`.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use nub_build::{ContractToolchain, nested_target_dir};
use nub_link::report::Report;
use nub_link::{
    BuildError, Built, CheckOutcome, Contracts, LinkOptions, build_package, link_contract, listing,
};

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
    /// Builds the contract in a folder, and writes `<name>.image` and `<name>.types` there.
    Build {
        /// The folder of the package.
        #[arg(default_value = ".")]
        package: PathBuf,
        /// Where cargo's output goes; beside the repository's own otherwise.
        #[arg(long)]
        target_dir: Option<PathBuf>,
    },
    /// Says what is in an Image, or in the ELF of a contract: hash, sizes, endpoints, gas blocks.
    Inspect {
        /// The Image, or the ELF, which has the names of functions. Names and types of endpoints are those of the
        /// `.types` file beside an Image.
        file: PathBuf,
        /// Also prints all instructions.
        #[arg(long, short)]
        disassemble: bool,
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
        Command::Build { package, target_dir } => {
            let target_dir = target_dir.unwrap_or_else(|| nested_target_dir("contracts"));
            build_one(&package, &target_dir).map(|()| true)
        }
        Command::Inspect { file, disassemble } => inspect(&file, disassemble).map(|()| true),
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
    let linked = link_contract(&read(elf)?, options)?;
    let octets = linked.image.to_bytes();
    write(output, &octets)?;
    if let Some(types) = &linked.type_def {
        write(&output.with_extension("types"), &nub_types::file::to_bytes(types))?;
    }
    println!("{}", Report::of(&octets, linked.type_def)?);
    Ok(())
}

fn build_one(package: &Path, target_dir: &Path) -> Outcome<()> {
    for Built { name, image, types } in build_package(&ContractToolchain::find()?, package, target_dir)? {
        let path = package.join(&name).with_extension("image");
        write(&path, &image)?;
        if let Some(types) = types {
            write(&path.with_extension("types"), &types)?;
        }
        println!("{}: {} bytes, {}", path.display(), image.len(), nub_abi::blake2b_256(&image));
    }
    Ok(())
}

fn inspect(file: &Path, disassemble: bool) -> Outcome<()> {
    let octets = read(file)?;
    let is_elf = octets.starts_with(b"\x7fELF");
    let (image, types) = if is_elf {
        let linked = link_contract(&octets, LinkOptions::default())?;
        (linked.image.to_bytes(), linked.type_def)
    } else {
        let types = std::fs::read(file.with_extension("types")).ok();
        let types = types.and_then(|types| nub_types::file::from_bytes(&types).ok());
        (octets.clone(), types)
    };
    let report = Report::of(&image, types)?;
    println!("{report}");
    if disassemble {
        let program = javm_isa::Program::parse(&report.image.program)?;
        let symbols = if is_elf { listing::symbols(&octets, &program)? } else { listing::Symbols::new() };
        print!("{}", listing::disassemble(&report.image, &report.names(), &symbols)?);
    }
    Ok(())
}

fn build_all(directory: &Path, target_dir: &Path) -> Outcome<bool> {
    let contracts = Contracts::in_directory(directory)?;
    for Built { name, image, .. } in contracts.write(&ContractToolchain::find()?, target_dir)? {
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

fn write(path: &Path, octets: &[u8]) -> Result<(), BuildError> {
    std::fs::write(path, octets).map_err(BuildError::io(path))
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    std::fs::read(path).map_err(BuildError::io(path))
}
