//! Committing: new objects and a root, durable with one flush.

use crate::append::{Appended, Batch};
use crate::device::BlockDevice;
use crate::error::{ReadError, WriteError};
use crate::format::frame::{FrameKind, record_bytes};
use crate::format::superblock::RootEntry;
use crate::index::{Candidate, Lookup, Place};
use crate::leaf::entry_of;
use crate::store::Store;
use alloc::vec;
use alloc::vec::Vec;
use nub_abi::{Hash, blake2b_256};

/// Emptied segments are freed by a checkpoint as soon as they have so many per cent of what lives.
const FREED_PERCENT: u64 = 18;

/// Objects that are not there yet.
pub(crate) struct New<'a> {
    pub(crate) batch: Vec<(Hash, &'a [u8])>,
    /// Where the entry of each belongs in the index.
    places: Vec<Place>,
}

/// Compares objects with their hashes: recovery will.
///
/// # Errors
/// [`WriteError::WrongHash`].
pub(crate) fn check_hashes<T: AsRef<[u8]>>(objects: &[(Hash, T)]) -> Result<(), WriteError> {
    match objects.iter().find(|(hash, object)| blake2b_256(object.as_ref()) != *hash) {
        Some((hash, _)) => Err(WriteError::WrongHash(*hash)),
        None => Ok(()),
    }
}

