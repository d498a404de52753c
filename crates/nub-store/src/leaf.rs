//! A leaf of the index: a sorted run of entries, in memory or not.

use crate::format::layout::Address;
use crate::format::map::{ENTRY_BYTES, PREFIX_BYTES, PageRef};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;
use nub_abi::Hash;

/// An entry: the first octets of a hash, and an address, big-endian.
pub(crate) type Entry = [u8; ENTRY_BYTES];

/// Memory is taken for so many entries at once.
const GROWTH_ENTRIES: usize = 32;

/// A leaf.
#[derive(Debug, Default)]
pub(crate) struct Leaf {
    /// Where it was at the last checkpoint.
    pub(crate) page: Option<PageRef>,
    /// Entries on that page.
    pub(crate) page_entries: u16,
    /// The entries, if they are in memory.
    pub(crate) entries: Option<Entries>,
    /// Entries that came while the others were not in memory.
    pub(crate) late: Vec<u8>,
    /// Which entries are marked; empty if none is.
    pub(crate) marks: Vec<bool>,
    /// Whether it differs from its page.
    pub(crate) is_dirty: bool,
    /// Whether it was used since the last eviction.
    pub(crate) was_used: Cell<bool>,
}

/// Memory of leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Of all.
    pub(crate) bytes: usize,
    /// Of those that differ from their pages.
    pub(crate) dirty_bytes: usize,
}

/// Sorted entries.
#[derive(Debug, Default)]
pub(crate) struct Entries(Vec<u8>);

/// The entry of an object.
pub(crate) fn entry_of(hash: &Hash, address: Address) -> Entry {
    let mut entry = [0; ENTRY_BYTES];
    entry[..PREFIX_BYTES].copy_from_slice(&hash.0[..PREFIX_BYTES]);
    entry[PREFIX_BYTES..].copy_from_slice(&address.0.to_be_bytes()[8 - (ENTRY_BYTES - PREFIX_BYTES)..]);
    entry
}

/// Numbers in the order of entries.
fn order_of(entry: &Entry) -> (u64, u16) {
    let [a, b, c, d, e, f, g, h, i, j] = *entry;
    (u64::from_be_bytes([a, b, c, d, e, f, g, h]), u16::from_be_bytes([i, j]))
}

/// The address in an entry.
pub(crate) fn address_of(entry: &[u8]) -> Address {
    Address(entry[PREFIX_BYTES..].iter().fold(0, |address, &byte| address << 8 | u64::from(byte)))
}

impl Memory {
    /// Counts that some of it changed.
    pub(crate) fn change(&mut self, before: Self, after: Self) {
        self.bytes = self.bytes - before.bytes + after.bytes;
        self.dirty_bytes = self.dirty_bytes - before.dirty_bytes + after.dirty_bytes;
    }
}

impl core::ops::Add for Memory {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, dirty_bytes: self.dirty_bytes + other.dirty_bytes }
    }
}

