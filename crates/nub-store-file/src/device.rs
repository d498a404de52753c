//! A file as a block device.

use nub_store::device::{BLOCK_BYTES, Operation};
use nub_store::{BlockDevice, DeviceError};
use rustix::fs::{FallocateFlags, OFlags, fallocate};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Whether the system may keep the file's pages in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// It may: reads of what was read lately are quick.
    #[default]
    System,
    /// It must not (`O_DIRECT`): memory is the store's caches alone.
    Direct,
}

/// A file, locked against a second opener for as long as this lives.
#[derive(Debug)]
pub struct FileDevice {
    file: File,
    length_bytes: u64,
    caching: Caching,
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system says no.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// Somebody has it open.
    #[error("{} is in use; stop the node that uses it first", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
}

impl FileDevice {
    /// Opens a file that exists, for reading and writing.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(path: &Path, caching: Caching) -> Result<Self, FileError> {
        Self::with(path, caching, OpenOptions::new().read(true).write(true))
    }

    /// Opens a file, a new one if there is none.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn create(path: &Path, caching: Caching) -> Result<Self, FileError> {
        Self::with(path, caching, OpenOptions::new().read(true).write(true).create(true).truncate(false))
    }

    /// Opens a file for reading alone, beside other readers: every write fails.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open_read_only(path: &Path) -> Result<Self, FileError> {
        let file = OpenOptions::new().read(true).open(path).map_err(|source| open_error(path, source))?;
        lock(path, file.try_lock_shared())?;
        Self::of(path, file, Caching::System)
    }

    fn with(path: &Path, caching: Caching, options: &mut OpenOptions) -> Result<Self, FileError> {
        if caching == Caching::Direct {
            options.custom_flags(OFlags::DIRECT.bits() as i32);
        }
        let file = options.open(path).map_err(|source| open_error(path, source))?;
        lock(path, file.try_lock())?;
        Self::of(path, file, caching)
    }

    fn of(path: &Path, file: File, caching: Caching) -> Result<Self, FileError> {
        let length_bytes = file.metadata().map_err(|source| open_error(path, source))?.len();
        Ok(Self { file, length_bytes, caching })
    }

    /// The file's own memory of everything, its name included, made durable.
    pub(crate) fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn check(&self, operation: Operation, offset: u64, length: usize) -> Result<(), DeviceError> {
        match offset.checked_add(length as u64) {
            Some(end) if end <= self.length_bytes => Ok(()),
            _ => Err(DeviceError::OutOfRange { operation, offset, length_bytes: length as u64 }),
        }
    }
}

fn open_error(path: &Path, source: io::Error) -> FileError {
    FileError::Open { path: path.to_owned(), source }
}

fn lock(path: &Path, result: Result<(), TryLockError>) -> Result<(), FileError> {
    result.map_err(|error| match error {
        TryLockError::WouldBlock => FileError::Locked { path: path.to_owned() },
        TryLockError::Error(source) => open_error(path, source),
    })
}

fn failed(operation: Operation) -> impl Fn(io::Error) -> DeviceError {
    move |error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            DeviceError::NoSpace
        }
        _ => DeviceError::Io { operation, code: error.raw_os_error() },
    }
}

/// Memory whose start is a multiple of a block, as `O_DIRECT` asks.
struct Aligned {
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

impl Aligned {
    fn new(length: usize) -> Self {
        let bytes = vec![0; length + BLOCK_BYTES];
        // A start that is not found is one that the system refuses with an error.
        let start = bytes.as_ptr().align_offset(BLOCK_BYTES).min(BLOCK_BYTES);
        Self { bytes, start, length }
    }

    fn slice(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + self.length]
    }
}

impl BlockDevice for FileDevice {
    fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    fn read(&mut self, offset: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        self.check(Operation::Read, offset, into.len())?;
        match self.caching {
            Caching::System => self.file.read_exact_at(into, offset),
            Caching::Direct => {
                let mut aligned = Aligned::new(into.len());
                let result = self.file.read_exact_at(aligned.slice(), offset);
                into.copy_from_slice(aligned.slice());
                result
            }
        }
        .map_err(failed(Operation::Read))
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
        self.check(Operation::Write, offset, bytes.len())?;
        match self.caching {
            Caching::System => self.file.write_all_at(bytes, offset),
            Caching::Direct => {
                let mut aligned = Aligned::new(bytes.len());
                aligned.slice().copy_from_slice(bytes);
                self.file.write_all_at(aligned.slice(), offset)
            }
        }
        .map_err(failed(Operation::Write))
    }

    fn flush(&mut self) -> Result<(), DeviceError> {
        self.file.sync_data().map_err(failed(Operation::Flush))
    }

    fn extend(&mut self, length_bytes: u64) -> Result<(), DeviceError> {
        if length_bytes <= self.length_bytes {
            return Ok(());
        }
        let more = length_bytes - self.length_bytes;
        match fallocate(&self.file, FallocateFlags::empty(), self.length_bytes, more) {
            Ok(()) => {}
            // Room cannot be reserved on this file system: a write may run out of it.
            Err(rustix::io::Errno::OPNOTSUPP) => {
                self.file.set_len(length_bytes).map_err(failed(Operation::Extend))?;
            }
            Err(error) => return Err(failed(Operation::Extend)(error.into())),
        }
        self.length_bytes = length_bytes;
        Ok(())
    }
}
