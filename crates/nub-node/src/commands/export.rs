//! `nub export`: a state as one portable file (`docs/spec/export.md`).

use crate::commands::store::{LoadFailure, StoreFailure, StoreLoader, open_read_only};
use crate::progress::objects_bar;
use nub_state::Export;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Bytes made at once.
const CHUNK_BYTES: usize = 1 << 20;

/// What to export.
#[derive(clap::Args)]
pub struct Arguments {
    /// The store's file.
    store: PathBuf,
    /// The file to write; it must not exist.
    file: PathBuf,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportFailure {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreFailure),
    /// There is no state in it.
    #[error("{} holds no committed state", path.display())]
    NoState {
        /// The store.
        path: PathBuf,
    },
    /// An object cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadFailure),
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// Writes the file and prints the root.
///
/// # Errors
/// [`ExportFailure`]; a file that was begun is removed.
pub fn run(arguments: &Arguments) -> Result<(), ExportFailure> {
    let mut store = open_read_only(&arguments.store)?;
    let committed =
        store.committed().ok_or_else(|| ExportFailure::NoState { path: arguments.store.clone() })?;
    let write = |source| ExportFailure::Write { path: arguments.file.clone(), source };
    let file = File::create_new(&arguments.file).map_err(write)?;
    let bar = objects_bar(store.stats().objects);
    let mut out = BufWriter::with_capacity(CHUNK_BYTES, file);
    let mut export = Export::new(committed.root);
    let mut loader = StoreLoader(&mut store);
    let mut bytes = 0;
    let result = loop {
        let chunk = match export.next_chunk(&mut loader, CHUNK_BYTES) {
            Ok(chunk) if chunk.is_empty() => break Ok(()),
            Ok(chunk) => chunk,
            Err(error) => break Err(error.into()),
        };
        if let Err(source) = out.write_all(&chunk) {
            break Err(write(source));
        }
        bytes += chunk.len() as u64;
        bar.set_message(format!("{bytes} bytes"));
        bar.tick();
    };
    let synced = result.and_then(|()| {
        out.into_inner().map_err(|error| error.into_error()).and_then(|file| file.sync_all()).map_err(write)
    });
    bar.finish_and_clear();
    if let Err(error) = synced {
        let _ = std::fs::remove_file(&arguments.file);
        return Err(error);
    }
    println!("root {}\nheight {}\nbytes {bytes}", committed.root, committed.height);
    Ok(())
}
