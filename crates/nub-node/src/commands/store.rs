//! Opening a store to look at it.

use nub_abi::Hash;
use nub_state::export::hashed_children;
use nub_state::{DecodeError, Handle, Loader, StateError};
use nub_store::{BlockDevice, NotAnObject, OpenError, Options, ReadError, Store};
use nub_store_file::{FileDevice, FileError};
use std::path::{Path, PathBuf};

/// Why a store cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum StoreFailure {
    /// The file cannot be had.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no store in it that can be opened.
    #[error("{}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: OpenError,
    },
}

/// Opens the store in a file to read it alone.
pub fn open_read_only(path: &Path) -> Result<Store<FileDevice>, StoreFailure> {
    let device = FileDevice::open_read_only(path)?;
    let open = |source| StoreFailure::Open { path: path.to_owned(), source };
    Store::open_read_only(device, None, options()).map_err(open)
}

/// Options of tools: objects have the children that nub-state says.
pub fn options() -> Options {
    Options { children: Some(children), ..Options::default() }
}

pub fn children(encoding: &[u8], visit: &mut dyn FnMut(Hash)) -> Result<(), NotAnObject> {
    hashed_children(encoding, visit).map_err(|_| NotAnObject)
}

/// A store as nub-state loads from it.
pub struct StoreLoader<'a, D>(pub &'a mut Store<D>);

/// Why an object was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadFailure {
    /// It is not there.
    #[error("object {0} is missing from the store; restore it from a backup")]
    Missing(Hash),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be decoded.
    #[error("object {hash} cannot be decoded: {reason}")]
    Malformed {
        /// Its hash.
        hash: Hash,
        /// What is wrong.
        reason: DecodeError,
    },
    /// It is not what its parent says.
    #[error(transparent)]
    State(#[from] StateError),
}

impl<D: BlockDevice> Loader for StoreLoader<'_, D> {
    type Error = LoadFailure;

    fn load(&mut self, hash: &Hash) -> Result<Handle, LoadFailure> {
        let bytes = self.0.get(hash)?.ok_or(LoadFailure::Missing(*hash))?;
        Handle::load(hash, &bytes).map_err(|reason| LoadFailure::Malformed { hash: *hash, reason })
    }
}
