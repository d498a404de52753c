//! Collection: dropping what no retained root refers to, in slices.
//!
//! 1. *Mark*: walks from the roots retained when it began. What a commit writes or finds there is marked
//!    too, and its children are walked.
//! 2. *Sweep*: takes what is not marked out of the index. A commit that finds such an object writes it anew.
//! 3. *Move*: copies what lives out of segments that are mostly dead, and retires these. The next
//!    checkpoint frees them.

use crate::device::BlockDevice;
use crate::error::{CollectError, WriteError};
use crate::format::frame::{FrameKind, decode_records, record_bytes};
use crate::format::layout::Address;
use crate::format::map::SegmentState;
use crate::index::LeafKey;
use crate::options::ForEachChild;
use crate::read::READS_MAX;
use crate::recover::read_frame;
use crate::store::Store;
use alloc::vec;
use alloc::vec::Vec;
use nub_abi::Hash;

/// What one leaf of the index costs of a slice.
const LEAF_COST: usize = 32;
/// A slice does at least so much for each object that was committed since the slice before. So a collection is over
/// before the log has grown by a twentieth of what lives, however small the slices are.
const PACE: usize = 40;
/// No slice does more, however much was committed.
const SLICE_OBJECTS_MAX: usize = 1 << 16;
/// Segments are emptied until the log has at most so many per cent of what lives.
const TARGET_PERCENT: u64 = 114;
/// Segments with more than so many per cent living are left alone.
const LIVE_PERCENT_MAX: u64 = 85;

/// Where a collection is.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    phase: Phase,
    /// Bytes of marked records, by segment.
    live: Vec<u64>,
    /// Objects committed since the last slice.
    committed_objects: usize,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Idle,
    Mark {
        /// To be visited, the next last.
        todo: Vec<Hash>,
    },
    Sweep {
        from: LeafKey,
    },
    Move {
        /// Segments to be emptied, the next last.
        victims: Vec<u32>,
        /// The next block in it.
        block: u32,
    },
}

/// What a slice of collection came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is nothing to do.
    Idle,
    /// There is more to do.
    Under,
    /// It ran to its end.
    Finished,
}

impl Collector {
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }

    pub(crate) fn is_marking(&self) -> bool {
        matches!(self.phase, Phase::Mark { .. })
    }

    /// What a slice does for the objects that were committed; the rest of a large commit waits for the next.
    fn pace(&mut self) -> usize {
        let paid = self.committed_objects.min(SLICE_OBJECTS_MAX / PACE);
        self.committed_objects -= paid;
        paid * PACE
    }

    /// Notes how many objects a commit has written.
    pub(crate) fn note_commit(&mut self, objects: usize) {
        self.committed_objects = self.committed_objects.saturating_add(objects);
    }

    pub(crate) fn is_sweeping(&self) -> bool {
        matches!(self.phase, Phase::Sweep { .. })
    }
}

impl<D: BlockDevice> Store<D> {
    /// Whether so much has been written since the last collection that the next should begin.
    pub fn is_collection_due(&self) -> bool {
        let threshold = self.live_bytes.saturating_mul(self.options.collect_percent) / 100;
        let log_bytes = self.segments.log_bytes();
        self.options.children.is_some()
            && log_bytes >= self.options.collect_bytes_min
            && log_bytes > threshold
    }

    /// One slice of work between blocks: of the collection under way, or of a new one if that is due.
    ///
    /// # Errors
    /// As for [`collect`](Self::collect).
    pub fn maintain(&mut self, objects: usize) -> Result<Progress, CollectError> {
        match self.collector.is_active() || self.is_collection_due() {
            true => self.collect(objects),
            false => Ok(Progress::Idle),
        }
    }

    /// One slice of collection, about so many objects' worth of work, and more after a large commit; begins one if
    /// none is under way.
    ///
    /// # Errors
    /// [`CollectError`]. Nothing is lost: what could not be walked or moved stays.
    pub fn collect(&mut self, objects: usize) -> Result<Progress, CollectError> {
        let Some(children) = self.options.children else { return Ok(Progress::Idle) };
        self.check_writable()?;
        if self.has_staged {
            return Err(CollectError::Staged);
        }
        if !self.collector.is_active() {
            self.begin();
        }
        let pace = self.collector.pace();
        let result = self.slice(children, objects.max(pace));
        self.index.evict();
        match result {
            // A damaged frame costs its segment; anything else ends the collection.
            Ok(_) | Err(CollectError::DamagedFrame { .. }) => {}
            Err(_) => self.end(),
        }
        result
    }