impl Entries {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len() / ENTRY_BYTES
    }

    /// Memory they take.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.0.capacity()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.chunks_exact(ENTRY_BYTES)
    }

    fn get(&self, index: usize) -> &[u8] {
        &self.0[index * ENTRY_BYTES..][..ENTRY_BYTES]
    }

    /// How many entries are less.
    fn position(&self, entry: &[u8]) -> usize {
        // What is shorter stands before all that begins so, like the same with zeros after it.
        let mut padded = [0; ENTRY_BYTES];
        padded[..entry.len()].copy_from_slice(entry);
        let (entries, wanted) = (self.0.as_chunks::<ENTRY_BYTES>().0, order_of(&padded));
        entries.partition_point(|entry| order_of(entry) < wanted)
    }

    /// Where an entry is.
    pub(crate) fn find(&self, entry: &Entry) -> Option<usize> {
        let at = self.position(entry);
        (at < self.len() && self.get(at) == entry).then_some(at)
    }

    /// Indices of the entries that begin so.
    pub(crate) fn with_prefix(&self, prefix: &[u8]) -> core::ops::Range<usize> {
        let start = self.position(prefix);
        let count = (start..self.len()).take_while(|&at| self.get(at).starts_with(prefix)).count();
        start..start + count
    }

    pub(crate) fn address(&self, index: usize) -> Address {
        address_of(self.get(index))
    }

    /// Whether all entries before that index are less and none after it is.
    fn is_position(&self, at: usize, wanted: &Entry) -> bool {
        let (entries, wanted) = (self.0.as_chunks::<ENTRY_BYTES>().0, order_of(wanted));
        let is_behind = |at: usize| entries.get(at).is_none_or(|entry| order_of(entry) >= wanted);
        at <= entries.len() && is_behind(at) && (at == 0 || !is_behind(at - 1))
    }

    /// Puts an entry in its place and tells which; `None` if it is there. The place is looked for unless it is
    /// the one given.
    pub(crate) fn insert(&mut self, entry: &Entry, place: usize) -> Option<usize> {
        let at = if self.is_position(place, entry) { place } else { self.position(entry) };
        if at < self.len() && self.get(at) == entry {
            return None;
        }
        if self.0.len() + ENTRY_BYTES > self.0.capacity() {
            self.0.reserve_exact(GROWTH_ENTRIES * ENTRY_BYTES);
        }
        let (byte, end) = (at * ENTRY_BYTES, self.0.len());
        self.0.extend_from_slice(entry);
        self.0.copy_within(byte..end, byte + ENTRY_BYTES);
        self.0[byte..byte + ENTRY_BYTES].copy_from_slice(entry);
        Some(at)
    }

    pub(crate) fn remove(&mut self, index: usize) {
        self.0.drain(index * ENTRY_BYTES..(index + 1) * ENTRY_BYTES);
    }

    /// Keeps the entries whose index is kept.
    fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let kept = self.iter().enumerate().filter(|(index, _)| keep(*index));
        self.0 = kept.flat_map(|(_, entry)| entry.iter().copied()).collect();
    }

    /// The first octets of the first entry.
    pub(crate) fn first_prefix(&self) -> [u8; PREFIX_BYTES] {
        let mut prefix = [0; PREFIX_BYTES];
        prefix.copy_from_slice(&self.0[..PREFIX_BYTES]);
        prefix
    }
}

impl Leaf {
    /// The only leaf of an empty index.
    pub(crate) fn empty() -> Self {
        Self { entries: Some(Entries::default()), is_dirty: true, ..Self::default() }
    }

    /// A leaf that is only on the device.
    pub(crate) fn on_device(page: PageRef, count: u16) -> Self {
        Self { page: Some(page), page_entries: count, ..Self::default() }
    }

    /// Memory that its entries take.
    pub(crate) fn memory(&self) -> Memory {
        let entries = self.entries.as_ref().map_or(0, Entries::memory_bytes);
        let bytes = entries + self.late.capacity() + self.marks.capacity();
        Memory { bytes, dirty_bytes: if self.is_dirty { bytes } else { 0 } }
    }

    /// How many entries it has, those not merged yet included.
    pub(crate) fn count(&self) -> usize {
        let entries = self.entries.as_ref().map_or(usize::from(self.page_entries), Entries::len);
        entries + self.late.len() / ENTRY_BYTES
    }

    /// Adds an entry, at this place if that is right; false if it is there already.
    pub(crate) fn insert(&mut self, entry: &Entry, place: usize, marked: bool) -> bool {
        self.is_dirty = true;
        let Some(entries) = &mut self.entries else {
            self.late.extend_from_slice(entry);
            return true;
        };
        let Some(at) = entries.insert(entry, place) else { return false };
        if !self.marks.is_empty() {
            self.marks.insert(at, marked);
        } else if marked {
            self.marks = vec![false; entries.len()];
            self.marks[at] = true;
        }
        true
    }

    /// Takes an entry out; tells whether it was marked, `None` if it is not there.
    pub(crate) fn remove(&mut self, entry: &Entry) -> Option<bool> {
        let entries = self.entries.as_mut()?;
        let at = entries.find(entry)?;
        entries.remove(at);
        self.is_dirty = true;
        Some(if self.marks.is_empty() { false } else { self.marks.remove(at) })
    }

    /// Marks an entry; false if it was marked or is not there.
    pub(crate) fn mark(&mut self, entry: &Entry) -> bool {
        let Some(entries) = &self.entries else { return false };
        let Some(at) = entries.find(entry) else { return false };
        if self.marks.is_empty() {
            self.marks = vec![false; entries.len()];
        }
        !core::mem::replace(&mut self.marks[at], true)
    }

