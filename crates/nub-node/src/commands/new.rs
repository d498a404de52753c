//! `nub new`: a contract to begin with.

use std::io;
use std::path::{Path, PathBuf};

/// The files of the template, and what is in them.
const FILES: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("../../template/Cargo.toml.txt")),
    ("src/main.rs", include_str!("../../template/src/main.rs.txt")),
    ("tests/on_chain.rs", include_str!("../../template/tests/on_chain.rs.txt")),
    (".gitignore", "/target\n"),
];

/// What to make.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder, whose name is the contract's.
    path: PathBuf,
    /// The Nub repository that the contract depends on; the one this command was built in otherwise.
    #[arg(long)]
    nub: Option<PathBuf>,
}

/// Why there is no contract.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The folder is not empty.
    #[error("{} exists; choose another folder", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The name is no package's.
    #[error("`{name}` is no name of a package: lower-case letters, digits, `-` and `_`, a letter first")]
    Name {
        /// The name.
        name: String,
    },
    /// There is no Nub.
    #[error("{} is not the Nub repository; say where it is with --nub", path.display())]
    NoRepository {
        /// The folder.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// Writes the template and says what to do with it.
///
/// # Errors
/// [`NewError`]; nothing is overwritten.
pub fn run(arguments: &Arguments) -> Result<(), NewError> {
    let path = &arguments.path;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !is_package_name(&name) {
        return Err(NewError::Name { name });
    }
    if path.exists() {
        return Err(NewError::Exists { path: path.clone() });
    }
    let nub = arguments.nub.clone().unwrap_or_else(nub_build::repository_root);
    let nub = std::fs::canonicalize(&nub).unwrap_or(nub);
    if !nub.join("crates/nub-sdk/Cargo.toml").is_file() {
        return Err(NewError::NoRepository { path: nub });
    }
    for (file, content) in FILES {
        let content = content.replace("{{name}}", &name).replace("{{nub}}", &nub.to_string_lossy());
        write(&path.join(file), &content)?;
    }
    println!("made {}; next: `cargo test --bins` there, then `nub build`, then `cargo test`", path.display());
    Ok(())
}

fn is_package_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain)
}

fn write(path: &Path, content: &str) -> Result<(), NewError> {
    let error = |source| NewError::Write { path: path.to_owned(), source };
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(error)?;
    std::fs::write(path, content).map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("my-jar");
        let arguments = Arguments { path: path.clone(), nub: None };
        run(&arguments).unwrap();
        let manifest = std::fs::read_to_string(path.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("name = \"my-jar\"") && !manifest.contains("{{"));
        assert!(matches!(run(&arguments), Err(NewError::Exists { .. })));
    }

    #[test]
    fn names_are_those_of_packages() {
        for name in ["", "1jar", "Jar", "my jar"] {
            assert!(!is_package_name(name), "{name}");
        }
    }
}
