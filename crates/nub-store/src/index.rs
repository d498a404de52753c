//! The index: from a hash to where its record may be, in memory under a budget.
//!
//! Leaves are sorted runs of entries. A clean leaf can be dropped and read again; a changed one stays until
//! a checkpoint has written it. Hashes that share their first octets only make longer runs: nobody can
//! unbalance it by choosing them.

use crate::device::{BLOCK_BYTES, BlockDevice, Read};
use crate::error::ReadError;
use crate::format::bytes::check_of;
use crate::format::layout::Address;
use crate::format::map::{
    ENTRY_BYTES, LEAF_ENTRIES_MAX, LeafEntry, PREFIX_BYTES, PageRef, decode_leaf, encode_leaf,
};
use crate::leaf::{Entries, Entry, Leaf, Memory, entry_of};
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use nub_abi::Hash;

/// Leaves read in one step.
const READS_MAX: usize = 64;
/// So many new entries of a leaf are put in in one pass, fewer one after the other.
const MERGED_AT_ONCE: usize = 16;
/// Neighbours with at most so many entries together become one leaf.
const MERGE_ENTRIES_MAX: usize = LEAF_ENTRIES_MAX * 7 / 8;

/// The first octets a leaf may hold, and its number among those that begin so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LeafKey(u64);

/// What the index says of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) address: Address,
    pub(crate) is_marked: bool,
}

/// Where the entry of a hash belongs: a leaf in memory, and how many of its entries are less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    key: LeafKey,
    at: usize,
}

/// What a look into the index found.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) place: Place,
}

/// Leaves by key.
#[derive(Debug)]
pub(crate) struct Index {
    leaves: BTreeMap<LeafKey, Leaf>,
    budget_bytes: usize,
    /// Of leaves in memory.
    resident: Memory,
    /// Where eviction goes on.
    hand: LeafKey,
    entries: u64,
    /// Pages that the last checkpoint uses and the next one does not.
    superseded: Vec<u32>,
}

impl LeafKey {
    /// The least there is.
    pub(crate) const FIRST: Self = Self(0);
    const NUMBER_BITS: u32 = 24;

    fn new(start: &[u8], number: u64) -> Self {
        let start = start[..PREFIX_BYTES].iter().fold(0, |start, &byte| start << 8 | u64::from(byte));
        Self(start << Self::NUMBER_BITS | number)
    }

    fn start(self) -> [u8; PREFIX_BYTES] {
        let mut start = [0; PREFIX_BYTES];
        start.copy_from_slice(&self.0.to_be_bytes()[..PREFIX_BYTES]);
        start
    }

    /// The last key of those that begin like this hash.
    fn last_of(start: &[u8]) -> Self {
        Self::new(start, (1 << Self::NUMBER_BITS) - 1)
    }

    fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Index {
    /// An empty index.
    pub(crate) fn new(budget_bytes: usize) -> Self {
        let leaves = BTreeMap::from([(LeafKey::FIRST, Leaf::empty())]);
        Self { leaves, ..Self::without_leaves(budget_bytes) }
    }

    /// The index of a map, none of it in memory.
    pub(crate) fn from_map(leaves: &[LeafEntry], budget_bytes: usize) -> Self {
        let mut previous: Option<LeafKey> = None;
        let mut key_of = |leaf: &LeafEntry| {
            let same = previous.filter(|key| key.start() == leaf.start);
            let key = same.map_or(LeafKey::new(&leaf.start, 0), LeafKey::next);
            previous = Some(key);
            key
        };
        // Collected ascending and at once: the tree is built without a search for each.
        let by_key =
            leaves.iter().map(|leaf| (key_of(leaf), Leaf::on_device(leaf.page, leaf.count))).collect();
        let entries = leaves.iter().map(|leaf| u64::from(leaf.count)).sum();
        Self { leaves: by_key, entries, ..Self::without_leaves(budget_bytes) }
    }

    fn without_leaves(budget_bytes: usize) -> Self {
        Self {
            leaves: BTreeMap::new(),
            budget_bytes,
            resident: Memory::default(),
            hand: LeafKey::FIRST,
            entries: 0,
            superseded: Vec::new(),
        }
    }

    /// How many entries there are.
    pub(crate) fn entries(&self) -> u64 {
        self.entries
    }

    /// How many leaves there are.
    pub(crate) fn leaf_count(&self) -> usize {
        self.leaves.len()
    }

    /// Memory of everything, leaves not in memory included.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.resident.bytes + self.leaves.len() * (size_of::<Leaf>() + size_of::<LeafKey>())
    }

