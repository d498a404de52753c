//! Running cargo for contracts: the same bytes wherever the folder is, and what a failure means.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::BuildError;

/// Gives rustc a `metadata` that does not depend on paths; cargo runs it in rustc's place.
const WRAPPER: &str = r#"#!/bin/sh
rustc=$1
shift
for argument do
    shift
    case $argument in
        metadata=*) argument="metadata=$CARGO_PKG_NAME-$CARGO_PKG_VERSION" ;;
    esac
    set -- "$@" "$argument"
done
exec "$rustc" "$@"
"#;

/// The variable by which cargo is given flags for rustc, separated by U+001F.
const FLAGS_VARIABLE: &str = "CARGO_ENCODED_RUSTFLAGS";

/// A program that cargo made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub elf: PathBuf,
}

/// Runs a cargo build of the package or workspace in `directory`, and gives the programs it made. What cargo and rustc
/// say goes to the standard error output.
///
/// # Errors
/// [`BuildError`].
pub fn build(mut command: Command, directory: &Path, target_dir: &Path) -> Result<Vec<Program>, BuildError> {
    command.env("RUSTC_WRAPPER", write_wrapper(target_dir)?).arg("--message-format=json-render-diagnostics");
    remap_parent(&mut command, directory);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(BuildError::io(directory))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // Two pipes are read at once, or the child may wait for the one that is not.
    let reader = std::thread::spawn(move || stderr.and_then(echo));
    let programs = stdout.map(programs).unwrap_or_default();
    let reason = reader.join().unwrap_or_default();
    let status = child.wait().map_err(BuildError::io(directory))?;
    match (status.success(), reason) {
        (true, _) => Ok(programs),
        (false, Some(reason)) => Err(reason),
        (false, None) => Err(BuildError::Cargo { path: directory.to_owned() }),
    }
}

/// Hands lines on, and gives what the first telling one means.
fn echo(stderr: impl Read) -> Option<BuildError> {
    let mut reason = None;
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        eprintln!("{line}");
        reason = reason.or_else(|| reason_of(&line));
    }
    reason
}

/// What a line of the compiler or its linker means, if it has a meaning of its own.
pub fn reason_of(line: &str) -> Option<BuildError> {
    if let Some((_, symbol)) = line.split_once("undefined symbol: ") {
        return Some(BuildError::UndefinedSymbol { symbol: symbol.trim().to_owned() });
    }
    let no_source =
        line.contains("library/Cargo.lock\" does not exist") || line.contains("can't find crate for `core`");
    no_source.then_some(BuildError::NoStandardLibrary)
}

/// The programs that cargo's messages name.
fn programs(stdout: impl Read) -> Vec<Program> {
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    lines.filter_map(|line| program(&serde_json::from_str(&line).ok()?)).collect()
}

fn program(message: &serde_json::Value) -> Option<Program> {
    let elf = message.get("executable")?.as_str()?;
    let name = message.get("target")?.get("name")?.as_str()?;
    Some(Program { name: name.to_owned(), elf: elf.into() })
}

/// Remaps the folder that the contracts' folder is in, which need not be the repository this was compiled in.
fn remap_parent(command: &mut Command, directory: &Path) {
    let parent = directory.parent().unwrap_or(directory);
    let mut flags: OsString = command
        .get_envs()
        .find(|(name, _)| *name == FLAGS_VARIABLE)
        .and_then(|(_, value)| value)
        .map_or_else(OsString::new, |flags| [flags, "\u{1f}".as_ref()].into_iter().collect());
    flags.push("--remap-path-prefix=");
    flags.push(parent);
    flags.push("=/nub");
    command.env(FLAGS_VARIABLE, flags);
}

fn write_wrapper(directory: &Path) -> Result<PathBuf, BuildError> {
    let path = directory.join("rustc-wrapper.sh");
    if std::fs::read_to_string(&path).ok().as_deref() != Some(WRAPPER) {
        std::fs::write(&path, WRAPPER).map_err(BuildError::io(&path))?;
    }
    make_executable(&path).map_err(BuildError::io(&path))?;
    Ok(path)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telling_lines_have_errors_of_their_own() {
        let line = "  = note: rust-lld: error: undefined symbol: host_log";
        assert!(
            matches!(reason_of(line), Some(BuildError::UndefinedSymbol { symbol }) if symbol == "host_log")
        );
        let line = "error: \"/x/lib/rustlib/src/rust/library/Cargo.lock\" does not exist, unable to build";
        assert!(matches!(reason_of(line), Some(BuildError::NoStandardLibrary)));
        assert!(matches!(
            reason_of("error[E0463]: can't find crate for `core`"),
            Some(BuildError::NoStandardLibrary)
        ));
        assert!(reason_of("warning: unused variable").is_none());
    }

    #[test]
    fn programs_are_found_in_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"nub_sdk"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"token"},"executable":"/t/token"}"#,
            "\nnot a message\n",
        );
        assert_eq!(programs(messages.as_bytes()), [Program { name: "token".into(), elf: "/t/token".into() }]);
    }
}
