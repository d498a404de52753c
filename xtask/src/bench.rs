//! `cargo xtask bench <name>`: measurements, each a program of its own.

use std::process::ExitCode;

use clap::ValueEnum;
use nub_build::nested_target_dir;

use crate::error::TaskError;
use crate::run::{cargo, run_to_the_end};

/// What can be measured. A variant here and a line in [`Bench::program`] make a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bench {
    /// The engines: eight workloads on ours, polkavm's and javm's, and as plain Rust.
    Pvm,
    /// Token transfers a second on each backend and engine, and those of an ERC-20 on revm.
    Contracts,
    /// The store of σ beside redb and fjall: commits, reads, churn with collection, opening after a crash.
    Store,
    /// The kernel: copies and clones of much and little, calls that touch little of a large memory.
    Kernel,
}

/// Where the program that measures is.
enum Program {
    /// A binary of a workspace of its own, whose dependencies nothing else should wait for.
    Workspace {
        /// Its manifest, from the repository's root.
        manifest: &'static str,
        /// Its folder for cargo's output, beside the repository's own.
        target_dir: &'static str,
    },
    /// The benches of a package of this workspace.
    Benches {
        /// Its name.
        package: &'static str,
    },
}

impl Bench {
    fn program(self) -> Program {
        match self {
            Bench::Store => {
                Program::Workspace { manifest: "bench/store/Cargo.toml", target_dir: "nub-bench-store" }
            }
            Bench::Pvm => {
                Program::Workspace { manifest: "bench/pvm/Cargo.toml", target_dir: "nub-bench-pvm" }
            }
            Bench::Contracts => Program::Workspace {
                manifest: "bench/contracts/Cargo.toml",
                target_dir: "nub-bench-contracts",
            },
            Bench::Kernel => Program::Benches { package: "nub-bench-kernel" },
        }
    }
}

/// Runs a measurement with `arguments`.
///
/// # Errors
/// [`TaskError`] if cargo cannot be run.
pub fn run(bench: Bench, arguments: &[String]) -> Result<ExitCode, TaskError> {
    let mut command = match bench.program() {
        Program::Workspace { manifest, target_dir } => {
            let mut command = cargo("run");
            command.args(["--release", "--manifest-path", manifest, "--target-dir"]);
            command.arg(nested_target_dir(target_dir));
            command
        }
        Program::Benches { package } => {
            let mut command = cargo("bench");
            command.args(["--package", package]);
            command
        }
    };
    command.args(["--quiet", "--locked"]);
    run_to_the_end(command.arg("--").args(arguments))
}
