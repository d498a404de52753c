//! Where the repository is, and where nested builds put their output.

use std::path::{Path, PathBuf};

/// The root of the repository this crate was compiled in.
pub fn repository_root() -> PathBuf {
    // `crates/nub-build` is two folders down. Lexical, because a build script wants the path it was given.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("/")).to_owned()
}

/// A directory for a nested build called `name`, beside the profiles of the outer build, so that debug,
/// release, clippy and tests share it.
///
/// In a build script the outer target directory is found from `OUT_DIR`; elsewhere it is `CARGO_TARGET_DIR`,
/// else `target` in the repository.
pub fn nested_target_dir(name: &str) -> PathBuf {
    let from_build_script = std::env::var_os("OUT_DIR").and_then(|out| target_dir_above(Path::new(&out)));
    let from_user = || std::env::var_os("CARGO_TARGET_DIR").filter(|value| !value.is_empty());
    from_build_script
        .or_else(|| from_user().map(|directory| absolute(&PathBuf::from(directory))))
        .unwrap_or_else(|| repository_root().join("target"))
        .join(name)
}

/// The directory above `out_dir` that cargo marked as a cache: its target directory.
fn target_dir_above(out_dir: &Path) -> Option<PathBuf> {
    out_dir.ancestors().find(|directory| directory.join("CACHEDIR.TAG").is_file()).map(Path::to_owned)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_root_holds_the_workspace() {
        let manifest = std::fs::read_to_string(repository_root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn a_target_directory_is_known_by_its_tag() {
        let executable = std::env::current_exe().unwrap();
        let target = target_dir_above(&executable).expect("tests run from a target directory");
        assert!(target.join("CACHEDIR.TAG").is_file());
        assert_eq!(target_dir_above(Path::new("/nonexistent/debug/build/nub-0/out")), None);
    }
}
