//! A software page table: 2²⁰ pages. Those in use lie where one lookup finds them, others in two levels of 1024.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;
use nub_kernel::arch::PageState;
use nub_state::{PAGE_BYTES, Page};

const LEVEL_BITS: u32 = 10;
const LEVEL_LEN: usize = 1 << LEVEL_BITS;
/// Pages found at once, by the last bits of their numbers: 1 MiB if they are neighbours.
const WAYS: usize = 256;
/// How often a page must be offered for the one in its way to yield: often enough to be worth a move.
const OFFERS: u32 = 8;
/// No page has this number.
const NONE: u32 = u32::MAX;

/// What a page holds.
pub(crate) type Content = [u8; PAGE_BYTES];

/// How a page is mapped.
pub(crate) enum Mapping {
    ReadOnly(Arc<Page>),
    CopyOnWrite(Arc<Page>),
    Private(Page),
}

/// Mappings by page number. Each lies in one place: in its way, if that is the page's, or in the directory.
pub(crate) struct PageTable {
    ways: [Way; WAYS],
    /// Both levels are made when first needed.
    directory: Option<Box<[Option<Leaf>; LEVEL_LEN]>>,
    /// Offers made of pages that lay in the directory.
    offers: u32,
}

type Leaf = Box<[Option<Mapping>; LEVEL_LEN]>;

/// Of the pages whose numbers end alike, one asked for lately: a [`Mapping`] laid out so that a private page, which
/// most accesses are to, takes the fewest steps. Not mapped if there is neither content.
struct Way {
    page: u32,
    is_read_only: bool,
    private: Option<Page>,
    shared: Option<Arc<Page>>,
}

impl PageTable {
    pub(crate) fn new() -> Self {
        Self { ways: [const { Way::of(NONE) }; WAYS], directory: None, offers: 0 }
    }

    /// What a page holds, if it lies in its way.
    #[inline(always)]
    pub(crate) fn ready(&self, page: u32) -> Option<&Content> {
        let way = &self.ways[page as usize % WAYS];
        if way.page != page {
            return None;
        }
        match &way.private {
            Some(content) => Some(content.bytes()),
            None => {
                seldom();
                Some(way.shared.as_ref()?.bytes())
            }
        }
    }

    /// What a private page holds, to change, if it lies in its way.
    #[inline(always)]
    pub(crate) fn ready_private(&mut self, page: u32) -> Option<&mut Content> {
        let way = &mut self.ways[page as usize % WAYS];
        if way.page != page {
            return None;
        }
        Some(way.private.as_mut()?.bytes_mut())
    }

    /// What a page holds, wherever it lies.
    pub(crate) fn content(&self, page: u32) -> Option<&Content> {
        self.ready(page).or_else(|| match self.in_directory(page)? {
            Mapping::Private(content) => Some(content.bytes()),
            Mapping::ReadOnly(content) | Mapping::CopyOnWrite(content) => Some(content.bytes()),
        })
    }

    /// What a private page holds, to change, wherever it lies.
    pub(crate) fn private(&mut self, page: u32) -> Option<&mut Content> {
        if self.ways[page as usize % WAYS].page == page {
            return self.ready_private(page);
        }
        let (upper, lower) = split(page);
        match self.directory.as_mut()?[upper].as_mut()?[lower].as_mut()? {
            Mapping::Private(content) => Some(content.bytes_mut()),
            Mapping::ReadOnly(_) | Mapping::CopyOnWrite(_) => None,
        }
    }

    /// How a page stands.
    pub(crate) fn state(&self, page: u32) -> PageState {
        let way = &self.ways[page as usize % WAYS];
        if way.page == page {
            return way.state();
        }
        match self.in_directory(page) {
            None => PageState::Unmapped,
            Some(Mapping::ReadOnly(_)) => PageState::ReadOnly,
            Some(Mapping::CopyOnWrite(_)) => PageState::CopyOnWrite,
            Some(Mapping::Private(_)) => PageState::Private,
        }
    }

    /// Maps a page, in its way.
    pub(crate) fn map(&mut self, page: u32, mapping: Mapping) {
        self.way(page).put(mapping);
    }

    /// Makes a copy-on-write page private.
    pub(crate) fn copy(&mut self, page: u32) {
        let way = self.way(page);
        if way.state() == PageState::CopyOnWrite
            && let Some(content) = way.shared.take()
        {
            way.private = Some(Page::clone(&content));
        }
    }

