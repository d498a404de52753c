//! `cargo xtask check-no-std`: the crates that run in the guest build there and hold no unsafe code.

use std::process::ExitCode;

use nub_build::{GuestBuild, GuestToolchain, nested_target_dir, repository_root};

use crate::error::TaskError;
use crate::run::{status, succeeds};

/// The crates that run in the guest.
const CRATES: [&str; 7] = [
    "javm-isa",
    "javm-interpreter",
    "javm-recompiler-x86",
    "nub-abi",
    "nub-state",
    "nub-store",
    "nub-kernel",
];

/// What the root of each must say.
const ATTRIBUTES: [&str; 2] = ["#![no_std]", "#![forbid(unsafe_code)]"];

/// Checks the crates, then lints the guest.
///
/// # Errors
/// [`TaskError`] if a tool is missing; findings are an exit code.
pub fn run() -> Result<ExitCode, TaskError> {
    let toolchain = GuestToolchain::find()?;
    let holds = attributes_stand()? & (crates_build(&toolchain)? && guest_is_clean()?);
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn attributes_stand() -> Result<bool, TaskError> {
    let mut holds = true;
    for name in CRATES {
        let path = repository_root().join("crates").join(name).join("src/lib.rs");
        let source = std::fs::read_to_string(&path)
            .map_err(|source| TaskError::Source { path: path.clone(), source })?;
        for attribute in missing_attributes(&source) {
            eprintln!("error: {} does not say {attribute}", path.display());
            holds = false;
        }
    }
    Ok(holds)
}

fn missing_attributes(source: &str) -> impl Iterator<Item = &'static str> {
    ATTRIBUTES.into_iter().filter(move |attribute| !source.lines().any(|line| line.trim_end() == *attribute))
}

fn crates_build(toolchain: &GuestToolchain) -> Result<bool, TaskError> {
    let target_dir = nested_target_dir("nub-no-std").join(toolchain.method.name());
    let mut command = toolchain.cargo(&repository_root(), "build");
    command.arg("--target-dir").arg(target_dir);
    CRATES.iter().for_each(|name| {
        command.args(["-p", name]);
    });
    let holds = status(&mut command)?.success();
    if holds {
        println!("{} build for x86_64-unknown-none ({})", CRATES.join(", "), toolchain.describe());
    }
    Ok(holds)
}

fn guest_is_clean() -> Result<bool, TaskError> {
    let build = GuestBuild::find()?;
    // Clippy lints only what its own compiler's standard library can be found for.
    if !succeeds(build.command("clippy").arg("--version")) {
        println!("SKIPPED: guest lint: this toolchain has no clippy");
        return Ok(true);
    }
    Ok(status(build.command("clippy").args(["--", "-D", "warnings"]))?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_must_stand_on_lines_of_their_own() {
        let good = "//! Doc.\n#![no_std]\n#![forbid(unsafe_code)]\nmod a;\n";
        assert_eq!(missing_attributes(good).count(), 0);
        let commented = "// #![forbid(unsafe_code)]\n#![no_std]\n";
        assert_eq!(missing_attributes(commented).collect::<Vec<_>>(), ["#![forbid(unsafe_code)]"]);
        assert_eq!(missing_attributes("#![cfg_attr(not(test), no_std)]").count(), 2);
    }
}
