//! `NUB_GUEST_TOOLCHAIN`: which way of building the guest the user insists on.

use std::ffi::OsStr;

use crate::error::ToolchainError;

/// The variable that forces a way of building the guest.
pub const SELECTION_VARIABLE: &str = "NUB_GUEST_TOOLCHAIN";

/// Which toolchains may build the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The first that is found.
    Any,
    /// Only the precompiled target of the current toolchain.
    Target,
    /// Only a toolchain that compiles the standard library from its own source.
    BuildStd,
    /// None: `nub` without guest image.
    None,
}

impl Selection {
    /// Reads `NUB_GUEST_TOOLCHAIN`; unset or empty means [`Selection::Any`].
    ///
    /// # Errors
    /// [`ToolchainError::UnknownSelection`] for any other value than `target`, `build-std`, `none`.
    pub fn from_env() -> Result<Selection, ToolchainError> {
        Selection::parse(std::env::var_os(SELECTION_VARIABLE).as_deref())
    }

    fn parse(value: Option<&OsStr>) -> Result<Selection, ToolchainError> {
        let Some(value) = value else { return Ok(Selection::Any) };
        match value.to_str() {
            Some("") => Ok(Selection::Any),
            Some("target") => Ok(Selection::Target),
            Some("build-std") => Ok(Selection::BuildStd),
            Some("none") => Ok(Selection::None),
            _ => Err(ToolchainError::UnknownSelection { value: value.to_string_lossy().into_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &str) -> Result<Selection, ToolchainError> {
        Selection::parse(Some(value.as_ref()))
    }

    #[test]
    fn known_selections_are_read() {
        assert_eq!(Selection::parse(None).unwrap(), Selection::Any);
        assert_eq!(parse("").unwrap(), Selection::Any);
        assert_eq!(parse("target").unwrap(), Selection::Target);
        assert_eq!(parse("build-std").unwrap(), Selection::BuildStd);
        assert_eq!(parse("none").unwrap(), Selection::None);
    }

    #[test]
    fn other_selections_are_an_error_that_names_the_value() {
        for value in ["Target", "build_std", "nightly", " none"] {
            let error = parse(value).unwrap_err();
            assert!(matches!(&error, ToolchainError::UnknownSelection { value: held } if held == value));
            assert!(error.to_string().contains(&format!("{value:?}")), "{error}");
        }
    }
}
