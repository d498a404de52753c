//! The store in a file.

use crate::device::{Caching, FileDevice, FileError};
use nub_store::device::SECTOR_BYTES;
use nub_store::{
    BLOCK_BYTES, BlockDevice, CreateError, DeviceError, Layout, MemoryDevice, OpenError, Options, Store,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes compared at once.
const LOOK_BYTES: usize = 256 * BLOCK_BYTES;

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
    /// There is no store in the file, and no chain was given whose store could be made.
    #[error("there is no store in {}; name the chain to make one", path.display())]
    NoChain {
        /// The file.
        path: PathBuf,
    },
    /// Where a new store is made lies a file that is not what is left of one for this chain and layout.
    #[error("{} is in the way of a new store and not its beginning; move it away", path.display())]
    InTheWay {
        /// The file.
        path: PathBuf,
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
    let device = device_for_store(path, Some(chain_id), caching, layout)?;
    let open = |source| FileStoreError::Open { path: path.to_owned(), source };
    Store::open(device, Some(chain_id), options).map_err(open)
}

/// The file as a device with a store on it: the one it holds, whatever that is, or a new one if there is no
/// file or an empty one. A new store gets its name when it is complete.
///
/// # Errors
/// [`FileStoreError`]; [`FileStoreError::NoChain`] if a store is to be made and no chain was given.
pub fn device_for_store(
    path: &Path,
    chain_id: Option<u64>,
    caching: Caching,
    layout: Layout,
) -> Result<FileDevice, FileStoreError> {
    // Held until the new file has taken its place, so that nobody else makes a store in it.
    let empty = match path.try_exists() {
        Ok(false) => None,
        _ => match FileDevice::open(path, caching)? {
            device if device.length_bytes() > 0 => return Ok(device),
            empty => Some(empty),
        },
    };
    let chain_id = chain_id.ok_or_else(|| FileStoreError::NoChain { path: path.to_owned() })?;
    let new = new_name(path);
    let blank = blank_file(&new, chain_id, caching, layout)?;
    let create = |source| FileStoreError::Create { path: path.to_owned(), source };
    let device = Store::create(blank, chain_id, layout, Options::default()).map_err(create)?.into_device();
    let rename = |source| FileStoreError::Rename { path: path.to_owned(), source };
    device.sync_all().map_err(rename)?;
    match empty {
        Some(_) => std::fs::rename(&new, path).map_err(rename)?,
        None => rename_to_nothing(&new, path).map_err(rename)?,
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(rename)?;
    Ok(device)
}

/// An empty file of that name, locked. What a crash left there of a store that was being made is removed.
fn blank_file(
    new: &Path,
    chain_id: u64,
    caching: Caching,
    layout: Layout,
) -> Result<FileDevice, FileStoreError> {
    let mut device = FileDevice::create(new, caching)?;
    if device.length_bytes() == 0 {
        return Ok(device);
    }
    let create = |source| FileStoreError::Create { path: new.to_owned(), source };
    let whole = Store::create(MemoryDevice::new(), chain_id, layout, Options::default()).map_err(create)?;
    let is_ours = is_part_of(&mut device, &mut whole.into_device());
    if !is_ours.map_err(|error| create(error.into()))? {
        return Err(FileStoreError::InTheWay { path: new.to_owned() });
    }
    // By its name: if it has got another meanwhile, it is a store.
    std::fs::remove_file(new).map_err(|source| FileStoreError::Rename { path: new.to_owned(), source })?;
    Ok(FileDevice::create(new, caching)?)
}

/// Whether a device holds what a crash can leave of the other: each sector is zeros or the other's.
fn is_part_of(device: &mut FileDevice, whole: &mut MemoryDevice) -> Result<bool, DeviceError> {
    let length = device.length_bytes();
    if length > whole.length_bytes() || !length.is_multiple_of(BLOCK_BYTES as u64) {
        return Ok(false);
    }
    let (mut found, mut expected) = (vec![0; LOOK_BYTES], vec![0; LOOK_BYTES]);
    for offset in (0..length).step_by(LOOK_BYTES) {
        let bytes = (length - offset).min(LOOK_BYTES as u64) as usize;
        device.read(offset, &mut found[..bytes])?;
        whole.read(offset, &mut expected[..bytes])?;
        let mut sectors = found[..bytes].chunks(SECTOR_BYTES).zip(expected[..bytes].chunks(SECTOR_BYTES));
        if !sectors.all(|(found, expected)| found == expected || found.iter().all(|&byte| byte == 0)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Renames a file if there is none of the other name.
fn rename_to_nothing(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system cannot: nobody was there when we looked.
        Err(Errno::INVAL | Errno::NOSYS) => std::fs::rename(from, to),
        result => Ok(result?),
    }
}

/// The name a store has while it is made.
fn new_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}
