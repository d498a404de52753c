//! The map: the state of every segment and where every leaf of the index is.

use super::bytes::{get_u16, get_u32, get_u64, put};
use crate::device::BLOCK_BYTES;
use alloc::vec;
use alloc::vec::Vec;

/// Octets of a hash that the index holds.
pub const PREFIX_BYTES: usize = 5;
/// Octets of an entry: of the hash, and the address.
pub const ENTRY_BYTES: usize = PREFIX_BYTES + 5;
/// Octets before the entries of a leaf page.
pub const LEAF_HEAD_BYTES: usize = 8;
/// Most entries of a leaf.
pub const LEAF_ENTRIES_MAX: usize = (BLOCK_BYTES - LEAF_HEAD_BYTES) / ENTRY_BYTES;
/// Most pages that a list page names.
pub const LIST_PAGES_MAX: usize = BLOCK_BYTES / PAGE_REF_BYTES;

/// Octets of a segment in the map.
pub const SEGMENT_ENTRY_BYTES: usize = 8;
/// Octets of a leaf in the map.
pub const LEAF_ENTRY_BYTES: usize = 20;
/// Octets of a page's name.
const PAGE_REF_BYTES: usize = 12;

/// A page by its place and the check of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRef {
    /// The device's block number.
    pub block: u32,
    /// The first eight octets of its digest.
    pub check: u64,
}

impl PageRef {
    /// Puts its twelve octets at `at`.
    pub fn put(self, bytes: &mut [u8], at: usize) {
        put(bytes, at, &self.block.to_le_bytes());
        put(bytes, at + 4, &self.check.to_le_bytes());
    }

    /// Reads twelve octets from `at`.
    pub fn get(bytes: &[u8], at: usize) -> Self {
        Self { block: get_u32(bytes, at), check: get_u64(bytes, at + 4) }
    }
}

/// What a segment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentState {
    /// Nothing.
    Free,
    /// Frames, in so many blocks.
    Log {
        /// Blocks that frames take.
        used_blocks: u32,
    },
    /// Pages of leaves, maps and lists.
    Index,
}

/// A leaf as the map has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafEntry {
    /// The first octets that it may hold.
    pub start: [u8; PREFIX_BYTES],
    /// How many entries it has.
    pub count: u16,
    /// Its page.
    pub page: PageRef,
}

/// Encodes the map.
pub fn encode_map(
    segments: impl Iterator<Item = SegmentState>,
    leaves: impl Iterator<Item = LeafEntry>,
) -> Vec<u8> {
    let mut map = Vec::new();
    for state in segments {
        let (tag, used_blocks) = match state {
            SegmentState::Free => (0, 0),
            SegmentState::Log { used_blocks } => (1, used_blocks),
            SegmentState::Index => (2, 0),
        };
        map.extend_from_slice(&[tag, 0, 0, 0]);
        map.extend_from_slice(&used_blocks.to_le_bytes());
    }
    for leaf in leaves {
        map.extend_from_slice(&leaf.start);
        map.push(0);
        map.extend_from_slice(&leaf.count.to_le_bytes());
        map.extend_from_slice(&leaf.page.block.to_le_bytes());
        map.extend_from_slice(&leaf.page.check.to_le_bytes());
    }
    map
}

/// Decodes the map of a device of so many segments; `None` if it is malformed.
pub fn decode_map(
    map: &[u8],
    segments: u32,
    segment_blocks: u32,
) -> Option<(Vec<SegmentState>, Vec<LeafEntry>)> {
    let (states, leaves) = map.split_at_checked(segments as usize * SEGMENT_ENTRY_BYTES)?;
    let states = states
        .chunks_exact(SEGMENT_ENTRY_BYTES)
        .map(|entry| match (entry[0], get_u32(entry, 4)) {
            (0, 0) => Some(SegmentState::Free),
            (1, used_blocks) if used_blocks <= segment_blocks => Some(SegmentState::Log { used_blocks }),
            (2, 0) => Some(SegmentState::Index),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    if !leaves.len().is_multiple_of(LEAF_ENTRY_BYTES) {
        return None;
    }
    let leaves: Vec<_> = leaves.chunks_exact(LEAF_ENTRY_BYTES).map(decode_leaf_entry).collect();
    let is_sorted = leaves.is_sorted_by_key(|leaf| leaf.start);
    let starts_at_zero = leaves.first().is_some_and(|leaf| leaf.start == [0; PREFIX_BYTES]);
    (is_sorted && starts_at_zero).then_some((states, leaves))
}

fn decode_leaf_entry(bytes: &[u8]) -> LeafEntry {
    let mut start = [0; PREFIX_BYTES];
    start.copy_from_slice(&bytes[..PREFIX_BYTES]);
    let page = PageRef { block: get_u32(bytes, 8), check: get_u64(bytes, 12) };
    LeafEntry { start, count: get_u16(bytes, 6), page }
}

/// The page of a leaf's entries.
pub fn encode_leaf(entries: &[u8]) -> Vec<u8> {
    assert!(entries.len() <= LEAF_ENTRIES_MAX * ENTRY_BYTES && entries.len().is_multiple_of(ENTRY_BYTES));
    let mut page = vec![0; BLOCK_BYTES];
    put(&mut page, 0, &((entries.len() / ENTRY_BYTES) as u16).to_le_bytes());
    put(&mut page, LEAF_HEAD_BYTES, entries);
    page
}

/// The entries of a leaf's page; `None` if it is malformed.
pub fn decode_leaf(page: &[u8]) -> Option<&[u8]> {
    let length = usize::from(get_u16(page, 0)) * ENTRY_BYTES;
    let entries = page[LEAF_HEAD_BYTES..].get(..length)?;
    entries.chunks_exact(ENTRY_BYTES).is_sorted().then_some(entries)
}
