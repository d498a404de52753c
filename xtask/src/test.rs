//! `cargo xtask test`: every test, and how many there were.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};

use crate::error::TaskError;
use crate::run::{cargo, program};
use crate::tally::Tally;

/// Runs `cargo test` with `arguments` and ends with the line `N passed, N failed, N skipped`.
///
/// # Errors
/// [`TaskError`] if cargo cannot be run; failing tests are an exit code.
pub fn run(arguments: &[String]) -> Result<ExitCode, TaskError> {
    let mut command = cargo("test");
    command.args(test_arguments(arguments));
    let mut tally = Tally::default();
    let succeeded = stream(&mut command, |line| tally.line(line))?;
    if !succeeded && tally.counts().failed == 0 {
        tally.failure();
    }
    let counts = tally.counts();
    println!("\n{counts}");
    Ok(if succeeded && counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What follows `cargo test`: the whole workspace unless packages are named, to the end whatever fails, with
/// the output of passing tests, where they say what they skipped.
fn test_arguments(arguments: &[String]) -> Vec<String> {
    let split = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let (for_cargo, for_tests) = arguments.split_at(split);
    let names_packages = for_cargo.iter().any(|argument| {
        ["-p", "--package", "--manifest-path", "--workspace"]
            .iter()
            .any(|option| argument.starts_with(option))
    });
    let mut all = Vec::new();
    if !names_packages {
        all.push("--workspace".to_owned());
    }
    all.push("--no-fail-fast".to_owned());
    all.extend_from_slice(for_cargo);
    all.extend(["--".to_owned(), "--show-output".to_owned()]);
    all.extend(for_tests.iter().skip(1).cloned());
    all
}

/// Runs `command`, passing its standard output on line by line; whether it succeeded.
fn stream(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool, TaskError> {
    let program = program(command);
    let start = |source| TaskError::Start { program: program.clone(), source };
    let output = |source| TaskError::Output { program: program.clone(), source };
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(start)?;
    if let Some(pipe) = child.stdout.take() {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).map_err(output)? > 0 {
            // A closed standard output must not end the tests.
            let _ = std::io::stdout().write_all(&line);
            each(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    Ok(child.wait().map_err(output)?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> String {
        test_arguments(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn everything_is_tested_unless_packages_are_named() {
        assert_eq!(arguments(&[]), "--workspace --no-fail-fast -- --show-output");
        assert_eq!(arguments(&["-p", "nub-state"]), "--no-fail-fast -p nub-state -- --show-output");
        assert_eq!(arguments(&["-pnub"]), "--no-fail-fast -pnub -- --show-output");
        assert_eq!(arguments(&["--release"]), "--workspace --no-fail-fast --release -- --show-output");
    }

    #[test]
    fn arguments_for_the_tests_follow_the_dashes() {
        let expected = "--no-fail-fast -p x -- --show-output --ignored -p";
        assert_eq!(arguments(&["-p", "x", "--", "--ignored", "-p"]), expected);
    }

    #[test]
    fn output_is_seen_line_by_line_and_failure_is_told() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo because: $REASON; echo; exit 3"]).env("REASON", "none");
        let succeeded = stream(&mut command, |line| lines.push(line.to_owned())).unwrap();
        assert!(!succeeded);
        assert_eq!(lines, ["because: none", ""]);
    }
}