    /// Bytes of leaves that must stay in memory until the next checkpoint.
    pub(crate) fn dirty_bytes(&self) -> usize {
        self.resident.dirty_bytes
    }

    /// The most that leaves in memory should take.
    pub(crate) fn budget_bytes(&self) -> usize {
        self.budget_bytes
    }

    /// The leaves that can hold a hash, the last first: an entry is added there.
    fn leaves_for(&self, hash: &Hash) -> impl Iterator<Item = (LeafKey, &Leaf)> {
        let prefix = &hash.0[..PREFIX_BYTES];
        let mut is_below = false;
        self.leaves.range(..=LeafKey::last_of(prefix)).rev().map(|(key, leaf)| (*key, leaf)).take_while(
            // Those that begin like the hash, and the last one below them.
            move |(key, _)| !core::mem::replace(&mut is_below, key.start() != prefix),
        )
    }

    /// Where the object may be.
    ///
    /// # Errors
    /// [`ReadError`] if a leaf is needed and cannot be read.
    pub(crate) fn candidates<D: BlockDevice>(
        &mut self,
        device: &mut D,
        hash: &Hash,
    ) -> Result<Vec<Candidate>, ReadError> {
        Ok(self.look_up(device, hash)?.candidates)
    }

    /// Where the object may be, and where its entry belongs.
    ///
    /// # Errors
    /// [`ReadError`] if a leaf is needed and cannot be read.
    pub(crate) fn look_up<D: BlockDevice>(
        &mut self,
        device: &mut D,
        hash: &Hash,
    ) -> Result<Lookup, ReadError> {
        if let Some(lookup) = self.look_up_in_memory(hash) {
            return Ok(lookup);
        }
        self.load_for(device, core::iter::once(hash))?;
        Ok(self.look_up_in_memory(hash).unwrap_or_else(|| unreachable!("its leaves were loaded")))
    }

    /// Where the object may be; `None` if a leaf is not in memory.
    pub(crate) fn look_up_in_memory(&self, hash: &Hash) -> Option<Lookup> {
        let mut candidates = Vec::new();
        let mut place = None;
        for (key, leaf) in self.leaves_for(hash) {
            let entries = leaf.entries.as_ref()?;
            leaf.was_used.set(true);
            let range = entries.with_prefix(&hash.0[..PREFIX_BYTES]);
            place = place.or(Some(Place { key, at: range.start }));
            for at in range {
                candidates.push(Candidate { address: entries.address(at), is_marked: leaf.is_marked(at) });
            }
        }
        place.map(|place| Lookup { candidates, place })
    }

