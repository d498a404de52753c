//! Committing: new objects and a root, durable with one flush.

use crate::append::Batch;
use crate::device::BlockDevice;
use crate::error::{ReadError, WriteError};
use crate::format::frame::{FrameKind, record_bytes};
use crate::format::superblock::RootEntry;
use crate::store::Store;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use nub_abi::{Hash, blake2b_256};

impl<D: BlockDevice> Store<D> {
    /// Stores objects and makes `root` the committed root, all or nothing; durable when it returns. An object
    /// that is there already is not written again.
    ///
    /// It does not look whether all that the root refers to is there: that is the caller's to know.
    ///
    /// # Errors
    /// [`WriteError`]; the committed root is as before. After [`WriteError::Failed`] the store only reads,
    /// and when it is opened again the root is the one before or this one.
    pub fn commit<T: AsRef<[u8]>>(
        &mut self,
        root: Hash,
        height: u64,
        objects: &[(Hash, T)],
    ) -> Result<(), WriteError> {
        self.check_writable()?;
        self.check_objects(objects)?;
        let batch = self.new_objects(objects)?;
        self.make_room(&batch)?;
        let keep = self.reserve_segments();
        let appended = self.append(&batch, FrameKind::Commit { root, height }, keep)?;
        self.write_with(|device| device.flush())?;
        self.has_staged = false;
        for ((hash, object), address) in batch.iter().zip(&appended.addresses) {
            self.index.insert(hash, *address, self.collector.is_active());
            self.note_live(*address, record_bytes(object.len()) as u64);
            self.cache.insert(hash, object);
        }
        // Their children are there only now.
        batch.iter().for_each(|(_, object)| self.note_children(object));
        self.written.commit_bytes += appended.bytes;
        self.written.object_bytes += batch.iter().map(|(_, object)| object.len() as u64).sum::<u64>();
        self.written.commits += 1;
        self.push_root(RootEntry { root, height });
        self.checkpoint_if_due();
        self.index.evict();
        Ok(())
    }

    /// Compares objects with their hashes before anything is written: recovery will.
    pub(crate) fn check_objects<T: AsRef<[u8]>>(&self, objects: &[(Hash, T)]) -> Result<(), WriteError> {
        let limit = self.object_bytes_max();
        for (hash, object) in objects {
            let bytes = object.as_ref().len();
            if bytes > limit {
                let (bytes, limit) = (bytes as u64, limit as u64);
                return Err(WriteError::ObjectTooLong { hash: *hash, bytes, limit });
            }
            if blake2b_256(object.as_ref()) != *hash {
                return Err(WriteError::WrongHash(*hash));
            }
        }
        Ok(())
    }

    /// The objects that are not there yet, each once.
    pub(crate) fn new_objects<'a, T: AsRef<[u8]>>(
        &mut self,
        objects: &'a [(Hash, T)],
    ) -> Result<Vec<(Hash, &'a [u8])>, WriteError> {
        self.index.load_for(&mut self.device, objects.iter().map(|(hash, _)| hash))?;
        let mut is_ascending = true;
        let mut seen = BTreeSet::new();
        let mut new = Vec::with_capacity(objects.len());
        let mut previous = None;
        for (hash, object) in objects {
            is_ascending &= previous.is_none_or(|previous| previous < hash);
            previous = Some(hash);
            let object = object.as_ref();
            if !self.has_for_commit(hash, object)? {
                new.push((*hash, object));
            }
        }
        if !is_ascending {
            new.retain(|(hash, _)| seen.insert(*hash));
        }
        Ok(new)
    }

    /// Whether an object is there, and will be after the collection under way.
    fn has_for_commit(&mut self, hash: &Hash, object: &[u8]) -> Result<bool, WriteError> {
        for candidate in self.index.candidates(&mut self.device, hash)? {
            let record = match self.read_record(hash, candidate.address) {
                Ok(record) if record.hash == *hash => record,
                // Another object, or a copy that is no good any more: a new one takes its place.
                Ok(_) => continue,
                Err(ReadError::CorruptObject { .. }) => {
                    self.index.remove(hash, candidate.address);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if self.collector.is_sweeping() && !candidate.is_marked {
                self.index.remove(hash, candidate.address);
                continue;
            }
            if self.collector.is_marking() && self.index.mark(hash, candidate.address) {
                self.note_live(record.address, record_bytes(object.len()) as u64);
                self.note_children(object);
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Makes a checkpoint first, if only that frees enough segments.
    pub(crate) fn make_room(&mut self, batch: &Batch<'_>) -> Result<(), WriteError> {
        let segment_bytes = self.segments.geometry().segment_bytes();
        let bytes: u64 = batch.iter().map(|(_, object)| record_bytes(object.len()) as u64).sum();
        let wanted = (bytes / segment_bytes) as usize + 2 + self.reserve_segments();
        if self.segments.has_retired() && self.segments.free_count() < wanted {
            self.checkpoint()?;
        }
        Ok(())
    }

    pub(crate) fn push_root(&mut self, entry: RootEntry) {
        self.roots.push(entry);
        let surplus = self.roots.len().saturating_sub(self.retention as usize);
        self.roots.drain(..surplus);
    }

    /// A commit is durable whether or not the checkpoint after it succeeds: if there is no room for it, the
    /// next commit tries again; if it fails, the store says so from then on. [`Store::checkpoint_error`] tells.
    pub(crate) fn checkpoint_if_due(&mut self) {
        let index_is_due = self.index.memory_bytes() > self.index.budget_bytes() / 2
            && self.index.dirty_bytes() > self.index.budget_bytes() / 2;
        if index_is_due || self.log_growth_bytes >= self.options.checkpoint_bytes {
            self.checkpoint_error = self.checkpoint().err();
        }
    }
}
