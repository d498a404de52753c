//! A software page table: 2²⁰ pages. Those in use lie where one lookup finds them, others in two levels of 1024.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;
use nub_state::{PAGE_BYTES, Page};

const LEVEL_BITS: u32 = 10;
const LEVEL_LEN: usize = 1 << LEVEL_BITS;
/// Pages found at once, by the last bits of their numbers: 1 MiB if they are neighbours.
const WAYS: usize = 256;
/// No page has this number.
const NONE: u32 = u32::MAX;

/// How a page is mapped.
#[derive(Default)]
pub(crate) enum Mapping {
    #[default]
    Unmapped,
    ReadOnly(Arc<Page>),
    CopyOnWrite(Arc<Page>),
    Private(Page),
}

impl Mapping {
    /// What the page holds, if it is mapped.
    #[inline(always)]
    pub(crate) fn content(&self) -> Option<&[u8; PAGE_BYTES]> {
        match self {
            Self::Private(content) => Some(content.bytes()),
            Self::ReadOnly(content) | Self::CopyOnWrite(content) => Some(content.bytes()),
            Self::Unmapped => None,
        }
    }
}

/// Mappings by page number. Each lies in one place: in its way, if that is the page's, or in the directory.
pub(crate) struct PageTable {
    ways: [Way; WAYS],
    /// The second level and the first are made when first needed.
    directory: Option<Box<[Option<Leaf>; LEVEL_LEN]>>,
}

/// Of the pages whose numbers end alike, the one asked for last.
struct Way {
    page: u32,
    mapping: Mapping,
}

type Leaf = Box<[Mapping; LEVEL_LEN]>;

impl PageTable {
    pub(crate) fn new() -> Self {
        Self { ways: [const { Way { page: NONE, mapping: Mapping::Unmapped } }; WAYS], directory: None }
    }

    /// The mapping of a page, if it lies in its way.
    #[inline(always)]
    pub(crate) fn ready(&self, page: u32) -> Option<&Mapping> {
        let way = &self.ways[page as usize % WAYS];
        (way.page == page).then_some(&way.mapping)
    }

    /// The mapping of a page, to change, if it lies in its way.
    #[inline(always)]
    pub(crate) fn ready_mut(&mut self, page: u32) -> Option<&mut Mapping> {
        let way = &mut self.ways[page as usize % WAYS];
        (way.page == page).then_some(&mut way.mapping)
    }

    /// The mapping of a page, wherever it lies.
    pub(crate) fn get(&self, page: u32) -> &Mapping {
        let (upper, lower) = split(page);
        let leaf = || self.directory.as_ref()?[upper].as_ref();
        self.ready(page).or_else(|| Some(&leaf()?[lower])).unwrap_or(&Mapping::Unmapped)
    }

    /// The mapping of a page, to change; brings it into its way.
    pub(crate) fn entry(&mut self, page: u32) -> &mut Mapping {
        if self.ready(page).is_none() {
            self.bring(page);
        }
        &mut self.ways[page as usize % WAYS].mapping
    }

    fn bring(&mut self, page: u32) {
        let mapping = self.in_directory(page).map(mem::take).unwrap_or_default();
        let old = mem::replace(&mut self.ways[page as usize % WAYS], Way { page, mapping });
        if !matches!(old.mapping, Mapping::Unmapped) {
            let (upper, lower) = split(old.page);
            let directory = self.directory.get_or_insert_with(|| Box::new([const { None }; LEVEL_LEN]));
            let leaf =
                directory[upper].get_or_insert_with(|| Box::new([const { Mapping::Unmapped }; LEVEL_LEN]));
            leaf[lower] = old.mapping;
        }
    }

    fn in_directory(&mut self, page: u32) -> Option<&mut Mapping> {
        let (upper, lower) = split(page);
        Some(&mut self.directory.as_mut()?[upper].as_mut()?[lower])
    }

    /// Unmaps the pages in the range.
    pub(crate) fn unmap(&mut self, pages: Range<u32>) {
        self.for_each(pages, |_, mapping| *mapping = Mapping::Unmapped);
    }

    /// Takes the private pages in the range, ascending; they are unmapped then.
    pub(crate) fn take_private(&mut self, pages: Range<u32>) -> Vec<(u32, Arc<Page>)> {
        let mut taken = Vec::new();
        self.for_each(pages, |page, mapping| {
            if let Mapping::Private(_) = mapping
                && let Mapping::Private(content) = mem::take(mapping)
            {
                taken.push((page, Arc::new(content)));
            }
        });
        taken.sort_unstable_by_key(|&(page, _)| page);
        taken
    }

    /// Visits the pages in the range that lie in ways, and those whose tables exist.
    fn for_each(&mut self, pages: Range<u32>, mut visit: impl FnMut(u32, &mut Mapping)) {
        for way in self.ways.iter_mut().filter(|way| pages.contains(&way.page)) {
            visit(way.page, &mut way.mapping);
        }
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

/// Indexes in the directory and in the table; both below 1024 for any number.
#[inline]
fn split(page: u32) -> (usize, usize) {
    ((page >> LEVEL_BITS) as usize % LEVEL_LEN, page as usize % LEVEL_LEN)
}
