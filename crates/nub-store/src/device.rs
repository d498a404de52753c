//! What a store needs of the thing below it: whole blocks, read and written, and a flush.

use alloc::vec::Vec;
use core::fmt;

/// Bytes of a block. Every offset and length a store uses is a multiple of it.
pub const BLOCK_BYTES: usize = 4096;

/// Bytes that a device writes all or not at all.
pub const SECTOR_BYTES: usize = 512;

/// A device of blocks. Offsets and lengths are in bytes and multiples of [`BLOCK_BYTES`].
///
/// What was written is certain to be there after a crash only once a later [`flush`](Self::flush) has
/// returned; until then any part of it may be, in any order.
pub trait BlockDevice {
    /// How long it is now.
    fn length_bytes(&self) -> u64;

    /// Fills `into` from `offset`.
    ///
    /// # Errors
    /// [`DeviceError`]; what `into` holds then is of no use.
    fn read(&mut self, offset: u64, into: &mut [u8]) -> Result<(), DeviceError>;

    /// Several reads, in one step where the device can.
    ///
    /// # Errors
    /// [`DeviceError`] if any failed.
    fn read_many(&mut self, reads: &mut [Read]) -> Result<(), DeviceError> {
        reads.iter_mut().try_for_each(|read| self.read(read.offset, &mut read.bytes))
    }

    /// Writes `bytes` at `offset`.
    ///
    /// # Errors
    /// [`DeviceError`]; any part of it may have been written.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError>;

    /// Several writes, in one step where the device can.
    ///
    /// # Errors
    /// [`DeviceError`]; any part of them may have been written.
    fn write_many(&mut self, writes: &[Write<'_>]) -> Result<(), DeviceError> {
        writes.iter().try_for_each(|write| self.write(write.offset, write.bytes))
    }

    /// Makes durable whatever was written before.
    ///
    /// # Errors
    /// [`DeviceError`]; any part of it may be durable. Trying again proves nothing.
    fn flush(&mut self) -> Result<(), DeviceError>;

    /// Makes it longer; new bytes are zeros. It has then reserved the room, so that writes do not run out of it.
    ///
    /// # Errors
    /// [`DeviceError::NoSpace`] if there is no room; it is as long as before.
    fn extend(&mut self, length_bytes: u64) -> Result<(), DeviceError>;
}

impl<D: BlockDevice + ?Sized> BlockDevice for &mut D {
    fn length_bytes(&self) -> u64 {
        (**self).length_bytes()
    }

    fn read(&mut self, offset: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        (**self).read(offset, into)
    }

    fn read_many(&mut self, reads: &mut [Read]) -> Result<(), DeviceError> {
        (**self).read_many(reads)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
        (**self).write(offset, bytes)
    }

    fn write_many(&mut self, writes: &[Write<'_>]) -> Result<(), DeviceError> {
        (**self).write_many(writes)
    }

    fn flush(&mut self) -> Result<(), DeviceError> {
        (**self).flush()
    }

    fn extend(&mut self, length_bytes: u64) -> Result<(), DeviceError> {
        (**self).extend(length_bytes)
    }
}

/// One of several reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Where, in bytes.
    pub offset: u64,
    /// Filled by the read; its length says how much.
    pub bytes: Vec<u8>,
}

/// One of several writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write<'a> {
    /// Where, in bytes.
    pub offset: u64,
    /// What.
    pub bytes: &'a [u8],
}

/// What a device was asked for when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The names are those of the methods.
pub enum Operation {
    Read,
    Write,
    Flush,
    Extend,
}

/// Why a device did not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There is no room for more.
    #[error("the device is full; make room")]
    NoSpace,
    /// The range is not all on the device.
    #[error("{operation} of {length_bytes} bytes at {offset} is beyond the end of the device")]
    OutOfRange {
        /// What was asked for.
        operation: Operation,
        /// From where, in bytes.
        offset: u64,
        /// How much.
        length_bytes: u64,
    },
    /// The system or the hardware says no.
    #[error("the {operation} failed{}; check the device", Code(*.code))]
    Io {
        /// What was asked for.
        operation: Operation,
        /// The system's number for the reason, if it gave one.
        code: Option<i32>,
    },
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Flush => "flush",
            Self::Extend => "extension",
        })
    }
}

/// A system's error number in brackets.
struct Code(Option<i32>);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |code| write!(f, " (os error {code})"))
    }
}