    /// Brings the leaves into memory that can hold these hashes.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn load_for<'a, D: BlockDevice>(
        &mut self,
        device: &mut D,
        hashes: impl Iterator<Item = &'a Hash>,
    ) -> Result<(), ReadError> {
        let mut missing = Vec::new();
        for hash in hashes {
            let absent = self.leaves_for(hash).filter(|(_, leaf)| leaf.entries.is_none());
            missing.extend(absent.map(|(key, _)| key));
        }
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        missing.dedup();
        self.load(device, &missing)
    }

    fn load<D: BlockDevice>(&mut self, device: &mut D, keys: &[LeafKey]) -> Result<(), ReadError> {
        for keys in keys.chunks(READS_MAX) {
            let page_of = |key: &LeafKey| self.leaves.get(key).and_then(|leaf| leaf.page);
            let pages: Vec<PageRef> = keys.iter().filter_map(page_of).collect();
            assert!(pages.len() == keys.len(), "a leaf not in memory has a page");
            let contents = read_pages(device, &pages)?;
            for ((key, page), content) in keys.iter().zip(pages).zip(contents) {
                let entries = decode_leaf(&content).ok_or(ReadError::CorruptIndex { block: page.block })?;
                self.fill(*key, entries);
            }
        }
        Ok(())
    }

    fn fill(&mut self, key: LeafKey, entries: &[u8]) {
        let Some(leaf) = self.leaves.get_mut(&key) else { return };
        let before = leaf.memory();
        self.entries -= leaf.fill(entries) as u64;
        leaf.was_used.set(true);
        self.resident.change(before, leaf.memory());
        self.split_while_full(key);
    }

    /// Adds an entry. Its leaf need not be in memory.
    pub(crate) fn insert(&mut self, hash: &Hash, address: Address, marked: bool) {
        let Some((&key, leaf)) = self.leaves.range_mut(..=LeafKey::last_of(&hash.0)).next_back() else {
            unreachable!("the first leaf's start is the least")
        };
        let before = leaf.memory();
        self.entries += u64::from(leaf.insert(&entry_of(hash, address), usize::MAX, marked));
        leaf.was_used.set(true);
        self.resident.change(before, leaf.memory());
        self.split_while_full(key);
    }

    /// Adds entries where a look found that they belong. Only entries may have been taken out since.
    pub(crate) fn insert_many(&mut self, mut entries: Vec<(Place, Entry)>, marked: bool) {
        entries.sort_unstable_by(|(left, a), (right, b)| (left.key, a).cmp(&(right.key, b)));
        for run in entries.chunk_by(|(left, _), (right, _)| left.key == right.key) {
            let Some(key) = run.first().map(|(place, _)| place.key) else { continue };
            let Some(leaf) = self.leaves.get_mut(&key) else { unreachable!("leaves stay until a sweep") };
            let before = leaf.memory();
            if run.len() >= MERGED_AT_ONCE {
                let run: Vec<Entry> = run.iter().map(|(_, entry)| *entry).collect();
                self.entries += leaf.merge(&run, marked) as u64;
            } else {
                // The greatest first: so the places of the others stay right.
                for (place, entry) in run.iter().rev() {
                    self.entries += u64::from(leaf.insert(entry, place.at, marked));
                }
            }
            leaf.was_used.set(true);
            self.resident.change(before, leaf.memory());
            self.split_while_full(key);
        }
    }

    /// Cuts a leaf until each part is small enough. The left part is small at once, and the rest is cut on: so what
    /// begins alike lies in leaves of rising numbers. And a leaf that keeps less than half of it, as the left part does,
    /// is never cut within it again.
    fn split_while_full(&mut self, key: LeafKey) {
        let Some(leaf) = self.leaves.get_mut(&key) else { return };
        if leaf.entries.as_ref().is_none_or(|entries| entries.len() <= LEAF_ENTRIES_MAX) {
            return;
        }
        let before = leaf.memory();
        let parts = leaf.cut(LEAF_ENTRIES_MAX / 2, LEAF_ENTRIES_MAX);
        let after = parts.iter().fold(leaf.memory(), |all, part| all + part.memory());
        self.resident.change(before, after);
        for part in parts {
            let start = part.entries.as_ref().map(Entries::first_prefix).unwrap_or_default();
            let same = self.leaves.range(LeafKey::new(&start, 0)..=LeafKey::last_of(&start)).next_back();
            let key = same.map_or(LeafKey::new(&start, 0), |(key, _)| key.next());
            self.leaves.insert(key, part);
        }
    }

    /// Works on the leaf in memory that has an entry.
    fn with_leaf_of<R>(
        &mut self,
        hash: &Hash,
        address: Address,
        work: impl FnOnce(&mut Leaf, &[u8; ENTRY_BYTES]) -> R,
    ) -> Option<R> {
        let entry = entry_of(hash, address);
        let has_it =
            |leaf: &Leaf| leaf.entries.as_ref().is_some_and(|entries| entries.find(&entry).is_some());
        let (key, _) = self.leaves_for(hash).find(|(_, leaf)| has_it(leaf))?;
        let leaf = self.leaves.get_mut(&key)?;
        let before = leaf.memory();
        let result = work(leaf, &entry);
        self.resident.change(before, leaf.memory());
        Some(result)
    }

    /// Marks an entry whose leaf is in memory; false if it was marked.
    pub(crate) fn mark(&mut self, hash: &Hash, address: Address) -> bool {
        self.with_leaf_of(hash, address, |leaf, entry| leaf.mark(entry)).unwrap_or(false)
    }

    /// Takes an entry out whose leaf is in memory.
    pub(crate) fn remove(&mut self, hash: &Hash, address: Address) {
        if self.with_leaf_of(hash, address, |leaf, entry| leaf.remove(entry)).is_some() {
            self.entries -= 1;
        }
    }

    /// Changes the address of an entry whose leaf is in memory. Its mark stays.
    pub(crate) fn replace(&mut self, hash: &Hash, from: Address, to: Address) {
        let removed = self.with_leaf_of(hash, from, |leaf, entry| leaf.remove(entry));
        if let Some(Some(marked)) = removed {
            self.entries -= 1;
            self.insert(hash, to, marked);
        }
    }

    /// Forgets all marks.
    pub(crate) fn clear_marks(&mut self) {
        for leaf in self.leaves.values_mut() {
            let before = leaf.memory();
            leaf.marks = Vec::new();
            self.resident.change(before, leaf.memory());
        }
    }

    /// Drops what is not marked from the leaf at or after a key; gives the key to go on with, `None` after
    /// the last leaf.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn sweep<D: BlockDevice>(
        &mut self,
        device: &mut D,
        from: LeafKey,
    ) -> Result<Option<LeafKey>, ReadError> {
        let Some((&key, leaf)) = self.leaves.range(from..).next() else { return Ok(None) };
        if leaf.entries.is_none() {
            self.load(device, &[key])?;
        }
        let Some(leaf) = self.leaves.get_mut(&key) else { return Ok(None) };
        let before = leaf.memory();
        self.entries -= leaf.sweep() as u64;
        self.resident.change(before, leaf.memory());
        self.merge_with_previous(key);
        Ok(Some(key.next()))
    }

    /// Makes one leaf of this and the one before, if both are small and in memory. Not of the first of several that
    /// begin alike: cut again, its entries would come behind those of the others.
    fn merge_with_previous(&mut self, key: LeafKey) {
        let next = self.leaves.range(key.next()..).next();
        if next.is_some_and(|(next, _)| next.start() == key.start()) {
            return;
        }
        let Some((&previous, left)) = self.leaves.range(..key).next_back() else { return };
        let Some(right) = self.leaves.get(&key) else { return };
        let in_memory = left.entries.is_some() && right.entries.is_some();
        if !in_memory || left.count() + right.count() > MERGE_ENTRIES_MAX {
            return;
        }
        let Some(right) = self.leaves.remove(&key) else { return };
        self.superseded.extend(right.page.map(|page| page.block));
        let Some(left) = self.leaves.get_mut(&previous) else { return };
        let before = left.memory() + right.memory();
        left.append(right);
        self.resident.change(before, left.memory());
    }

    /// Brings every changed leaf into memory and gives their keys.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) fn dirty_leaves<D: BlockDevice>(&mut self, device: &mut D) -> Result<Vec<LeafKey>, ReadError> {
        let missing: Vec<_> = (self.leaves.iter())
            .filter(|(_, leaf)| leaf.is_dirty && leaf.entries.is_none())
            .map(|(key, _)| *key)
            .collect();
        self.load(device, &missing)?;
        Ok(self.leaves.iter().filter(|(_, leaf)| leaf.is_dirty).map(|(key, _)| *key).collect())
    }

    /// The page of a leaf in memory.
    pub(crate) fn leaf_page(&self, key: LeafKey) -> Vec<u8> {
        let entries = self.leaves.get(&key).and_then(|leaf| leaf.entries.as_ref());
        encode_leaf(entries.map_or(&[], Entries::bytes))
    }

    /// The leaves as a map has them, with new pages for some, ascending.
    pub(crate) fn map_entries<'a>(
        &'a self,
        pages: &'a BTreeMap<LeafKey, PageRef>,
    ) -> impl Iterator<Item = LeafEntry> + 'a {
        self.leaves.iter().map(|(key, leaf)| {
            let page = pages.get(key).copied().or(leaf.page);
            let page = page.unwrap_or_else(|| unreachable!("a leaf without a page is written"));
            LeafEntry { start: key.start(), count: leaf.count() as u16, page }
        })
    }

    /// Notes that a checkpoint has written these leaves; gives the pages that it does not use any more.
    pub(crate) fn written(&mut self, pages: &BTreeMap<LeafKey, PageRef>) -> Vec<u32> {
        let mut superseded = core::mem::take(&mut self.superseded);
        for (key, page) in pages {
            let Some(leaf) = self.leaves.get_mut(key) else { continue };
            let before = leaf.memory();
            superseded.extend(leaf.page.replace(*page).map(|page| page.block));
            leaf.page_entries = leaf.count() as u16;
            leaf.is_dirty = false;
            self.resident.change(before, leaf.memory());
        }
        superseded
    }

    /// Pages in use.
    pub(crate) fn pages(&self) -> impl Iterator<Item = u32> {
        self.leaves.values().filter_map(|leaf| leaf.page).map(|page| page.block)
    }

    /// Drops clean leaves from memory until the budget is kept, those not used for long first.
    pub(crate) fn evict(&mut self) {
        let mut steps = 2 * self.leaves.len();
        while self.resident.bytes > self.budget_bytes && steps > 0 {
            steps -= 1;
            let next = self.leaves.range(self.hand..).next().map(|(key, _)| *key);
            let key = next.unwrap_or(LeafKey::FIRST);
            self.hand = if next.is_some() { key.next() } else { LeafKey::FIRST };
            let Some(leaf) = self.leaves.get_mut(&key) else { continue };
            if leaf.is_dirty || leaf.entries.is_none() || leaf.was_used.replace(false) {
                continue;
            }
            let before = leaf.memory();
            leaf.entries = None;
            self.resident.change(before, leaf.memory());
        }
    }
}

