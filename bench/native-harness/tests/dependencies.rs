//! The host process never executes generated code: nothing that a validator links can make or run any.

use std::process::Command;

#[test]
fn nub_depends_on_no_recompiler() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", "nub", "--edges", "normal,build", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains(&"javm-interpreter"), "not the tree of nub: {crates:?}");
    for forbidden in ["javm-recompiler-x86", env!("CARGO_PKG_NAME")] {
        assert!(!crates.contains(&forbidden), "nub depends on {forbidden}");
    }
}