    fn begin(&mut self) {
        self.index.clear_marks();
        let todo = self.roots.iter().map(|entry| entry.root).collect();
        self.collector = Collector { phase: Phase::Mark { todo }, ..Collector::default() };
    }

    fn end(&mut self) {
        self.collector = Collector::default();
        self.index.clear_marks();
    }

    fn slice(&mut self, children: ForEachChild, objects: usize) -> Result<Progress, CollectError> {
        let mut left = objects.max(1);
        while left > 0 {
            let cost = match &mut self.collector.phase {
                Phase::Idle => return Ok(Progress::Idle),
                Phase::Mark { .. } => self.mark(children)?,
                Phase::Sweep { from } => {
                    let from = *from;
                    self.sweep(from)?
                }
                Phase::Move { .. } => match self.move_next()? {
                    Some(cost) => cost,
                    None => return self.finish().map(|()| Progress::Finished),
                },
            };
            left = left.saturating_sub(cost);
        }
        Ok(Progress::Under)
    }

    /// Visits a few objects.
    fn mark(&mut self, children: ForEachChild) -> Result<usize, CollectError> {
        let Phase::Mark { todo } = &mut self.collector.phase else { return Ok(0) };
        let mut hashes = todo.split_off(todo.len().saturating_sub(READS_MAX));
        if hashes.is_empty() {
            self.collector.phase = Phase::Sweep { from: LeafKey::FIRST };
            return Ok(1);
        }
        let cost = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        let mut unmarked = Vec::with_capacity(hashes.len());
        for hash in hashes {
            // A sole entry that is marked may be of another object that shares the first octets. Then this one is not
            // in the store, and the walk goes on without having said so: what it drops, nobody had. Entries are
            // marked by address, after their record's whole hash was compared.
            match self.index.candidates(&mut self.device, &hash)?.as_slice() {
                [] => return Err(CollectError::Missing(hash)),
                [candidate] if candidate.is_marked => {}
                _ => unmarked.push(hash),
            }
        }
        let found = self.find_many(&unmarked)?;
        for (hash, record) in unmarked.iter().zip(found) {
            let record = record.ok_or(CollectError::Missing(*hash))?;
            if !self.index.mark(hash, record.address) {
                continue;
            }
            let object = record.object();
            self.note_live(record.address, record_bytes(object.len()) as u64);
            let Phase::Mark { todo } = &mut self.collector.phase else { return Ok(cost) };
            children(object, &mut |child| todo.push(child)).map_err(|_| CollectError::Malformed(*hash))?;
        }
        Ok(cost)
    }

    /// Counts a record that lives.
    pub(crate) fn note_live(&mut self, address: Address, bytes: u64) {
        if !self.collector.is_active() {
            return;
        }
        let Some((segment, _)) = self.segments.geometry().locate(address.offset()) else { return };
        let live = &mut self.collector.live;
        if live.len() <= segment as usize {
            live.resize(segment as usize + 1, 0);
        }
        live[segment as usize] += bytes;
    }

    /// Has the children of an object of a commit walked.
    pub(crate) fn note_children(&mut self, object: &[u8]) {
        let (Phase::Mark { todo }, Some(children)) = (&mut self.collector.phase, self.options.children)
        else {
            return;
        };
        // One that cannot be decoded is met by the walk, or by nobody.
        let _ = children(object, &mut |child| todo.push(child));
    }

    fn sweep(&mut self, from: LeafKey) -> Result<usize, CollectError> {
        let next = self.index.sweep(&mut self.device, from)?;
        match next {
            Some(from) => self.collector.phase = Phase::Sweep { from },
            None => self.choose_victims(),
        }
        Ok(LEAF_COST)
    }

    /// Segments with the least living, until the rest is dense enough.
    fn choose_victims(&mut self) {
        let live_of = |segment: u32| self.collector.live.get(segment as usize).copied().unwrap_or(0);
        self.live_bytes = self.collector.live.iter().sum();
        let target = self.live_bytes * TARGET_PERCENT / 100;
        let mut sparse = Vec::new();
        for (segment, state) in self.segments.iter() {
            let SegmentState::Log { used_blocks } = state else { continue };
            let used = u64::from(used_blocks) * crate::device::BLOCK_BYTES as u64;
            if segment != self.tail.segment && !self.segments.is_retired(segment) {
                sparse.push((live_of(segment) * 100 / used.max(1), segment, used));
            }
        }
        sparse.sort_unstable();
        let mut log_bytes = self.segments.log_bytes();
        let mut victims = Vec::new();
        for (percent, segment, used) in sparse {
            if percent > 0 && (log_bytes <= target || percent > LIVE_PERCENT_MAX) {
                break;
            }
            log_bytes = (log_bytes + live_of(segment)).saturating_sub(used);
            victims.push(segment);
        }
        victims.reverse();
        self.collector.phase = Phase::Move { victims, block: 0 };
    }

