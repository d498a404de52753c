//! Where the vectors are, and what is wrong if they are not.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::Vector;

/// Names the folder of the vectors. Unset or empty: `../shared/pvm/vectors` beside the repository.
const FOLDER_VARIABLE: &str = "NUB_PVM_VECTORS";

/// Why the vectors cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum VectorsError {
    /// The folder or a file cannot be read.
    #[error("{}: {error}; NUB_PVM_VECTORS names the folder of the vectors", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file is not a vector.
    #[error("{}: no PVM vector: {error}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where it is wrong.
        error: serde_json::Error,
    },
    /// The folder has no `*.json`.
    #[error("no PVM vectors (*.json) in {}", .0.display())]
    Empty(PathBuf),
}

/// All published vectors, by name. `None`, with a visible line, where no folder is named and there is none beside the
/// repository.
///
/// # Errors
/// A folder that was named and cannot be read, one without vectors, and a file that is not a vector.
pub fn published() -> Result<Option<Vec<Vector>>, VectorsError> {
    let named = std::env::var_os(FOLDER_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pvm/vectors");
    let folder = named.clone().unwrap_or_else(beside);
    if named.is_none() && !folder.is_dir() {
        say(&format!("SKIPPED: no PVM vectors at {}", folder.display()));
        return Ok(None);
    }
    let files = files_of(&folder).map_err(|error| VectorsError::Read { path: folder.clone(), error })?;
    if files.is_empty() {
        return Err(VectorsError::Empty(folder));
    }
    files.into_iter().map(parse).collect::<Result<_, _>>().map(Some)
}

fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = paths.collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

fn parse(path: PathBuf) -> Result<Vector, VectorsError> {
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| VectorsError::Parse { path, error }),
        Err(error) => Err(VectorsError::Read { path, error }),
    }
}

/// Prints a line that the test harness does not capture.
pub fn say(line: &str) {
    // A closed stdout is nothing that a test could mend.
    let _ = writeln!(io::stdout(), "{line}");
}
