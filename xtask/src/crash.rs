//! `cargo xtask crash`: a simulated device that crashes at every step.

use std::process::ExitCode;

use crate::error::TaskError;
use crate::run::{cargo, run_to_the_end};

/// Runs the simulator of `nub-store` with `arguments`; it needs no guest.
///
/// # Errors
/// [`TaskError`] if cargo cannot be run.
pub fn run(arguments: &[String]) -> Result<ExitCode, TaskError> {
    let mut command = cargo("run");
    command.args(["--quiet", "--release", "--package", "nub-store", "--example", "crash", "--"]);
    run_to_the_end(command.args(arguments))
}