    /// Moves what lives out of the next frame; `None` after the last segment.
    fn move_next(&mut self) -> Result<Option<usize>, CollectError> {
        let Phase::Move { victims, block } = &self.collector.phase else { return Ok(None) };
        let (Some(&segment), block) = (victims.last(), *block) else { return Ok(None) };
        let used_blocks = match self.segments.state(segment) {
            Some(SegmentState::Log { used_blocks }) => used_blocks,
            _ => 0,
        };
        let live = self.collector.live.get(segment as usize).copied().unwrap_or(0);
        // Where nothing is marked, the index refers to nothing since the sweep.
        if block >= used_blocks || live == 0 {
            self.segments.retire(segment);
            self.next_victim();
            if self.is_freeing_worth() {
                self.checkpoint()?;
            }
            return Ok(Some(1));
        }
        match self.move_frame(segment, block)? {
            Some((blocks, cost)) => {
                if let Phase::Move { block, .. } = &mut self.collector.phase {
                    *block += blocks;
                }
                Ok(Some(cost))
            }
            None => {
                self.next_victim();
                Err(CollectError::DamagedFrame { segment, block })
            }
        }
    }

    fn next_victim(&mut self) {
        if let Phase::Move { victims, block } = &mut self.collector.phase {
            victims.pop();
            *block = 0;
        }
    }

    /// Copies what lives in a frame; gives its blocks and the cost. `None` if the frame is damaged.
    fn move_frame(&mut self, segment: u32, block: u32) -> Result<Option<(u32, usize)>, CollectError> {
        let read = read_frame(&mut self.device, &self.segments, segment, block).map_err(WriteError::from)?;
        let Some((header, bytes)) = read else { return Ok(None) };
        let Some((records, _)) = decode_records(&header, &bytes) else { return Ok(None) };
        let offset = self.segments.geometry().offset_of(segment, block);
        self.index.load_for(&mut self.device, records.iter().map(|record| &record.hash))?;
        let mut living = Vec::new();
        let mut from = Vec::new();
        for record in &records {
            let address = Address::of_offset(offset + record.at as u64);
            let candidates = self.index.candidates(&mut self.device, &record.hash)?;
            if candidates.iter().any(|candidate| candidate.address == address) {
                living.push((record.hash, &bytes[record.object.clone()]));
                from.push(address);
            }
        }
        if !living.is_empty() {
            let keep = self.pages.segments_wanted(&self.index, &self.segments);
            self.free_or_grow(keep + 1)?;
            let moved = self.append(&living, FrameKind::Moved, keep)?;
            self.written.moved_bytes += moved.bytes;
            for (((hash, object), from), to) in living.iter().zip(from).zip(moved.addresses) {
                self.index.replace(hash, from, to);
                self.note_live(to, record_bytes(object.len()) as u64);
            }
        }
        Ok(Some((header.blocks(), records.len() / 4 + living.len() + 1)))
    }

    /// Frees what was emptied.
    fn finish(&mut self) -> Result<(), CollectError> {
        self.end();
        self.written.collections += 1;
        if self.segments.has_retired() && self.is_freeing_worth() {
            self.checkpoint()?;
        }
        Ok(())
    }
}

/// Roots and what they refer to, for tests and tools: every hash reachable from some, each once.
///
/// # Errors
/// [`CollectError`] if something is missing, corrupt or malformed.
pub fn reachable<D: BlockDevice>(
    store: &mut Store<D>,
    roots: &[Hash],
    children: ForEachChild,
    mut visit: impl FnMut(&Hash, &[u8]),
) -> Result<u64, CollectError> {
    let mut seen = alloc::collections::BTreeSet::new();
    let mut todo = vec![];
    todo.extend_from_slice(roots);
    while let Some(hash) = todo.pop() {
        if !seen.insert(hash) {
            continue;
        }
        let object = store.get(&hash)?.ok_or(CollectError::Missing(hash))?;
        visit(&hash, &object);
        children(&object, &mut |child| todo.push(child)).map_err(|_| CollectError::Malformed(hash))?;
    }
    Ok(seen.len() as u64)
}