/// Reads pages and compares their checks.
///
/// # Errors
/// [`ReadError`].
pub(crate) fn read_pages<D: BlockDevice>(
    device: &mut D,
    pages: &[PageRef],
) -> Result<Vec<Vec<u8>>, ReadError> {
    let offset = |page: &PageRef| u64::from(page.block) * BLOCK_BYTES as u64;
    let mut reads: Vec<_> =
        pages.iter().map(|page| Read { offset: offset(page), bytes: vec![0; BLOCK_BYTES] }).collect();
    device.read_many(&mut reads)?;
    let contents =
        reads.into_iter().zip(pages).map(|(read, page)| match check_of(&read.bytes) == page.check {
            true => Ok(read.bytes),
            false => Err(ReadError::CorruptIndex { block: page.block }),
        });
    contents.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of a hash that begins with these octets.
    fn hash(prefix: [u8; PREFIX_BYTES], number: u64) -> Hash {
        let mut hash = Hash::ZERO;
        hash.0[..PREFIX_BYTES].copy_from_slice(&prefix);
        hash.0[24..].copy_from_slice(&number.to_be_bytes());
        hash
    }

    fn add(index: &mut Index, hashes: &[(Hash, Address)]) {
        let place = |hash: &Hash| index.look_up_in_memory(hash).unwrap().place;
        let entries = hashes.iter().map(|(hash, address)| (place(hash), entry_of(hash, *address))).collect();
        index.insert_many(entries, false);
    }

    /// What is counted as it changes is what there is.
    fn memory_is_right(index: &Index) {
        let memory = index.leaves.values().map(Leaf::memory).fold(Memory::default(), |all, leaf| all + leaf);
        assert_eq!(index.resident, memory);
    }

    fn all_are_found(index: &Index, hashes: &[(Hash, Address)]) {
        memory_is_right(index);
        for (hash, address) in hashes {
            let found = index.look_up_in_memory(hash).unwrap().candidates;
            assert!(found.iter().any(|candidate| candidate.address == *address), "{hash}");
        }
    }

    /// Neighbours of the prefix, below and above.
    fn around(count: u64) -> Vec<(Hash, Address)> {
        let below =
            (0..count).map(|number| (hash([1, 0, 0, (number >> 8) as u8, number as u8], number), number));
        let above =
            (0..count).map(|number| (hash([3, 0, 0, (number >> 8) as u8, number as u8], number), number));
        below.chain(above).enumerate().map(|(at, (hash, _))| (hash, Address(at as u64))).collect()
    }

    fn alike(first: u64, count: u64) -> Vec<(Hash, Address)> {
        (first..first + count)
            .map(|number| (hash([2; PREFIX_BYTES], number), Address(10_000 + number)))
            .collect()
    }

    /// Entries that came one by one, all at once, or before their leaf was in memory make the same leaves.
    #[test]
    fn however_entries_come_the_leaves_are_right() {
        let (around, alike) = (around(500), alike(0, 700));
        let mut index = Index::new(usize::MAX);
        add(&mut index, &around);
        // Some of these are there already.
        add(&mut index, &around[300..]);
        add(&mut index, &alike);
        all_are_found(&index, &around);
        all_are_found(&index, &alike);
        assert_eq!(index.entries, 1700);

        let entries = [entry_of(&around[3].0, around[3].1)].concat();
        let mut leaf = Leaf::on_device(PageRef { block: 20, check: 0 }, 1);
        for (hash, address) in around.iter().rev() {
            leaf.insert(&entry_of(hash, *address), usize::MAX, false);
        }
        assert_eq!(leaf.fill(&entries), 1, "it was on the page, too");
        let filled = leaf.entries.as_ref().unwrap();
        assert_eq!(filled.len(), 1000);
        assert!(filled.bytes().as_chunks::<ENTRY_BYTES>().0.is_sorted());
        let parts = leaf.cut(LEAF_ENTRIES_MAX / 2, LEAF_ENTRIES_MAX);
        let lengths: Vec<_> = parts.iter().map(Leaf::count).collect();
        assert_eq!((leaf.count(), lengths), (204, vec![204, 204, 388]));
    }

    /// What is merged into a leaf leaves the marks of the others where they are.
    #[test]
    fn marks_stay_with_their_entries() {
        let entry = |number: u8| entry_of(&hash([number; 5], 0), Address(7));
        let mut leaf = Leaf::empty();
        assert_eq!(leaf.merge(&[entry(10), entry(20), entry(30)], false), 3);
        assert!(leaf.mark(&entry(20)));
        assert_eq!(leaf.merge(&[entry(5), entry(20), entry(25), entry(40)], true), 3);
        let marks: Vec<_> = (0..6).map(|index| leaf.is_marked(index)).collect();
        assert_eq!(marks, [true, false, true, true, false, true]);
    }

    /// A leaf with many entries that begin alike was cut in its middle again and again: a part came behind leaves
    /// with greater entries, which nobody found then.
    #[test]
    fn many_that_begin_alike_in_one_commit_hide_nobody() {
        for count in [100, 517, 518, 800, 3000] {
            let mut index = Index::new(usize::MAX);
            let (around, alike) = (around(150), alike(0, count));
            add(&mut index, &around);
            add(&mut index, &alike);
            all_are_found(&index, &around);
            all_are_found(&index, &alike);
        }
    }

    /// So did leaves that a sweep had merged.
    #[test]
    fn leaves_that_begin_alike_are_not_merged_out_of_order() {
        let mut index = Index::new(usize::MAX);
        let (around, alike) = (around(150), alike(0, 900));
        add(&mut index, &around);
        add(&mut index, &alike);
        // Those below and one in three alike go; then those below come again, and more.
        let (gone, kept): (Vec<_>, Vec<_>) =
            alike.iter().copied().partition(|(_, address)| address.0 % 3 == 0);
        for (hash, address) in around[..150].iter().chain(&gone) {
            index.remove(hash, *address);
        }
        let keys: Vec<_> = index.leaves.keys().copied().collect();
        keys.into_iter().for_each(|key| index.merge_with_previous(key));
        add(&mut index, &around[..150]);
        add(&mut index, &self::around(600)[..600]);
        all_are_found(&index, &around);
        all_are_found(&index, &kept);
    }
}
