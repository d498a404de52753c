//! Misspelt choices in the environment are refused, by whoever makes a handle.

#[path = "common/available.rs"]
mod available;

use available::hyperlight_runs;
use nub::hyperlight::HyperlightError;
use nub::{BackendError, BackendKind, Failure, Nub, UnknownChoice};
use std::process::Command;

/// Set in the process that has the misspelt variable: its name.
const CHILD: &str = "NUB_TEST_MISSPELT";

#[test]
fn misspelt_choices_are_refused() {
    if let Ok(variable) = std::env::var(CHILD) {
        return check(&variable);
    }
    let mut variables = vec!["NUB_ENGINE"];
    if hyperlight_runs() {
        variables.extend(["NUB_PRIVILEGE", "NUB_GUEST_LOG"]);
    }
    for variable in variables {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "misspelt_choices_are_refused"])
            .env(CHILD, variable)
            .env(variable, "kernal")
            .output()
            .unwrap();
        assert!(child.status.success(), "{variable}: {}", String::from_utf8_lossy(&child.stdout));
    }
}

fn check(variable: &str) {
    let kind = if variable == "NUB_ENGINE" { BackendKind::Local } else { BackendKind::Hyperlight };
    let refused = match Nub::builder().backend(kind).build().err() {
        Some(Failure::Backend(BackendError::Environment(refused))) => refused,
        Some(Failure::Backend(BackendError::Hyperlight(HyperlightError::Environment(refused)))) => refused,
        other => panic!("{other:?}"),
    };
    let UnknownChoice { variable: found, value, expected } = refused;
    assert_eq!((found, value.as_str()), (variable, "kernal"));
    assert!(expected.contains(", "), "{expected}");
}
