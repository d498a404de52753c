//! Checkpoints: the index and where the log ends, so that opening need not read what came before.

use crate::device::{BLOCK_BYTES, BlockDevice, Write};
use crate::error::WriteError;
use crate::format::bytes::check_of;
use crate::format::map::{LIST_PAGES_MAX, PageRef, SegmentState, encode_map};
use crate::format::superblock::{LISTS_MAX, Superblock};
use crate::pages::{MAP_BYTES_MAX, blocks_of, map_bytes, map_pages};
use crate::store::{Store, block_offset};
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

/// Most bytes of pages in one step of the device.
const STEP_BYTES: usize = 1 << 20;

/// Pages to be written.
#[derive(Default)]
struct NewPages {
    refs: Vec<PageRef>,
    contents: Vec<Vec<u8>>,
}

impl<D: BlockDevice> Store<D> {
    /// Writes the changed parts of the index and a superblock; two flushes. Afterwards opening starts here.
    ///
    /// # Errors
    /// [`WriteError::Full`] if there is no room for the pages; nothing has changed then. A device's failure
    /// is final.
    pub fn checkpoint(&mut self) -> Result<(), WriteError> {
        self.check_writable()?;
        let dirty = self.index.dirty_leaves(&mut self.device)?;
        self.check_map_room(0)?;
        self.make_page_room(dirty.len())?;
        let mut pages = NewPages::default();
        let mut leaves = BTreeMap::new();
        for key in dirty {
            let page = self.place(&mut pages, self.index.leaf_page(key))?;
            leaves.insert(key, page);
        }
        let map = encode_map(self.segments.for_map(), self.index.map_entries(&leaves));
        let map_refs = self.place_all(&mut pages, &map)?;
        let lists = self.place_lists(&mut pages, &map_refs)?;
        let superblock = self.superblock(map.len() as u64, lists);
        self.write_pages(&pages)?;
        self.write_superblock(&superblock)?;
        let map_blocks = blocks_of(&map_refs).chain(blocks_of(&superblock.lists)).collect();
        let superseded = self.index.written(&leaves);
        self.pages.checkpointed(map_blocks, superseded);
        self.segments.release_retired();
        self.checkpoint = superblock.checkpoint;
        self.checkpoint_error = None;
        self.log_growth_bytes = 0;
        self.next_is_unrecorded = false;
        self.written.checkpoints += 1;
        self.written.index_bytes += ((pages.refs.len() + 2) * BLOCK_BYTES) as u64;
        Ok(())
    }

    /// Whether the list pages of a superblock can name the map once there are so many more objects: an object is one
    /// leaf more at most.
    ///
    /// # Errors
    /// [`WriteError::TooManyObjects`].
    pub(crate) fn check_map_room(&self, objects: usize) -> Result<(), WriteError> {
        let leaves = self.index.leaf_count().saturating_add(objects);
        match map_bytes(leaves, self.segments.len() as usize) <= MAP_BYTES_MAX {
            true => Ok(()),
            false => Err(WriteError::TooManyObjects { objects: self.index.entries() }),
        }
    }

    /// Sees to it that there are free pages for so many leaves and the map. Each segment more makes that longer.
    fn make_page_room(&mut self, leaves: usize) -> Result<(), WriteError> {
        while self.pages.free_count()
            < leaves + map_pages(self.index.leaf_count(), self.segments.len() as usize)
        {
            let segment = self.take_segment(0)?;
            self.segments.set(segment, SegmentState::Index);
            self.pages.add_segment(&self.segments, segment);
        }
        Ok(())
    }

    fn place(&mut self, pages: &mut NewPages, content: Vec<u8>) -> Result<PageRef, WriteError> {
        let needed_bytes = BLOCK_BYTES as u64;
        let Some(block) = self.pages.take() else {
            self.pages.give_back(blocks_of(&pages.refs));
            return Err(WriteError::Full { needed_bytes });
        };
        let page = PageRef { block, check: check_of(&content) };
        pages.refs.push(page);
        pages.contents.push(content);
        Ok(page)
    }

    /// Cuts bytes into pages.
    fn place_all(&mut self, pages: &mut NewPages, bytes: &[u8]) -> Result<Vec<PageRef>, WriteError> {
        let mut refs = Vec::new();
        for chunk in bytes.chunks(BLOCK_BYTES) {
            let mut page = vec![0; BLOCK_BYTES];
            page[..chunk.len()].copy_from_slice(chunk);
            refs.push(self.place(pages, page)?);
        }
        Ok(refs)
    }

    fn place_lists(&mut self, pages: &mut NewPages, map: &[PageRef]) -> Result<Vec<PageRef>, WriteError> {
        let mut lists = Vec::new();
        for refs in map.chunks(LIST_PAGES_MAX) {
            let mut page = vec![0; BLOCK_BYTES];
            refs.iter().enumerate().for_each(|(at, page_ref)| page_ref.put(&mut page, at * 12));
            lists.push(self.place(pages, page)?);
        }
        match lists.len() <= LISTS_MAX {
            true => Ok(lists),
            // The segments made for it came on top of the last that fitted.
            false => {
                self.pages.give_back(blocks_of(&pages.refs));
                Err(WriteError::TooManyObjects { objects: self.index.entries() })
            }
        }
    }

    fn superblock(&self, map_bytes: u64, lists: Vec<PageRef>) -> Superblock {
        Superblock {
            geometry: self.segments.geometry(),
            chain_id: self.chain_id,
            checkpoint: self.checkpoint.wrapping_add(1),
            segments: self.segments.len(),
            retention: self.retention,
            tail: self.tail,
            roots: self.roots.clone(),
            objects: self.index.entries(),
            live_bytes: self.live_bytes,
            map_bytes,
            lists,
        }
    }

    /// Writes pages, neighbours in one piece, and flushes.
    fn write_pages(&mut self, pages: &NewPages) -> Result<(), WriteError> {
        let mut runs: Vec<(u64, Vec<u8>)> = Vec::new();
        for (page, content) in pages.refs.iter().zip(&pages.contents) {
            let offset = block_offset(page.block);
            match runs.last_mut() {
                Some((start, run)) if *start + run.len() as u64 == offset && run.len() < STEP_BYTES => {
                    run.extend_from_slice(content);
                }
                _ => runs.push((offset, content.clone())),
            }
        }
        let writes: Vec<_> = runs.iter().map(|(offset, bytes)| Write { offset: *offset, bytes }).collect();
        self.write_with(|device| {
            device.write_many(&writes)?;
            device.flush()
        })
    }

    /// Writes both copies over those of the checkpoint before the last, and flushes.
    pub(crate) fn write_superblock(&mut self, superblock: &Superblock) -> Result<(), WriteError> {
        let copies = superblock.encode().repeat(2);
        let offset = block_offset(superblock.block());
        self.write_with(|device| {
            device.write(offset, &copies)?;
            device.flush()
        })
    }
}
