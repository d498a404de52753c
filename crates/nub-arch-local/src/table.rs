//! A software page table: 2²⁰ pages in two levels of 1024, the second made when first needed.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use nub_state::Page;

const LEVEL_BITS: u32 = 10;
const LEVEL_LEN: usize = 1 << LEVEL_BITS;

/// How a page is mapped.
#[derive(Default)]
pub(crate) enum Mapping {
    #[default]
    Unmapped,
    ReadOnly(Arc<Page>),
    CopyOnWrite(Arc<Page>),
    Private(Page),
}

/// Mappings by page number.
pub(crate) struct PageTable {
    directory: Box<[Option<Leaf>; LEVEL_LEN]>,
}

type Leaf = Box<[Mapping; LEVEL_LEN]>;

impl PageTable {
    pub(crate) fn new() -> Self {
        Self { directory: Box::new([const { None }; LEVEL_LEN]) }
    }

    /// The mapping of a page, if its table exists.
    #[inline]
    pub(crate) fn get(&self, page: u32) -> Option<&Mapping> {
        let (upper, lower) = split(page);
        Some(&self.directory[upper].as_ref()?[lower])
    }

    /// The mapping of a page, to change, if its table exists.
    #[inline]
    pub(crate) fn get_mut(&mut self, page: u32) -> Option<&mut Mapping> {
        let (upper, lower) = split(page);
        Some(&mut self.directory[upper].as_mut()?[lower])
    }

    /// The mapping of a page, to change; makes its table.
    pub(crate) fn entry(&mut self, page: u32) -> &mut Mapping {
        let (upper, lower) = split(page);
        let leaf =
            self.directory[upper].get_or_insert_with(|| Box::new([const { Mapping::Unmapped }; LEVEL_LEN]));
        &mut leaf[lower]
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
                && let Mapping::Private(content) = core::mem::take(mapping)
            {
                taken.push((page, Arc::new(content)));
            }
        });
        taken
    }

    /// Visits the pages in the range whose tables exist, ascending.
    fn for_each(&mut self, pages: Range<u32>, mut visit: impl FnMut(u32, &mut Mapping)) {
        let mut page = pages.start;
        while page < pages.end {
            let (upper, lower) = split(page);
            let table_end = (page - lower as u32).saturating_add(LEVEL_LEN as u32).min(pages.end);
            if let Some(leaf) = &mut self.directory[upper] {
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