    /// A page is accessed that was not ready. It is from now on if its way is free, or at one of so many offers: pages
    /// that share a way and are accessed by turns must not be moved at each access.
    pub(crate) fn offer(&mut self, page: u32) {
        let way = &self.ways[page as usize % WAYS];
        if way.page == page {
            return;
        }
        self.offers = self.offers.wrapping_add(1);
        if way.state() == PageState::Unmapped || self.offers.is_multiple_of(OFFERS) {
            self.exchange(page);
        }
    }

    /// The way of a page, which is brought there; what was there goes to the directory.
    fn way(&mut self, page: u32) -> &mut Way {
        if self.ways[page as usize % WAYS].page != page {
            self.exchange(page);
        }
        &mut self.ways[page as usize % WAYS]
    }

    fn exchange(&mut self, page: u32) {
        let mut new = Way::of(page);
        let (upper, lower) = split(page);
        if let Some(directory) = &mut self.directory
            && let Some(leaf) = &mut directory[upper]
            && let Some(mapping) = leaf[lower].take()
        {
            new.put(mapping);
        }
        let old = mem::replace(&mut self.ways[page as usize % WAYS], new);
        let (upper, lower) = split(old.page);
        if let Some(mapping) = old.into_mapping() {
            let directory = self.directory.get_or_insert_with(|| Box::new([const { None }; LEVEL_LEN]));
            let leaf = directory[upper].get_or_insert_with(|| Box::new([const { None }; LEVEL_LEN]));
            leaf[lower] = Some(mapping);
        }
    }

    fn in_directory(&self, page: u32) -> Option<&Mapping> {
        let (upper, lower) = split(page);
        self.directory.as_ref()?[upper].as_ref()?[lower].as_ref()
    }

    /// Unmaps the pages in the range.
    pub(crate) fn unmap(&mut self, pages: Range<u32>) {
        for way in self.ways.iter_mut().filter(|way| pages.contains(&way.page)) {
            *way = Way::of(NONE);
        }
        self.for_each_in_directory(pages, |_, mapping| *mapping = None);
    }

    /// Takes the private pages in the range, ascending; they are unmapped then.
    pub(crate) fn take_private(&mut self, pages: Range<u32>) -> Vec<(u32, Arc<Page>)> {
        let mut taken = Vec::new();
        for way in self.ways.iter_mut().filter(|way| pages.contains(&way.page)) {
            taken.extend(way.private.take().map(|content| (way.page, Arc::new(content))));
        }
        self.for_each_in_directory(pages, |page, mapping| {
            if let Some(Mapping::Private(content)) =
                mapping.take_if(|mapping| matches!(mapping, Mapping::Private(_)))
            {
                taken.push((page, Arc::new(content)));
            }
        });
        taken.sort_unstable_by_key(|&(page, _)| page);
        taken
    }

    /// Visits the pages in the range whose tables exist.
    fn for_each_in_directory(&mut self, pages: Range<u32>, mut visit: impl FnMut(u32, &mut Option<Mapping>)) {
        let Some(directory) = &mut self.directory else { return };
        let mut page = pages.start;
        while page < pages.end {
            let (upper, lower) = split(page);
            let table_end = (page - lower as u32).saturating_add(LEVEL_LEN as u32).min(pages.end);
            if let Some(leaf) = &mut directory[upper] {
                (page..table_end).for_each(|number| visit(number, &mut leaf[split(number).1]));
            }
            page = table_end;
        }
    }
}

impl Way {
    const fn of(page: u32) -> Way {
        Way { page, is_read_only: false, private: None, shared: None }
    }

    fn put(&mut self, mapping: Mapping) {
        self.is_read_only = matches!(mapping, Mapping::ReadOnly(_));
        (self.private, self.shared) = match mapping {
            Mapping::Private(content) => (Some(content), None),
            Mapping::ReadOnly(content) | Mapping::CopyOnWrite(content) => (None, Some(content)),
        };
    }

    fn into_mapping(self) -> Option<Mapping> {
        match (self.private, self.shared) {
            (Some(content), _) => Some(Mapping::Private(content)),
            (None, Some(content)) if self.is_read_only => Some(Mapping::ReadOnly(content)),
            (None, content) => content.map(Mapping::CopyOnWrite),
        }
    }

