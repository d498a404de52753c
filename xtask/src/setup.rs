//! `cargo xtask setup`: makes sure that something here builds the guest, or contracts.

use std::process::Command;

use nub_build::{ContractToolchain, GuestToolchain, Selection, ToolchainError};

use crate::apt;
use crate::error::TaskError;
use crate::run::{line, succeeds};

/// What must be buildable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The guest image.
    Guest,
    /// Contracts.
    Contracts,
}

/// One thing setup may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// `rustup target add x86_64-unknown-none`
    RustupTarget,
    /// `rustup component add rust-src`
    RustupSource,
    /// Debian's rustc-web, cargo-web, rust-web-src.
    DebianPackages,
}

/// Finds what `need` needs, or installs it. Silent if it is there.
///
/// # Errors
/// [`TaskError`]: everything allowed was tried; the message names the command to run.
pub fn setup(need: Need) -> Result<(), TaskError> {
    let selection = Selection::from_env()?;
    if need == Need::Guest && selection == Selection::None {
        return Ok(());
    }
    let Err(mut missing) = look(need, selection) else { return Ok(()) };
    if let ToolchainError::Rustc { .. } = missing {
        return Err(missing.into());
    }
    for &step in steps(need, selection) {
        attempt(step, &missing)?;
        match look(need, selection) {
            Ok(found) => {
                eprintln!("setup: found {found}");
                return Ok(());
            }
            Err(still) => missing = still,
        }
    }
    if apt::may_help() && !apt::may_install() && selection != Selection::Target {
        return Err(TaskError::NotRoot { missing });
    }
    Err(missing.into())
}

fn look(need: Need, selection: Selection) -> Result<String, ToolchainError> {
    match need {
        Need::Guest => GuestToolchain::find_as(selection).map(|found| found.describe()),
        Need::Contracts => ContractToolchain::find().map(|found| found.rustc_version()),
    }
}

/// What may be tried, in order. A forced way rules out what could not lead to it.
fn steps(need: Need, selection: Selection) -> &'static [Step] {
    match (need, selection) {
        (Need::Contracts, _) | (Need::Guest, Selection::BuildStd) => {
            &[Step::RustupSource, Step::DebianPackages]
        }
        (Need::Guest, Selection::Any) => &[Step::RustupTarget, Step::DebianPackages],
        (Need::Guest, Selection::Target) => &[Step::RustupTarget],
        (Need::Guest, Selection::None) => &[],
    }
}

fn attempt(step: Step, missing: &ToolchainError) -> Result<(), TaskError> {
    match step {
        Step::RustupTarget => rustup(&["target", "add", "x86_64-unknown-none"]),
        Step::RustupSource => rustup(&["component", "add", "rust-src"]),
        Step::DebianPackages if apt::may_install() => {
            let lld = matches!(missing, ToolchainError::LinkerMissing { .. });
            return apt::install(lld).map_err(TaskError::from);
        }
        Step::DebianPackages => {}
    }
    Ok(())
}

/// Asks rustup, if the current toolchain is its own (its proxies say so) and its server answers; the next look
/// shows whether it helped.
fn rustup(arguments: &[&str]) {
    if std::env::var_os("RUSTUP_TOOLCHAIN").is_none() || !succeeds(Command::new("rustup").arg("--version")) {
        return;
    }
    let mut command = Command::new("rustup");
    command.args(arguments);
    eprintln!("setup: running `{}`", line(&command));
    if !succeeds(&mut command) {
        eprintln!("setup: rustup could not do it here; going on");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forced_way_tries_only_what_leads_to_it() {
        assert_eq!(steps(Need::Guest, Selection::Any), [Step::RustupTarget, Step::DebianPackages]);
        assert_eq!(steps(Need::Guest, Selection::Target), [Step::RustupTarget]);
        assert_eq!(steps(Need::Guest, Selection::BuildStd), [Step::RustupSource, Step::DebianPackages]);
        assert!(steps(Need::Guest, Selection::None).is_empty());
        for selection in [Selection::Any, Selection::Target, Selection::BuildStd, Selection::None] {
            assert!(!steps(Need::Contracts, selection).contains(&Step::RustupTarget));
        }
    }
}
