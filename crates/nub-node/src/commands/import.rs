//! `nub import`: a state from a portable file, verified object by object (`docs/spec/export.md`).

use crate::commands::store::options;
use crate::progress::bytes_bar;
use nub_abi::Hash;
use nub_state::export::EXPORT_HEADER_BYTES;
use nub_state::{Handle, Import, ImportError};
use nub_store::{Layout, WriteError};
use nub_store_file::{Caching, FileStoreError, open_or_create};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest object that is read: longer ones are in no state.
const OBJECT_BYTES_MAX: u32 = 64 << 20;
/// Bytes of objects written at once.
const BATCH_BYTES: usize = 4 << 20;

/// What to import.
#[derive(clap::Args)]
pub struct Arguments {
    /// The export.
    file: PathBuf,
    /// The store to make; it must not hold a state.
    #[arg(required_unless_present = "check")]
    store: Option<PathBuf>,
    /// Verify the file and keep nothing.
    #[arg(long, conflicts_with = "store")]
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
    /// The store cannot be made.
    #[error(transparent)]
    Store(#[from] FileStoreError),
    /// The store has a state.
    #[error("{} holds a state already, of root {root}; import into a new file", path.display())]
    HasState {
        /// The store.
        path: PathBuf,
        /// Its root.
        root: Hash,
    },
    /// The store cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What the root of a file says.
struct Verified {
    root: Hash,
    objects: u64,
    chain_id: u64,
    height: u64,
}

/// Verifies the file, makes the store, and prints the root.
///
/// # Errors
/// [`ImportFailure`].
pub fn run(arguments: &Arguments) -> Result<(), ImportFailure> {
    let verified = verify(&arguments.file, &mut |_, _| Ok(()))?;
    if let Some(path) = &arguments.store {
        write(&arguments.file, path, &verified)?;
    }
    println!("root {}\nheight {}\nobjects {}", verified.root, verified.height, verified.objects);
    Ok(())
}

/// Makes a store of what was verified; it is verified again as it is read again.
fn write(file: &Path, path: &Path, verified: &Verified) -> Result<(), ImportFailure> {
    let (layout, options) = (Layout::default(), options());
    let mut store = open_or_create(path, verified.chain_id, Caching::System, layout, options)?;
    if let Some(entry) = store.committed() {
        return Err(ImportFailure::HasState { path: path.to_owned(), root: entry.root });
    }
    let (mut batch, mut bytes) = (Vec::new(), 0);
    let again = verify(file, &mut |hash, object| {
        bytes += object.len();
        batch.push((hash, object));
        if bytes >= BATCH_BYTES {
            store.stage(&batch)?;
            (batch, bytes) = (Vec::new(), 0);
        }
        Ok(())
    });
    let result = again.and_then(|again| {
        store.commit(again.root, again.height, &batch)?;
        Ok(store.checkpoint()?)
    });
    if result.is_err() {
        // The first error says what is wrong.
        let _ = store.give_up_staged();
    }
    result
}

/// Verifies a file and hands out its objects.
fn verify(
    path: &Path,
    sink: &mut dyn FnMut(Hash, Vec<u8>) -> Result<(), WriteError>,
) -> Result<Verified, ImportFailure> {
    let read = |source| ImportFailure::Read { path: path.to_owned(), source };
    let not_a_state = |source| ImportFailure::NotAState { path: path.to_owned(), source };
    let file = File::open(path).map_err(read)?;
    let bar = bytes_bar(file.metadata().map_err(read)?.len());
    let mut reader = BufReader::with_capacity(1 << 20, bar.wrap_read(file));
    let mut header = [0; EXPORT_HEADER_BYTES];
    reader.read_exact(&mut header).map_err(read)?;
    let mut import = Import::new(&header).map_err(not_a_state)?;
    let truncated = |import: &Import| not_a_state(ImportError::Truncated(import.root()));
    let (mut objects, mut chain_id, mut height) = (0, 0, 0);
    let mut length = [0; 4];
    while !import.is_complete() {
        let ends = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => truncated(&import),
            _ => read(error),
        };
        reader.read_exact(&mut length).map_err(ends)?;
        let bytes = u32::from_le_bytes(length);
        if bytes > OBJECT_BYTES_MAX {
            return Err(ImportFailure::TooLong { path: path.to_owned(), bytes });
        }
        let mut object = vec![0; bytes as usize];
        reader.read_exact(&mut object).map_err(ends)?;
        let hash = import.object(&object).map_err(not_a_state)?;
        if import.is_complete()
            && let Ok(handle) = Handle::load(&hash, &object)
            && let Ok(system) = handle.as_system()
        {
            (chain_id, height) = (system.chain_id, system.height);
        }
        objects += 1;
        sink(hash, object)?;
    }
    let root = import.root();
    if reader.read(&mut length).map_err(read)? > 0 {
        return Err(not_a_state(ImportError::AfterRoot(root)));
    }
    import.finish().map_err(not_a_state)?;
    bar.finish_and_clear();
    Ok(Verified { root, objects, chain_id, height })
}