    fn state(&self) -> PageState {
        match (&self.private, &self.shared) {
            (Some(_), _) => PageState::Private,
            (None, Some(_)) if self.is_read_only => PageState::ReadOnly,
            (None, Some(_)) => PageState::CopyOnWrite,
            (None, None) => PageState::Unmapped,
        }
    }
}

/// Says that whoever calls this seldom does.
#[cold]
fn seldom() {}

/// Indexes in the directory and in the table; both below 1024 for any number.
#[inline]
fn split(page: u32) -> (usize, usize) {
    ((page >> LEVEL_BITS) as usize % LEVEL_LEN, page as usize % LEVEL_LEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(octet: u8) -> Page {
        let mut page = Page::zeroed();
        page.bytes_mut()[7] = octet;
        page
    }

    /// Three pages that share a way.
    fn table() -> (PageTable, [u32; 3]) {
        let pages = [5, 5 + WAYS as u32, 5 + 40 * WAYS as u32];
        let mut table = PageTable::new();
        table.map(pages[0], Mapping::Private(page(1)));
        table.map(pages[1], Mapping::ReadOnly(Arc::new(page(2))));
        table.map(pages[2], Mapping::CopyOnWrite(Arc::new(page(3))));
        (table, pages)
    }

    #[test]
    fn pages_that_share_a_way_keep_what_they_hold_and_how_they_stand() {
        let (mut table, pages) = table();
        let states = [PageState::Private, PageState::ReadOnly, PageState::CopyOnWrite];
        for turn in [0, 1, 2, 0, 2, 1] {
            table.way(pages[turn]);
            for index in 0..3 {
                assert_eq!(table.state(pages[index]), states[index]);
                assert_eq!(table.content(pages[index]).unwrap()[7], index as u8 + 1);
                let is_ready = table.ready(pages[index]).is_some();
                assert_eq!(is_ready, index == turn, "{index} after {turn}");
                let is_ready = table.ready_private(pages[index]).is_some();
                assert_eq!(is_ready, index == turn && index == 0, "{index} after {turn}");
            }
        }
        assert_eq!(table.state(5 + 2 * WAYS as u32), PageState::Unmapped);
        assert!(table.content(5 + 2 * WAYS as u32).is_none());
    }

    #[test]
    fn a_page_that_is_asked_for_again_and_again_gets_its_way() {
        let (mut table, pages) = table();
        table.way(pages[1]);
        for _ in 1..OFFERS {
            table.offer(pages[0]);
            assert!(table.ready(pages[0]).is_none());
            table.private(pages[0]).unwrap()[7] += 1;
        }
        assert!(table.private(pages[1]).is_none() && table.private(pages[2]).is_none());
        table.offer(pages[0]);
        assert_eq!(table.ready(pages[0]).unwrap()[7], OFFERS as u8);
        table.unmap(pages[0]..pages[0] + 1);
        table.offer(pages[2]);
        assert_eq!(table.ready(pages[2]).unwrap()[7], 3);
    }

    #[test]
    fn a_copy_leaves_the_original_and_its_neighbours() {
        let (mut table, pages) = table();
        table.way(pages[0]);
        pages.iter().for_each(|&page| table.copy(page));
        let states = pages.map(|page| table.state(page));
        assert_eq!(states, [PageState::Private, PageState::ReadOnly, PageState::Private]);
        assert_eq!(table.ready_private(pages[2]).unwrap()[7], 3);
    }

    #[test]
    fn pages_are_taken_and_unmapped_wherever_they_lie() {
        for turn in 0..3 {
            let (mut table, pages) = table();
            table.copy(pages[2]);
            table.way(pages[turn]);
            assert_eq!(table.take_private(0..pages[0]).len(), 0);
            let taken = table.take_private(pages[0]..pages[2] + 1);
            let taken: Vec<(u32, u8)> =
                taken.iter().map(|(page, content)| (*page, content.bytes()[7])).collect();
            assert_eq!(taken, [(pages[0], 1), (pages[2], 3)]);
            let states = pages.map(|page| table.state(page));
            assert_eq!(states, [PageState::Unmapped, PageState::ReadOnly, PageState::Unmapped]);
            table.unmap(0..pages[1]);
            assert_eq!(table.state(pages[1]), PageState::ReadOnly);
            table.unmap(0..1 << 20);
            assert_eq!(table.state(pages[1]), PageState::Unmapped);
        }
    }
}
