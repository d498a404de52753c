//! The build script of `nub`: builds the guest and tells the compiler where it is.

use std::path::{Path, PathBuf};

use crate::error::GuestBuildError;
use crate::guest::GuestBuild;
use crate::selection::SELECTION_VARIABLE;

/// What [`embed_guest`] told the compiler.
#[derive(Clone, Debug)]
pub enum GuestOutcome {
    /// `cfg(nub_guest_image)` is set and `NUB_GUEST_ELF` names this file.
    Embedded(PathBuf),
    /// There is no image; `NUB_GUEST_MISSING_REASON` holds this line.
    Missing(String),
}

/// Builds the guest image from a build script and prints cargo's directives.
///
/// With an image: `cfg(nub_guest_image)`, and the file in `env!("NUB_GUEST_ELF")`. Without: one line in
/// `env!("NUB_GUEST_MISSING_REASON")`, a warning, and another look at the next build.
///
/// # Errors
/// [`GuestBuildError`] if the image is missing and `NUB_REQUIRE_GUEST=1`, or if the guest does not compile.
pub fn embed_guest() -> Result<GuestOutcome, GuestBuildError> {
    println!("cargo::rustc-check-cfg=cfg(nub_guest_image)");
    for variable in [SELECTION_VARIABLE, "NUB_REQUIRE_GUEST", "DOCS_RS"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    match build_and_copy() {
        Ok((elf, inputs)) => {
            inputs.iter().for_each(|input| rerun_if_changed(input));
            println!("cargo::rustc-cfg=nub_guest_image");
            println!("cargo::rustc-env=NUB_GUEST_ELF={}", elf.display());
            Ok(GuestOutcome::Embedded(elf))
        }
        Err(error) if error.leaves_nub_buildable() && !guest_is_required() => {
            let reason = one_line(&error.to_string());
            // A file that never exists has always changed: the next build looks again.
            rerun_if_changed(&out_dir().join("no-guest-image"));
            println!("cargo::rustc-env=NUB_GUEST_MISSING_REASON={reason}");
            println!("cargo::warning=without guest image: {reason}");
            Ok(GuestOutcome::Missing(reason))
        }
        Err(error) => Err(error),
    }
}

fn build_and_copy() -> Result<(PathBuf, Vec<PathBuf>), GuestBuildError> {
    if std::env::var_os("DOCS_RS").is_some() {
        return Err(GuestBuildError::Documentation);
    }
    let arch = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if arch != "x86_64" {
        return Err(GuestBuildError::HostUnsupported { arch });
    }
    let image = GuestBuild::find()?.run()?;
    // A copy of our own: another profile's build may replace the shared file while this one compiles.
    let elf = out_dir().join("guest.elf");
    copy_if_different(&image.elf, &elf)?;
    Ok((elf, image.inputs))
}

/// Copies `from` to `to`, leaving `to` and its time alone where nothing changed.
fn copy_if_different(from: &Path, to: &Path) -> Result<(), GuestBuildError> {
    let io = |what, path: &Path| {
        let path = path.to_owned();
        move |source| GuestBuildError::Io { what, path, source }
    };
    let bytes = std::fs::read(from).map_err(io("cannot read", from))?;
    if std::fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    std::fs::write(to, bytes).map_err(io("cannot write", to))
}

fn guest_is_required() -> bool {
    std::env::var_os("NUB_REQUIRE_GUEST").is_some_and(|value| value == "1")
}

fn rerun_if_changed(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

fn out_dir() -> PathBuf {
    std::env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_else(std::env::temp_dir)
}

/// Directives to cargo are lines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ToolchainError;

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(one_line("a\n  b\r\nc "), "a b c");
    }

    #[test]
    fn mistakes_fail_the_build_and_conditions_do_not() {
        let missing = GuestBuildError::from(ToolchainError::NothingFound);
        assert!(missing.leaves_nub_buildable());
        assert!(GuestBuildError::from(ToolchainError::Disabled).leaves_nub_buildable());
        let misspelt = ToolchainError::UnknownSelection { value: "nightly".to_owned() };
        assert!(!GuestBuildError::from(misspelt).leaves_nub_buildable());
        assert!(!GuestBuildError::ImageMissing { path: PathBuf::from("x") }.leaves_nub_buildable());
    }

    #[test]
    fn what_is_missing_names_a_command() {
        assert!(ToolchainError::NothingFound.to_string().contains("cargo xtask setup"));
        assert!(ToolchainError::Disabled.to_string().contains("unset it"));
        let target = ToolchainError::TargetMissing { sysroot: PathBuf::from("/s") };
        assert!(target.to_string().contains("rustup target add x86_64-unknown-none"));
    }
}
