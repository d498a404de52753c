//! The command line.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use nub_build::nested_target_dir;

use crate::bench::{self, Bench};
use crate::error::TaskError;
use crate::run::{cargo, run_to_the_end};
use crate::setup::{Need, setup};
use crate::{crash, no_std, test};

/// Commands of the Nub repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find or install a way to build the guest image (x86_64-unknown-none).
    ///
    /// Looks for the target in the current toolchain, then for a toolchain with its own rust-src, then tries
    /// `rustup target add`, then, as root on Debian, the packages rustc-web, cargo-web and rust-web-src.
    /// NUB_GUEST_TOOLCHAIN=target|build-std|none forces a way. Does nothing if nothing is to be done.
    Setup,
    /// Apply the same blocks on both backends and compare their roots.
    ///
    /// Common options: `--blocks N`, `--transfers M`, `--json`; `cargo xtask demo -- --help` shows all.
    Demo(Passed),
    /// Run all tests, and end with a line `N passed, N failed, N skipped`.
    ///
    /// Arguments go to `cargo test`, for example `cargo xtask test -- -p nub-state`.
    Test(Passed),
    /// Measure the gates: guest call, host callback, page faults, boot.
    ///
    /// `--json` prints the figures for machines.
    Gates(Passed),
    /// Commit many blocks in one micro-VM, and fail if its memory is not flat after warm-up.
    ///
    /// `--blocks N` (1000), `--transfers M`, `--arena-mib A`, `--json`. Prints frames and caches every so often.
    Soak(Passed),
    /// Build the sample contracts and their Images, or with `--check` compare with those checked in.
    ///
    /// `--contracts DIR` is for those of another folder, such as `bench/pvm/workloads`. Contracts need a toolchain
    /// with its own rust-src; installs one as `setup` does.
    Contracts(Passed),
    /// Run the fuzz targets in turn, and print how many executions each had.
    ///
    /// `--seconds N` is the time each gets (10), `--target T` names one, `--seed S` repeats a run. A crash prints
    /// the seed and the input.
    Fuzz(Passed),
    /// Crash a simulated store at every step of random runs, and print how many crash points were tried.
    ///
    /// `--seconds N` is how long (30); `--seed S` replays the run of a seed.
    Crash(Passed),
    /// Measure, beside peers: `cargo xtask bench pvm`.
    ///
    /// Arguments go to the program that measures; `cargo xtask bench pvm --help` shows them.
    #[command(disable_help_flag = true)]
    Bench {
        /// What to measure.
        name: Bench,
        #[command(flatten)]
        passed: Passed,
    },
    /// Build the crates that run in the guest for x86_64-unknown-none, and lint the guest.
    #[command(hide = true)]
    CheckNoStd,
}

/// Arguments for the program that does the work.
#[derive(Args)]
struct Passed {
    /// Passed on unchanged.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

/// Reads the command line and does what it says.
pub fn run() -> Result<ExitCode, TaskError> {
    match Cli::parse().command {
        Command::Setup => setup(Need::Guest).map(|()| ExitCode::SUCCESS),
        Command::Demo(passed) => demo_binary("demo", &passed.arguments),
        Command::Gates(passed) => demo_binary("gates", &passed.arguments),
        Command::Soak(passed) => demo_binary("soak", &passed.arguments),
        Command::Test(passed) => {
            setup(Need::Guest)?;
            test::run(&passed.arguments)
        }
        Command::Contracts(passed) => contracts(&passed.arguments),
        Command::Fuzz(passed) => fuzz(&passed.arguments),
        Command::Crash(passed) => crash::run(&passed.arguments),
        Command::Bench { name, passed } => bench::run(name, &passed.arguments),
        Command::CheckNoStd => {
            setup(Need::Guest)?;
            no_std::run()
        }
    }
}

fn demo_binary(name: &str, arguments: &[String]) -> Result<ExitCode, TaskError> {
    setup(Need::Guest)?;
    let mut command = cargo("run");
    command.args(["--quiet", "--release", "--package", "nub-demo", "--bin", name, "--"]);
    run_to_the_end(command.args(arguments))
}

/// Needs no guest: the targets run in this process's kind of kernel.
fn fuzz(arguments: &[String]) -> Result<ExitCode, TaskError> {
    let mut command = cargo("run");
    command.args(["--quiet", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    command.arg("--target-dir").arg(nested_target_dir("nub-fuzz"));
    run_to_the_end(command.arg("--").args(arguments))
}

fn contracts(arguments: &[String]) -> Result<ExitCode, TaskError> {
    setup(Need::Contracts)?;
    let mut command = cargo("run");
    command.args(["--quiet", "--release", "--package", "nub-link", "--bin", "nub-link", "--"]);
    command.arg("build-all");
    if !arguments.iter().any(|argument| argument.starts_with("--contracts")) {
        command.args(["--contracts", "contracts"]);
    }
    run_to_the_end(command.args(arguments))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn passed(line: &[&str]) -> Vec<String> {
        match Cli::try_parse_from(line).unwrap().command {
            Command::Demo(passed) | Command::Test(passed) | Command::Contracts(passed) => passed.arguments,
            _ => panic!("not a command with arguments"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_are_passed_on() {
        assert_eq!(passed(&["xtask", "demo", "--blocks", "3", "--json"]), ["--blocks", "3", "--json"]);
        assert_eq!(passed(&["xtask", "test", "--", "-p", "nub-state"]), ["-p", "nub-state"]);
        assert_eq!(
            passed(&["xtask", "test", "--", "-p", "x", "--", "--ignored"]),
            ["-p", "x", "--", "--ignored"]
        );
        assert_eq!(passed(&["xtask", "contracts", "--check"]), ["--check"]);
        assert!(passed(&["xtask", "demo"]).is_empty());
    }

    #[test]
    fn setup_takes_no_arguments() {
        assert!(Cli::try_parse_from(["xtask", "setup", "x"]).is_err());
        assert!(Cli::try_parse_from(["xtask", "no-such-command"]).is_err());
    }
}
