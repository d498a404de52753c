//! Pages of index segments: which are in use, which may be written.

use crate::device::BLOCK_BYTES;
use crate::format::map::{LEAF_ENTRY_BYTES, LIST_PAGES_MAX, PageRef, SEGMENT_ENTRY_BYTES, SegmentState};
use crate::format::superblock::LISTS_MAX;
use crate::index::Index;
use crate::segments::Segments;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Range;

/// Pages of index segments, by the device's block number.
#[derive(Debug, Default)]
pub(crate) struct IndexPages {
    /// May be written, lowest first.
    free: BTreeSet<u32>,
    /// The last checkpoint's map and list pages.
    map: Vec<u32>,
}

impl IndexPages {
    /// What is free, given what the last checkpoint uses.
    pub(crate) fn new(segments: &Segments, index: &Index, map: Vec<u32>) -> Self {
        let mut used: Vec<u32> = index.pages().chain(map.iter().copied()).collect();
        used.sort_unstable();
        let index_segments = segments.iter().filter(|(_, state)| *state == SegmentState::Index);
        let free = index_segments
            .flat_map(|(segment, _)| blocks_of_segment(segments, segment))
            .filter(|block| used.binary_search(block).is_err())
            .collect();
        Self { free, map }
    }

    /// Makes the pages of a new index segment free.
    pub(crate) fn add_segment(&mut self, segments: &Segments, segment: u32) {
        self.free.extend(blocks_of_segment(segments, segment));
    }

    pub(crate) fn free_count(&self) -> usize {
        self.free.len()
    }

    pub(crate) fn take(&mut self) -> Option<u32> {
        self.free.pop_first()
    }

    /// Gives back pages that were taken by a checkpoint that was not made.
    pub(crate) fn give_back(&mut self, pages: impl Iterator<Item = u32>) {
        self.free.extend(pages);
    }

    /// Notes that a checkpoint is durable: its map pages, and leaf pages that it does not use any more.
    pub(crate) fn checkpointed(&mut self, map: Vec<u32>, superseded: Vec<u32>) {
        let old_map = core::mem::replace(&mut self.map, map);
        self.free.extend(old_map);
        self.free.extend(superseded);
    }

    /// Segments that the next checkpoint may need, beside the free pages.
    pub(crate) fn segments_wanted(&self, index: &Index, segments: &Segments) -> usize {
        let segment_pages = segments.geometry().segment_blocks as usize;
        let leaves = index.leaf_count() + index.leaf_count() / 8 + 2;
        let wanted = |more: usize| {
            let pages = leaves + map_pages(leaves, segments.len() as usize + 8 + more);
            pages.saturating_sub(self.free.len()).div_ceil(segment_pages)
        };
        // The segments wanted are in the map too.
        wanted(wanted(0))
    }
}

/// Most octets of a map: what the list pages of a superblock name.
pub(crate) const MAP_BYTES_MAX: usize = LISTS_MAX * LIST_PAGES_MAX * BLOCK_BYTES;

/// Octets of a map of so many leaves and segments.
pub(crate) fn map_bytes(leaves: usize, segments: usize) -> usize {
    leaves * LEAF_ENTRY_BYTES + segments * SEGMENT_ENTRY_BYTES
}

/// Map and list pages for so many leaves and segments, at most.
pub(crate) fn map_pages(leaves: usize, segments: usize) -> usize {
    let pages = map_bytes(leaves, segments).div_ceil(BLOCK_BYTES);
    pages + pages.div_ceil(LIST_PAGES_MAX)
}

fn blocks_of_segment(segments: &Segments, segment: u32) -> Range<u32> {
    let first = segments.geometry().block_of(segment, 0);
    first..first + segments.geometry().segment_blocks
}

/// The block numbers of pages.
pub(crate) fn blocks_of(pages: &[PageRef]) -> impl Iterator<Item = u32> + '_ {
    pages.iter().map(|page| page.block)
}
