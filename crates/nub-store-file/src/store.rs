//! The store in a file.

use crate::device::{Caching, FileDevice, FileError};
use nub_store::{BlockDevice, CreateError, Layout, OpenError, Options, Store};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file's store was neither opened nor made.
#[derive(Debug, thiserror::Error)]
pub enum FileStoreError {
    /// The file cannot be had.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in the file cannot be opened. Nothing was written to it.
    #[error("{}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: OpenError,
    },
    /// A store cannot be made.
    #[error("cannot make a store in {}: {source}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CreateError,
    },
    /// A new store cannot be given its name.
    #[error("cannot give the new store its name {}", path.display())]
    Rename {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// Opens the store in a file; `chain_id` must be its chain's, if given.
///
/// # Errors
/// [`FileStoreError`]; nothing was written.
pub fn open(
    path: &Path,
    chain_id: Option<u64>,
    caching: Caching,
    options: Options,
) -> Result<Store<FileDevice>, FileStoreError> {
    let device = FileDevice::open(path, caching)?;
    let open = |source| FileStoreError::Open { path: path.to_owned(), source };
    Store::open(device, chain_id, options).map_err(open)
}

/// Opens the store in a file; if there is none or it is empty, makes one.
///
/// # Errors
/// [`FileStoreError`].
pub fn open_or_create(
    path: &Path,
    chain_id: u64,
    caching: Caching,
    layout: Layout,
    options: Options,
) -> Result<Store<FileDevice>, FileStoreError> {
    let device = device_for_store(path, chain_id, caching, layout)?;
    let open = |source| FileStoreError::Open { path: path.to_owned(), source };
    Store::open(device, Some(chain_id), options).map_err(open)
}

/// The file as a device with a store on it: the one it holds, whatever that is, or a new one if there is no
/// file or an empty one. A new store gets its name when it is complete.
///
/// # Errors
/// [`FileStoreError`].
pub fn device_for_store(
    path: &Path,
    chain_id: u64,
    caching: Caching,
    layout: Layout,
) -> Result<FileDevice, FileStoreError> {
    if path.exists() {
        let device = FileDevice::open(path, caching)?;
        if device.length_bytes() > 0 {
            return Ok(device);
        }
    }
    let new = new_name(path);
    let device = FileDevice::create(&new, caching)?;
    let rename = |source| FileStoreError::Rename { path: path.to_owned(), source };
    // Left behind by a crash: nobody knows it by its name.
    let device = match device.length_bytes() {
        0 => device,
        _ => {
            std::fs::remove_file(&new).map_err(rename)?;
            drop(device);
            FileDevice::create(&new, caching)?
        }
    };
    let create = |source| FileStoreError::Create { path: path.to_owned(), source };
    let store = Store::create(device, chain_id, layout, Options::default()).map_err(create)?;
    let device = store.into_device();
    device.sync_all().map_err(rename)?;
    std::fs::rename(&new, path).map_err(rename)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(rename)?;
    Ok(device)
}

/// The name a store has while it is made.
fn new_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}
