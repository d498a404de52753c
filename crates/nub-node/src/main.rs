//! The command line `nub`: tools for those who run or look at a chain.
//!
//! 1. **One file a subcommand**, in [`commands`]: its arguments, its `run`, its error enum.
//! 2. **Results go to stdout, everything else to stderr.** A progress bar is drawn only on a terminal.
//! 3. **Exit codes**: 0 done, 1 it failed or what was looked at is bad, 2 the command line is wrong.
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod progress;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
