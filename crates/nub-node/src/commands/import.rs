//! `nub import`: a state from a portable file, verified object by object (`docs/spec/export.md`).

use crate::progress::bytes_bar;
use nub_state::export::EXPORT_HEADER_BYTES;
use nub_state::{Import, ImportError};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;

/// The longest object that is read: longer ones are in no state.
const OBJECT_BYTES_MAX: u32 = 64 << 20;

/// What to import.
#[derive(clap::Args)]
pub struct Arguments {
    /// The export.
    file: PathBuf,
    /// Verify the file and keep nothing.
    #[arg(long, required = true)]
    check: bool,
}

/// Why there was no import.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// It is not a whole, canonical state.
    #[error("{} is not a state: {source}", path.display())]
    NotAState {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ImportError,
    },
    /// An object is longer than any can be.
    #[error("{} has an object of {bytes} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u32,
    },
}

/// Verifies the file and prints its root.
///
/// # Errors
/// [`ImportFailure`].
pub fn run(arguments: &Arguments) -> Result<(), ImportFailure> {
    debug_assert!(arguments.check);
    let path = || arguments.file.clone();
    let read = |source| ImportFailure::Read { path: path(), source };
    let not_a_state = |source| ImportFailure::NotAState { path: path(), source };
    let file = File::open(&arguments.file).map_err(read)?;
    let bar = bytes_bar(file.metadata().map_err(read)?.len());
    let mut reader = BufReader::with_capacity(1 << 20, bar.wrap_read(file));
    let mut header = [0; EXPORT_HEADER_BYTES];
    reader.read_exact(&mut header).map_err(read)?;
    let mut import = Import::new(&header).map_err(not_a_state)?;
    let mut objects = 0u64;
    let mut length = [0; 4];
    while !import.is_complete() {
        reader.read_exact(&mut length).map_err(read)?;
        let bytes = u32::from_le_bytes(length);
        if bytes > OBJECT_BYTES_MAX {
            return Err(ImportFailure::TooLong { path: path(), bytes });
        }
        let mut object = vec![0; bytes as usize];
        reader.read_exact(&mut object).map_err(read)?;
        import.object(&object).map_err(not_a_state)?;
        objects += 1;
    }
    let root = import.root();
    if reader.read(&mut length).map_err(read)? > 0 {
        return Err(not_a_state(ImportError::AfterRoot(root)));
    }
    let root = import.finish().map_err(not_a_state)?;
    bar.finish_and_clear();
    println!("root {root}\nobjects {objects}");
    Ok(())
}
