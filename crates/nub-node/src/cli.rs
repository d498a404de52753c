//! The command line.

use clap::{Parser, Subcommand};
use std::error::Error;
use std::process::ExitCode;

use crate::commands::import;

/// Tools of the Nub microkernel.
#[derive(Parser)]
#[command(name = "nub", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Verify a state in a portable file.
    Import(import::Arguments),
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Import(arguments) => finish(import::run(&arguments)),
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
