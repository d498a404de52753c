//! Why an operation failed: one enum each.

use crate::device::DeviceError;
use nub_abi::Hash;

/// Why no store was made. Nothing was written, unless the device failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// There is something on the device.
    #[error("the device is not blank; give an empty one, or open what is on it")]
    NotBlank,
    /// An option is out of its range.
    #[error("options: 16 to 16384 blocks a segment, 1 to 64 roots retained")]
    BadOptions,
    /// The device failed or is too small.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Why a store was not opened. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There is nothing on the device.
    #[error("the device is blank; create a store on it")]
    Blank,
    /// What is on the device is no store.
    #[error("this is not a Nub store; give the right file")]
    Foreign,
    /// The store is of a later format.
    #[error("the store has format version {found}, this node reads {supported}; update the node")]
    Newer {
        /// Its version.
        found: u32,
        /// Ours.
        supported: u32,
    },
    /// The store is of an earlier format.
    #[error(
        "the store has format version {found}, this node reads {supported}; export it with the node that made it"
    )]
    Older {
        /// Its version.
        found: u32,
        /// Ours.
        supported: u32,
    },
    /// The store holds another chain's state.
    #[error("the store is of chain {found}, not {expected}; give the right file")]
    AnotherChain {
        /// The chain asked for.
        expected: u64,
        /// The store's.
        found: u64,
    },
    /// The device ends before the store does.
    #[error("the store is truncated: {found_bytes} bytes of {expected_bytes}; restore it from a backup")]
    Truncated {
        /// How long it was.
        expected_bytes: u64,
        /// How long it is.
        found_bytes: u64,
    },
    /// No superblock is whole.
    #[error("no superblock of the store is whole; restore it from a backup")]
    DamagedSuperblock,
    /// The map of a checkpoint is damaged.
    #[error("the store's map is damaged at block {block}; restore it from a backup")]
    DamagedMap {
        /// The device's block.
        block: u32,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The bytes on the device are not the object.
    #[error("object {hash} is corrupt at byte {offset} of the store; restore it from a backup")]
    CorruptObject {
        /// The object asked for.
        hash: Hash,
        /// Where it should be, in bytes on the device.
        offset: u64,
    },
    /// A page of the index is damaged.
    #[error("block {block} of the store's index is corrupt; restore it from a backup")]
    CorruptIndex {
        /// The device's block.
        block: u32,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Why a commit or a checkpoint was not made. The store is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// There is no room. Nothing was written.
    #[error("the store is full; make room for {needed_bytes} bytes and try again")]
    Full {
        /// About how much more it takes.
        needed_bytes: u64,
    },
    /// The index has no room for more. Nothing was written.
    #[error("the store holds {objects} objects and its index has no room for more; keep fewer roots")]
    TooManyObjects {
        /// How many there are.
        objects: u64,
    },
    /// An object is longer than a segment holds. Nothing was written.
    #[error("object {hash} has {bytes} bytes, the store holds {limit}; make a store of larger segments")]
    ObjectTooLong {
        /// The object.
        hash: Hash,
        /// Its length.
        bytes: u64,
        /// The longest there may be.
        limit: u64,
    },
    /// The bytes given do not have the hash given. Nothing was written.
    #[error("the bytes given for object {0} have another hash; report it")]
    WrongHash(Hash),
    /// A write or flush failed, now or earlier: what is durable is not known any more.
    #[error("the store failed to write ({0}); it only reads until it is opened again")]
    Failed(DeviceError),
    /// Something that was needed could not be read. Nothing was written.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why collection stopped. Nothing is lost; it starts over when it is called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// An object that a retained root refers to is not there.
    #[error("object {0} is missing from the store; restore it from a backup")]
    Missing(Hash),
    /// An object cannot be decoded.
    #[error("object {0} cannot be decoded; restore the store from a backup")]
    Malformed(Hash),
    /// A frame of the log is damaged; its segment is left alone.
    #[error("the log is damaged in segment {segment}, block {block}; restore the store from a backup")]
    DamagedFrame {
        /// The segment.
        segment: u32,
        /// The block in it.
        block: u32,
    },
    /// Objects were staged for a commit that has not come.
    #[error("objects are staged for a commit; commit, or give up what was staged")]
    Staged,
    /// What still lives could not be written elsewhere.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<ReadError> for CollectError {
    fn from(error: ReadError) -> Self {
        Self::Write(WriteError::Read(error))
    }
}

impl From<DeviceError> for WriteError {
    fn from(error: DeviceError) -> Self {
        Self::Read(ReadError::Device(error))
    }
}
