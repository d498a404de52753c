//! What a nested cargo must not inherit from the cargo that runs us.

use std::path::Path;
use std::process::Command;

/// `CARGO_*` variables that configure where cargo finds things, not what it builds.
const KEPT_CARGO_PREFIXES: [&str; 5] =
    ["CARGO_HOME", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR", "CARGO_SOURCE_"];

/// Variables cargo sets for build scripts, or that tools leak, by their exact name.
const SCRUBBED_NAMES: [&str; 12] = [
    "CARGO",
    "RUSTFLAGS",
    "CLIPPY_ARGS",
    "CLIPPY_CONF_DIR",
    "LD_LIBRARY_PATH",
    "TARGET",
    "HOST",
    "PROFILE",
    "OPT_LEVEL",
    "DEBUG",
    "OUT_DIR",
    "NUM_JOBS",
];

/// Prefixes of variables that would change what a nested cargo builds.
const SCRUBBED_PREFIXES: [&str; 4] = ["CARGO_", "RUSTC", "RUSTDOC", "DEP_"];

/// Whether a nested cargo must start without the variable `name`.
///
/// An inherited *empty* `CARGO_ENCODED_RUSTFLAGS` overrides `RUSTFLAGS`, clippy leaks
/// `RUSTC_WORKSPACE_WRAPPER`, and an inherited `CARGO_TARGET_DIR` makes two cargos wait for one lock.
pub fn is_scrubbed(name: &str) -> bool {
    if KEPT_CARGO_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    SCRUBBED_NAMES.contains(&name) || SCRUBBED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// A command that runs `cargo` with `rustc` in `directory`, without the variables [`is_scrubbed`] names.
pub fn nested_cargo(cargo: &Path, rustc: &Path, directory: &Path) -> Command {
    let mut command = Command::new(cargo);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_scrubbed) {
            command.env_remove(&name);
        }
    }
    command.env("RUSTC", rustc).current_dir(directory);
    command
}

/// Puts `flags` where no configuration file and no space inside a flag can disturb them.
pub(crate) fn set_rustflags(command: &mut Command, flags: &[String]) {
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_a_build_is_scrubbed() {
        for name in [
            "CARGO",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_MAKEFLAGS",
            "CARGO_PROFILE_RELEASE_DEBUG",
            "CARGO_INCREMENTAL",
            "CARGO_MANIFEST_DIR",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC_BOOTSTRAP",
            "RUSTDOCFLAGS",
            "RUSTFLAGS",
            "DEP_Z_ROOT",
            "CLIPPY_ARGS",
            "LD_LIBRARY_PATH",
            "TARGET",
            "HOST",
            "PROFILE",
            "OPT_LEVEL",
            "DEBUG",
            "OUT_DIR",
            "NUM_JOBS",
        ] {
            assert!(is_scrubbed(name), "{name} must not reach a nested cargo");
        }
    }

    #[test]
    fn what_finds_the_network_and_the_tools_is_kept() {
        for name in [
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "CARGO_HTTP_PROXY",
            "CARGO_REGISTRY_DEFAULT",
            "CARGO_REGISTRIES_MIRROR_INDEX",
            "CARGO_SOURCE_CRATES_IO_REPLACE_WITH",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "PATH",
            "HOME",
            "DEBUGINFOD_URLS",
            "TARGETS",
            "http_proxy",
        ] {
            assert!(!is_scrubbed(name), "{name} must reach a nested cargo");
        }
    }

    #[test]
    fn nested_cargo_names_its_compiler() {
        let command = nested_cargo(Path::new("cargo"), Path::new("/opt/rustc"), Path::new("/"));
        let rustc = command.get_envs().find(|(name, _)| *name == "RUSTC").and_then(|(_, value)| value);
        assert_eq!(rustc, Some("/opt/rustc".as_ref()));
        // Cargo runs the tests, so the variables it sets are there to be removed.
        let removed = command.get_envs().any(|(name, value)| name == "CARGO_MANIFEST_DIR" && value.is_none());
        assert!(removed);
    }
}