impl<D: BlockDevice> Store<D> {
    /// Stores objects and makes `root` the committed root, all or nothing; durable when it returns. An object
    /// that is there already is not written again. Compares every object with its hash first.
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
        check_hashes(objects)?;
        self.commit_hashed(root, height, objects)
    }

    /// [`commit`](Self::commit) for a caller that has computed every hash from these very octets, as the kernel
    /// has: it does not compute them again. With a hash that is not the object's, opening does not find this commit
    /// or any after it, unless a checkpoint came between.
    ///
    /// # Errors
    /// As for [`commit`](Self::commit), but for [`WriteError::WrongHash`].
    pub fn commit_hashed<T: AsRef<[u8]>>(
        &mut self,
        root: Hash,
        height: u64,
        objects: &[(Hash, T)],
    ) -> Result<(), WriteError> {
        self.check_writable()?;
        let new = self.new_objects(objects)?;
        self.make_room(&new.batch)?;
        let keep = self.reserve_segments();
        let appended = self.append(&new.batch, FrameKind::Commit { root, height }, keep)?;
        self.write_with(|device| device.flush())?;
        self.has_staged = false;
        self.note_written(&new, &appended);
        new.batch.iter().for_each(|(hash, object)| self.cache.insert(hash, object));
        self.written.commit_bytes += appended.bytes;
        self.written.object_bytes += new.batch.iter().map(|(_, object)| object.len() as u64).sum::<u64>();
        self.written.commits += 1;
        self.push_root(RootEntry { root, height });
        self.checkpoint_if_due();
        self.index.evict();
        Ok(())
    }

    /// Notes where new objects are.
    pub(crate) fn note_written(&mut self, new: &New<'_>, appended: &Appended) {
        let entries = new.batch.iter().zip(&new.places).zip(&appended.addresses);
        let entries = entries.map(|(((hash, _), place), address)| (*place, entry_of(hash, *address)));
        self.index.insert_many(entries.collect(), self.collector.is_active());
        self.collector.note_commit(new.batch.len());
        if self.collector.is_active() {
            for ((_, object), address) in new.batch.iter().zip(&appended.addresses) {
                self.note_live(*address, record_bytes(object.len()) as u64);
            }
            // Their children are there only now.
            new.batch.iter().for_each(|(_, object)| self.note_children(object));
        }
    }

    /// The objects that are not there yet, each once, in the order given.
    ///
    /// # Errors
    /// [`WriteError::ObjectTooLong`], or what a read says.
    pub(crate) fn new_objects<'a, T: AsRef<[u8]>>(
        &mut self,
        objects: &'a [(Hash, T)],
    ) -> Result<New<'a>, WriteError> {
        let limit = self.object_bytes_max();
        let too_long = objects.iter().find(|(_, object)| object.as_ref().len() > limit);
        if let Some((hash, object)) = too_long {
            let (bytes, limit) = (object.as_ref().len() as u64, limit as u64);
            return Err(WriteError::ObjectTooLong { hash: *hash, bytes, limit });
        }
        let places = self.places_of_new(objects)?;
        let mut new =
            New { batch: Vec::with_capacity(objects.len()), places: Vec::with_capacity(objects.len()) };
        for ((hash, object), place) in objects.iter().zip(places) {
            if let Some(place) = place {
                new.batch.push((*hash, object.as_ref()));
                new.places.push(place);
            }
        }
        Ok(new)
    }

    /// Of each object that is not there yet, where its entry belongs, if it is the first with its hash. Goes
    /// through the index from the least hash to the greatest.
    fn places_of_new<T: AsRef<[u8]>>(
        &mut self,
        objects: &[(Hash, T)],
    ) -> Result<Vec<Option<Place>>, WriteError> {
        let mut order: Vec<usize> = (0..objects.len()).collect();
        order.sort_by_key(|at| &objects[*at].0);
        let mut places = vec![None; objects.len()];
        let mut absent = Vec::new();
        let mut previous = None;
        for at in order {
            let (hash, object) = &objects[at];
            if previous.replace(hash) == Some(hash) {
                continue;
            }
            match self.index.look_up_in_memory(hash) {
                Some(lookup) => places[at] = self.place_if_new(hash, object.as_ref(), lookup)?,
                None => absent.push(at),
            }
        }
        self.index.load_for(&mut self.device, absent.iter().map(|at| &objects[*at].0))?;
        for at in absent {
            let (hash, object) = &objects[at];
            let lookup = self.index.look_up(&mut self.device, hash)?;
            places[at] = self.place_if_new(hash, object.as_ref(), lookup)?;
        }
        Ok(places)
    }

    fn place_if_new(
        &mut self,
        hash: &Hash,
        object: &[u8],
        lookup: Lookup,
    ) -> Result<Option<Place>, WriteError> {
        let is_there =
            !lookup.candidates.is_empty() && self.has_for_commit(hash, object, lookup.candidates)?;
        Ok((!is_there).then_some(lookup.place))
    }

    /// Whether an object is there, and will be after the collection under way.
    fn has_for_commit(
        &mut self,
        hash: &Hash,
        object: &[u8],
        candidates: Vec<Candidate>,
    ) -> Result<bool, WriteError> {
        for candidate in candidates {
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

    /// Sees to it that there are free segments: a longer device, or else a checkpoint if that frees some.
    pub(crate) fn make_room(&mut self, batch: &Batch<'_>) -> Result<(), WriteError> {
        self.check_map_room(batch.len())?;
        let segment_bytes = self.segments.geometry().segment_bytes();
        let bytes: u64 = batch.iter().map(|(_, object)| record_bytes(object.len()) as u64).sum();
        let wanted = (bytes / segment_bytes) as usize + 2 + self.reserve_segments();
        self.free_or_grow(wanted)
    }

    /// Sees to it that so many segments are free, while emptied ones wait for a checkpoint: these are freed first if
    /// they are worth one, or if the device cannot be longer.
    pub(crate) fn free_or_grow(&mut self, wanted: usize) -> Result<(), WriteError> {
        let missing = wanted.saturating_sub(self.segments.free_count());
        if missing == 0 || !self.segments.has_retired() {
            return Ok(());
        }
        if !self.is_freeing_worth() {
            match self.grow(missing as u32) {
                Err(WriteError::Full { .. }) => {}
                grown => return grown,
            }
        }
        self.checkpoint()
    }

    /// Whether the segments that only the last checkpoint refers to are worth a new one.
    pub(crate) fn is_freeing_worth(&self) -> bool {
        let retired_bytes = self.segments.retired_count() as u64 * self.segments.geometry().segment_bytes();
        retired_bytes * 100 >= self.live_bytes * FREED_PERCENT
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
            let error = self.checkpoint().err();
            // How much is missing changes from commit to commit; that it is missing is one fault.
            let is_full = |error: &Option<WriteError>| matches!(error, Some(WriteError::Full { .. }));
            if !(is_full(&error) && is_full(&self.checkpoint_error)) {
                self.checkpoint_error = error;
            }
        }
    }
}
