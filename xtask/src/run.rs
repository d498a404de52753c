//! Running programs.

use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use nub_build::repository_root;

use crate::error::TaskError;

/// The cargo that runs us, with `subcommand`, in the repository's root.
pub fn cargo(subcommand: &str) -> Command {
    let program =
        std::env::var_os("CARGO").filter(|cargo| !cargo.is_empty()).unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.arg(subcommand).current_dir(repository_root());
    // Set for us by the cargo that runs us. Others of its kind would only make cargo build things twice.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` with our own input and output.
pub fn status(command: &mut Command) -> Result<ExitStatus, TaskError> {
    command.status().map_err(|source| TaskError::Start { program: program(command), source })
}

/// Runs `command` and ends as it ends.
pub fn run_to_the_end(command: &mut Command) -> Result<ExitCode, TaskError> {
    let status = status(command)?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    // Ended by a signal: a failure.
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Runs `command` silently; whether it succeeded. A program that is not there did not.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// The program `command` runs, for messages.
pub fn program(command: &Command) -> PathBuf {
    PathBuf::from(command.get_program())
}

/// `command` as one would type it.
pub fn line(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
