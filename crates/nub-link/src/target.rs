//! The target description that cargo is given.

use std::path::{Path, PathBuf};

use polkavm_linker::{TARGET_JSON_64_BIT_NEW, TARGET_JSON_64_BIT_OLD};

use crate::BuildError;

/// The file's name, which names the target.
const FILE_NAME: &str = "riscv64emac-unknown-none-polkavm.json";
/// The first 1.x compiler that reads the newer form.
const NEW_FORM_SINCE_MINOR: u32 = 91;

/// Writes the linker's 64-bit target description, in the form the compiler reads, into `directory`.
pub fn write(directory: &Path, rustc_version: &str) -> Result<PathBuf, BuildError> {
    std::fs::create_dir_all(directory).map_err(BuildError::io(directory))?;
    let path = directory.join(FILE_NAME);
    let content = if minor(rustc_version) >= Some(NEW_FORM_SINCE_MINOR) {
        TARGET_JSON_64_BIT_NEW
    } else {
        TARGET_JSON_64_BIT_OLD
    };
    // A newer time of change would make cargo build everything again.
    if std::fs::read_to_string(&path).ok().as_deref() != Some(content) {
        std::fs::write(&path, content).map_err(BuildError::io(&path))?;
    }
    Ok(path)
}

/// The 96 of `rustc 1.96.0 (…)`.
fn minor(rustc_version: &str) -> Option<u32> {
    rustc_version.split(['.', ' ']).nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_minor_version_is_read() {
        assert_eq!(
            super::minor("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"),
            Some(96)
        );
        assert_eq!(super::minor("rustc 1.90.0-nightly (e9182f195 2025-07-13)"), Some(90));
        assert_eq!(super::minor("clang"), None);
    }
}
