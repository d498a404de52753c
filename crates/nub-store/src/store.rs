//! The store: its parts, and what can be asked of it without writing.

use crate::cache::ObjectCache;
use crate::collect::Collector;
use crate::device::{BLOCK_BYTES, BlockDevice, DeviceError};
use crate::error::WriteError;
use crate::format::superblock::{RootEntry, Tail};
use crate::index::Index;
use crate::options::Options;
use crate::pages::IndexPages;
use crate::segments::Segments;
use alloc::vec::Vec;

/// Objects by hash and committed roots, on a device.
///
/// One store at a time may have a device open. What [`commit`](Self::commit) returned `Ok` for is found
/// again after any crash.
pub struct Store<D> {
    pub(crate) device: D,
    pub(crate) options: Options,
    pub(crate) chain_id: u64,
    pub(crate) retention: u32,
    pub(crate) segments: Segments,
    pub(crate) index: Index,
    pub(crate) pages: IndexPages,
    pub(crate) tail: Tail,
    /// Whether no frame and no superblock names the tail's next segment yet.
    pub(crate) next_is_unrecorded: bool,
    /// Retained, oldest first.
    pub(crate) roots: Vec<RootEntry>,
    pub(crate) checkpoint: u64,
    pub(crate) live_bytes: u64,
    /// Bytes that the log has grown by since the last checkpoint.
    pub(crate) log_growth_bytes: u64,
    pub(crate) cache: ObjectCache,
    pub(crate) collector: Collector,
    /// Whether no frame that an opening before this one left can follow the log.
    pub(crate) is_fenced: bool,
    /// Whether objects were staged and no commit has come since.
    pub(crate) has_staged: bool,
    /// Why the last checkpoint that was due was not made.
    pub(crate) checkpoint_error: Option<WriteError>,
    /// Why nothing is written any more.
    pub(crate) failed: Option<DeviceError>,
    pub(crate) written: Written,
}

/// Bytes written since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Bytes of new objects given to commits.
    pub object_bytes: u64,
    /// Bytes of frames of commits.
    pub commit_bytes: u64,
    /// Bytes of frames of collection.
    pub moved_bytes: u64,
    /// Bytes of index pages and superblocks.
    pub index_bytes: u64,
    /// Commits.
    pub commits: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Collections that ran to their end.
    pub collections: u64,
}

/// How a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Whose state it is.
    pub chain_id: u64,
    /// The committed root and those before it that are retained, oldest first.
    pub roots: Vec<RootEntry>,
    /// Objects in the index.
    pub objects: u64,
    /// Length of the device in bytes.
    pub device_bytes: u64,
    /// Bytes of segments in use, log and index.
    pub used_bytes: u64,
    /// Bytes of frames in the log.
    pub log_bytes: u64,
    /// Bytes of records that were live after the last collection; 0 before the first.
    pub live_bytes: u64,
    /// Number of the last checkpoint.
    pub checkpoint: u64,
    /// Bytes that the log has grown by since then.
    pub log_growth_bytes: u64,
    /// Memory of the index in bytes.
    pub index_memory_bytes: u64,
    /// Memory of cached objects in bytes.
    pub cache_memory_bytes: u64,
    /// Whether a collection is under way.
    pub is_collecting: bool,
    /// Bytes written since it was opened.
    pub written: Written,
}

impl<D: BlockDevice> Store<D> {
    /// The committed root; `None` before the first commit.
    pub fn committed(&self) -> Option<RootEntry> {
        self.roots.last().copied()
    }

    /// The retained roots, oldest first.
    pub fn roots(&self) -> &[RootEntry] {
        &self.roots
    }

    /// Whose state it is.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Why the last checkpoint that was due after a commit was not made; `None` if it was. The commit is durable
    /// nevertheless, and the next one tries again.
    pub fn checkpoint_error(&self) -> Option<WriteError> {
        self.checkpoint_error
    }

    /// How it is.
    pub fn stats(&self) -> Stats {
        let geometry = self.segments.geometry();
        let in_use = u64::from(self.segments.len()) - self.segments.free_count() as u64;
        Stats {
            chain_id: self.chain_id,
            roots: self.roots.clone(),
            objects: self.index.entries(),
            device_bytes: self.device.length_bytes(),
            used_bytes: in_use * geometry.segment_bytes(),
            log_bytes: self.segments.log_bytes(),
            live_bytes: self.live_bytes,
            checkpoint: self.checkpoint,
            log_growth_bytes: self.log_growth_bytes,
            index_memory_bytes: self.index.memory_bytes() as u64,
            cache_memory_bytes: self.cache.bytes() as u64,
            is_collecting: self.collector.is_active(),
            written: self.written,
        }
    }

    /// The device, for looking at it.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// The device, for changing how it behaves. Changing what is on it breaks the store.
    pub fn device_mut(&mut self) -> &mut D {
        &mut self.device
    }

    /// Gives the device back. What was not committed is lost, and nothing else.
    pub fn into_device(self) -> D {
        self.device
    }

    /// Refuses to write after a failure.
    pub(crate) fn check_writable(&self) -> Result<(), WriteError> {
        self.failed.map_or(Ok(()), |error| Err(WriteError::Failed(error)))
    }

    /// Does some writing. If it fails, nothing is written any more: what is durable is not known.
    pub(crate) fn write_with(
        &mut self,
        work: impl FnOnce(&mut D) -> Result<(), DeviceError>,
    ) -> Result<(), WriteError> {
        self.check_writable()?;
        work(&mut self.device).map_err(|error| {
            self.failed = Some(error);
            WriteError::Failed(error)
        })
    }

    /// A free segment, from a longer device if need be; `keep` free ones must remain.
    ///
    /// # Errors
    /// [`WriteError::Full`].
    pub(crate) fn take_segment(&mut self, keep: usize) -> Result<u32, WriteError> {
        let missing = (keep + 1).saturating_sub(self.segments.free_count());
        if missing > 0 {
            self.grow(missing as u32)?;
        }
        let needed_bytes = self.segments.geometry().segment_bytes();
        self.segments.take().ok_or(WriteError::Full { needed_bytes })
    }

    /// Adds free segments.
    ///
    /// # Errors
    /// [`WriteError::Full`].
    pub(crate) fn grow(&mut self, segments: u32) -> Result<(), WriteError> {
        let geometry = self.segments.geometry();
        let needed_bytes = u64::from(segments) * geometry.segment_bytes();
        let full = WriteError::Full { needed_bytes };
        let length_bytes = geometry.device_bytes(self.segments.len().checked_add(segments).ok_or(full)?);
        if length_bytes > crate::format::layout::DEVICE_BYTES_MAX {
            return Err(full);
        }
        if self.device.length_bytes() < length_bytes {
            self.device.extend(length_bytes).map_err(|error| match error {
                DeviceError::NoSpace => full,
                error => {
                    self.failed = Some(error);
                    WriteError::Failed(error)
                }
            })?;
        }
        self.segments.grow(segments);
        Ok(())
    }

    /// Free segments that a log may not take: a checkpoint needs room for its pages, collection for what it
    /// moves before it frees anything.
    pub(crate) fn reserve_segments(&self) -> usize {
        self.pages.segments_wanted(&self.index, &self.segments) + 1
    }
}

/// The byte offset of a block of the device.
pub(crate) fn block_offset(block: u32) -> u64 {
    u64::from(block) * BLOCK_BYTES as u64
}