    /// Whether the entry of that index is marked.
    pub(crate) fn is_marked(&self, index: usize) -> bool {
        self.marks.get(index).copied().unwrap_or(false)
    }

    /// Takes the entries of its page into memory, with those that came late; gives how many of these were
    /// there already.
    pub(crate) fn fill(&mut self, entries: &[u8]) -> usize {
        self.entries = Some(Entries(entries.to_vec()));
        let mut late = core::mem::take(&mut self.late);
        let (late, _) = late.as_chunks_mut::<ENTRY_BYTES>();
        late.sort_unstable();
        late.len() - self.merge(late, false)
    }

    /// Adds sorted entries in one pass, so that what many of them cost does not grow with their square; gives how many
    /// were not there. The others stay as they are.
    pub(crate) fn merge(&mut self, more: &[Entry], marked: bool) -> usize {
        let Some(Entries(old)) = &self.entries else {
            unreachable!("a leaf in memory is merged with others")
        };
        if more.is_empty() {
            return 0;
        }
        let (old, _) = old.as_chunks::<ENTRY_BYTES>();
        let mut merged: Vec<Entry> = Vec::with_capacity(old.len() + more.len());
        let has_marks = marked || !self.marks.is_empty();
        let mut marks = Vec::with_capacity(if has_marks { old.len() + more.len() } else { 0 });
        let mut take = |entry: &Entry, is_marked: bool, is_new: bool| {
            // One that is there already comes right after itself.
            if !is_new || merged.last() != Some(entry) {
                merged.push(*entry);
                marks.extend(has_marks.then_some(is_marked));
            }
        };
        let mut more = more.iter().peekable();
        for (index, entry) in old.iter().enumerate() {
            while let Some(before) = more.next_if(|more| *more < entry) {
                take(before, marked, true);
            }
            take(entry, self.is_marked(index), false);
        }
        more.for_each(|entry| take(entry, marked, true));
        let added = merged.len() - old.len();
        (self.entries, self.marks, self.is_dirty) = (Some(Entries(merged.into_flattened())), marks, true);
        added
    }

    /// Cuts off all but so many entries, and as many again until the last part has at most `most`; gives what was cut
    /// off.
    pub(crate) fn cut(&mut self, kept: usize, most: usize) -> Vec<Self> {
        let Some(entries) = self.entries.take() else { unreachable!("only a leaf in memory is cut") };
        let marks = core::mem::take(&mut self.marks);
        let part = |from: usize, to: usize| {
            let bytes = entries.0[from * ENTRY_BYTES..to * ENTRY_BYTES].to_vec();
            (Some(Entries(bytes)), marks.get(from..to).map_or(Vec::new(), <[bool]>::to_vec))
        };
        (self.entries, self.marks) = part(0, kept);
        self.is_dirty = true;
        let mut parts = Vec::new();
        let mut from = kept;
        while from < entries.len() {
            let to = if entries.len() - from > most { from + kept } else { entries.len() };
            let (entries, marks) = part(from, to);
            let used = Cell::new(true);
            parts.push(Self { entries, marks, is_dirty: true, was_used: used, ..Self::default() });
            from = to;
        }
        parts
    }

    /// Drops what is not marked; gives how many entries that were.
    pub(crate) fn sweep(&mut self) -> usize {
        let marks = core::mem::take(&mut self.marks);
        let Some(entries) = &mut self.entries else { return 0 };
        let before = entries.len();
        if marks.len() != before || marks.contains(&false) {
            entries.retain(|index| marks.get(index).copied().unwrap_or(false));
            self.is_dirty = true;
        }
        // Whatever was kept stays marked until the cycle ends.
        self.marks = vec![true; entries.len()];
        before - entries.len()
    }

    /// Appends the entries of its right neighbour.
    pub(crate) fn append(&mut self, right: Self) {
        let (Some(entries), Some(more)) = (&mut self.entries, right.entries) else {
            unreachable!("only leaves in memory are merged")
        };
        if !(self.marks.is_empty() && right.marks.is_empty()) {
            self.marks.resize(entries.len(), false);
            self.marks.extend_from_slice(&right.marks);
            self.marks.resize(entries.len() + more.len(), false);
        }
        entries.0.extend_from_slice(&more.0);
        self.is_dirty = true;
    }
}
