//! `cargo xtask bench <name>`: measurements, each a program of its own.

use std::path::Path;
use std::process::{Command, ExitCode};

use clap::ValueEnum;
use nub_build::nested_target_dir;

use crate::error::TaskError;
use crate::performance;
use crate::run::{cargo, run_to_the_end};
use crate::setup::{Need, setup};

/// What can be measured. A variant here and a line in [`Bench::program`] make a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bench {
    /// The engines: eight workloads on ours, polkavm's and javm's, and as plain Rust.
    Pvm,
    /// Token transfers a second on each backend and engine, and those of an ERC-20 on revm.
    Contracts,
    /// The store of σ beside redb and fjall: commits, reads, churn with collection, opening after a crash.
    ///
    /// `--features rocksdb` adds RocksDB, from the Debian packages librocksdb-dev and libclang-dev.
    Store,
    /// The kernel: copies and clones of much and little, calls that touch little of a large memory.
    Kernel,
    /// The compiler on hostile programs: time and memory against their size.
    Hostile,
    /// All of these, in short, as the Markdown of the README's section on performance; `--write` puts it there.
    Readme,
}

/// Where the program that measures is.
enum Program {
    /// A binary of a workspace of its own, whose dependencies nothing else should wait for.
    Workspace {
        /// Its manifest, from the repository's root.
        manifest: &'static str,
        /// Its folder for cargo's output, beside the repository's own.
        target_dir: &'static str,
        /// Which of its binaries.
        binary: &'static str,
        /// Whether it starts micro-VMs.
        has_guest: bool,
    },
    /// The benches of a package of this workspace.
    Benches {
        /// Its name.
        package: &'static str,
    },
}

impl Bench {
    fn program(self) -> Option<Program> {
        Some(match self {
            Bench::Store => Program::Workspace {
                manifest: "bench/store/Cargo.toml",
                target_dir: "nub-bench-store",
                binary: "bench-store",
                has_guest: true,
            },
            Bench::Pvm => Program::Workspace {
                manifest: "bench/pvm/Cargo.toml",
                target_dir: "nub-bench-pvm",
                binary: "pvm-bench",
                has_guest: true,
            },
            Bench::Hostile => Program::Workspace {
                manifest: "bench/pvm/Cargo.toml",
                target_dir: "nub-bench-pvm",
                binary: "hostile",
                has_guest: true,
            },
            Bench::Contracts => Program::Workspace {
                manifest: "bench/contracts/Cargo.toml",
                target_dir: "nub-bench-contracts",
                binary: "contracts-bench",
                has_guest: true,
            },
            Bench::Kernel => Program::Benches { package: "nub-bench-kernel" },
            Bench::Readme => return None,
        })
    }
}

/// Runs a measurement with `arguments`.
///
/// # Errors
/// [`TaskError`] if cargo cannot be run, there is no way to build the guest, or the README cannot be written.
pub fn run(bench: Bench, arguments: &[String]) -> Result<ExitCode, TaskError> {
    let (features, arguments) = features(arguments);
    match command(bench, features)? {
        Some(mut command) => run_to_the_end(command.arg("--").args(arguments)),
        None => performance::run(features, &arguments),
    }
}

/// Takes `--features F` out of the arguments: it is for cargo, the others for the program.
fn features(arguments: &[String]) -> (Option<&str>, Vec<&str>) {
    let (mut features, mut others) = (None, Vec::new());
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--features=") {
            Some(value) => features = Some(value),
            None if argument == "--features" => features = arguments.next(),
            None => others.push(argument),
        }
    }
    (features, others)
}

/// The cargo that runs a measurement with features of its package; its arguments go behind `--`. `None` for what is not
/// a program of its own.
///
/// # Errors
/// [`TaskError`] if there is no way to build the guest, which it needs.
pub fn command(bench: Bench, features: Option<&str>) -> Result<Option<Command>, TaskError> {
    let mut command = match bench.program() {
        Some(Program::Workspace { manifest, target_dir, binary, has_guest }) => {
            if has_guest {
                setup(Need::Guest)?;
            }
            let mut command = cargo("run");
            command.args(["--release", "--manifest-path", manifest, "--bin", binary, "--target-dir"]);
            command.arg(nested_target_dir(target_dir));
            command
        }
        Some(Program::Benches { package }) => {
            let mut command = cargo("bench");
            command.args(["--package", package, "--bench", "kernel"]);
            command
        }
        None => return Ok(None),
    };
    command.args(["--quiet", "--locked"]);
    if let Some(features) = features {
        command.args(["--features", features]).envs(packaged_rocksdb());
    }
    Ok(Some(command))
}

/// Where Debian keeps RocksDB, so that the crate does not compile a copy of its own; nothing where it is not
/// installed. What the environment says of it goes before.
fn packaged_rocksdb() -> Vec<(&'static str, &'static str)> {
    const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";
    let is_there = Path::new(LIBRARIES).join("librocksdb.so").exists();
    let places = [("ROCKSDB_LIB_DIR", LIBRARIES), ("ROCKSDB_INCLUDE_DIR", "/usr/include")];
    let is_open = |(name, _): &(&str, &str)| is_there && std::env::var_os(name).is_none();
    places.into_iter().filter(is_open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_for_cargo_and_the_rest_is_for_the_program() {
        let split = |line: &str| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let (features, others) = features(&arguments);
            (features.map(str::to_owned), others.join(" "))
        };
        let wanted = (Some("rocksdb".to_owned()), "--quick --only RocksDB".to_owned());
        assert_eq!(split("--quick --features rocksdb --only RocksDB"), wanted);
        assert_eq!(split("--features=rocksdb --quick --only RocksDB"), wanted);
        assert_eq!(split("--quick"), (None, "--quick".to_owned()));
    }
}
