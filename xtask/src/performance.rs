//! `cargo xtask bench readme`: the README's section on performance, measured here and now.
//!
//! Each measurement prints its own table; here they are put one under the other, between two marks.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nub_build::repository_root;

use crate::bench::{self, Bench};
use crate::error::TaskError;
use crate::run::program;

const BEGIN: &str = "<!-- cargo xtask bench readme --write: begin -->";
const END: &str = "<!-- cargo xtask bench readme --write: end -->";

const USAGE: &str = "Usage: cargo xtask bench readme [--write] [--features rocksdb]

Prints the README's tables, or puts them there. With the feature, RocksDB is beside the store, too.";

/// A measurement's title and arguments. It prints Markdown.
struct Part {
    bench: Bench,
    title: &'static str,
    arguments: &'static [&'static str],
}

/// What is measured, in the order of the section.
const PARTS: [Part; 5] = [
    Part {
        bench: Bench::Pvm,
        title: "Engines, beside polkavm 0.37.0 and javm 0.4.0 (`cargo xtask bench pvm`)",
        arguments: &["--quick", "--markdown"],
    },
    Part {
        bench: Bench::Hostile,
        title: "Compilation of hostile programs (`cargo xtask bench hostile`)",
        arguments: &["--quick", "--markdown"],
    },
    Part {
        bench: Bench::Contracts,
        title: "Token transfers, beside revm 43.0.3 (`cargo xtask bench contracts`)",
        arguments: &["--rounds", "9", "--markdown"],
    },
    Part {
        bench: Bench::Store,
        title: "The store, beside redb 4, fjall 3 and, where it is installed, RocksDB 7.8 (`cargo xtask bench store`)",
        // Whole: its aims are of so many commits, and files grow as long as they are few.
        arguments: &[],
    },
    Part {
        bench: Bench::Kernel,
        title: "The kernel: what does not depend on the size of the state (`cargo xtask bench kernel`)",
        arguments: &["--markdown"],
    },
];

/// Prints the section, or with `--write` puts it into README.md between the two marks. The features are the store's.
///
/// # Errors
/// [`TaskError`] if a measurement cannot be run, or the README cannot be read or written.
pub fn run(features: Option<&str>, arguments: &[&str]) -> Result<ExitCode, TaskError> {
    let is_write = match arguments {
        [] => false,
        ["--write"] => true,
        _ => {
            eprintln!("{USAGE}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let (text, code) = measure(features)?;
    if is_write {
        write(&repository_root().join("README.md"), &text)?;
    } else {
        println!("{text}");
    }
    Ok(code)
}

/// Runs everything; a failure of one measurement is shown in its place.
fn measure(features: Option<&str>) -> Result<(String, ExitCode), TaskError> {
    let (mut text, mut code) = (String::new(), ExitCode::SUCCESS);
    for Part { bench, title, arguments } in PARTS {
        let features = features.filter(|_| bench == Bench::Store);
        let Some(mut command) = bench::command(bench, features)? else { continue };
        let start = Instant::now();
        let (printed, is_success) = output(command.arg("--").args(arguments))?;
        eprintln!("{title}: {} s", start.elapsed().as_secs());
        let _ = write!(text, "### {title}\n\n{}\n\n", printed.trim());
        if !is_success {
            text.push_str("This measurement failed, or says above which of its aims it missed.\n\n");
            code = ExitCode::FAILURE;
        }
    }
    Ok((text, code))
}

/// What a program prints, and whether it succeeds; what it complains of is shown.
fn output(command: &mut Command) -> Result<(String, bool), TaskError> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|source| TaskError::Start { program: program(command), source })?;
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success()))
}

fn write(path: &Path, text: &str) -> Result<(), TaskError> {
    let io = |source| TaskError::Source { path: PathBuf::from(path), source };
    let readme = std::fs::read_to_string(path).map_err(io)?;
    let readme = replaced(&readme, text).ok_or_else(|| TaskError::NoMarks { path: PathBuf::from(path) })?;
    std::fs::write(path, readme).map_err(io)
}

/// The page with the text between its marks; `None` if they are not there.
fn replaced(page: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_between_the_marks() {
        let page = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let page = replaced(&page, "new\n").unwrap();
        assert_eq!(page, format!("a\n{BEGIN}\n\nnew\n\n{END}\nb\n"));
        assert_eq!(replaced(&page, "new"), Some(page));
        assert_eq!(replaced("a", "new"), None);
    }

    #[test]
    fn the_readme_has_the_marks() {
        let page = std::fs::read_to_string(repository_root().join("README.md")).unwrap();
        assert!(replaced(&page, "new").is_some());
    }
}
