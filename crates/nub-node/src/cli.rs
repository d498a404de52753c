//! The command line.

use clap::{Parser, Subcommand};
use std::error::Error;
use std::process::ExitCode;

use crate::commands::{build, debug, decode, export, fsck, import, new, stats};

/// Tools of the Nub microkernel.
#[derive(Parser)]
#[command(name = "nub", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a contract to begin with: a package with tests.
    New(new::Arguments),
    /// Build the contract in a folder: `<name>.image` and `<name>.types`.
    Build(build::Arguments),
    /// Step through an endpoint: commands from the standard input, `help` lists them.
    Debug(debug::Arguments),
    /// Show a receipt, a block's summary or a contract's types.
    Decode(decode::Arguments),
    /// Prove a receipt of a block against its receipts root.
    ProveReceipt(decode::ProveArguments),
    /// Show a receipt if a proof shows that it is under a root.
    VerifyReceipt(decode::VerifyArguments),
    /// Check a store: every page, every object by its hash, everything under the retained roots.
    ///
    /// Writes nothing. Prints what is wrong, one finding a line; exit code 1 if there is any.
    Fsck(fsck::Arguments),
    /// Write the committed state of a store to a portable file.
    Export(export::Arguments),
    /// Verify a state in a portable file, and make a store of it.
    ///
    /// Everything is verified before the store is made.
    Import(import::Arguments),
    /// Print figures of a store.
    Stats(stats::Arguments),
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::New(arguments) => finish(new::run(&arguments)),
        Command::Build(arguments) => finish(build::run(&arguments)),
        Command::Debug(arguments) => finish(debug::run(&arguments)),
        Command::Decode(arguments) => finish(decode::run(&arguments)),
        Command::ProveReceipt(arguments) => finish(decode::prove(&arguments)),
        Command::VerifyReceipt(arguments) => finish(decode::verify_receipt(&arguments)),
        Command::Fsck(arguments) => finish(fsck::run(&arguments)),
        Command::Export(arguments) => finish(export::run(&arguments)),
        Command::Import(arguments) => finish(import::run(&arguments)),
        Command::Stats(arguments) => finish(stats::run(&arguments)),
    }
}

/// Success, or the error with its causes on stderr.
fn finish<E: Error>(result: Result<(), E>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
