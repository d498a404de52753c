//! Views: parts of DataCaps mapped read-only into a window.

use super::Refusal;
use crate::arch::{AddressSpace, Arch};
use crate::calls::Calls;
use crate::frame::View;
use alloc::vec::Vec;
use core::ops::Range;
use javm_isa::{ARGUMENTS_ADDRESS, LOW_MEMORY_END, Layout, PAGE_SIZE_BYTES, PageRange};
use nub_abi::host_call::{BAD_ARGUMENT, TOO_LONG};
use nub_state::PAGE_BYTES;

/// Views a frame may have at once.
const VIEWS_MAX: usize = 64;

impl<A: Arch> Calls<'_, '_, A> {
    /// `data_map(from, first_page, page_count, at_page) → 0`. Its pages are paid when they are touched.
    pub(super) fn data_map(&mut self) -> Result<u64, Refusal> {
        let (from, first) = (self.argument(0)?, self.argument(1)?);
        let (count, at) = (self.argument(2)?, self.argument(3)?);
        self.charge(self.world.params.gas.data)?;
        let link = self.capability(from)?;
        let data = self.data_cap(&link)?;
        let pages_in_data = data.size.div_ceil(PAGE_BYTES as u64);
        if count == 0 || first.checked_add(count).is_none_or(|end| end > pages_in_data) {
            return Err(Refusal::Code(BAD_ARGUMENT));
        }
        let frame = self.frame()?;
        if frame.views.len() >= VIEWS_MAX {
            return Err(Refusal::Code(TOO_LONG));
        }
        let pages = free_pages(&frame.layout, &frame.views, at, count).ok_or(Refusal::Code(BAD_ARGUMENT))?;
        frame.views.push(View { pages, data: link, data_page: first as u32, mapped: Vec::new() });
        Ok(0)
    }

    /// `data_unmap(at_page) → 1 if a view began there, else 0`.
    pub(super) fn data_unmap(&mut self) -> Result<u64, Refusal> {
        let at = self.argument(0)?;
        self.charge(self.world.params.gas.data)?;
        let frame = self.frame()?;
        let Some(index) = frame.views.iter().position(|view| u64::from(view.pages.start) == at) else {
            return Ok(0);
        };
        let view = frame.views.swap_remove(index);
        view.mapped.iter().for_each(|&page| frame.space.unmap_pages(page..page + 1));
        self.world.runtime.drops.push(view.data);
        Ok(1)
    }
}

/// The pages from `at` on, if they lie between the low 64 KiB and the arguments and none is used.
fn free_pages(layout: &Layout, views: &[View], at: u64, count: u64) -> Option<Range<u32>> {
    let end = at.checked_add(count)?;
    let lowest = u64::from(LOW_MEMORY_END / PAGE_SIZE_BYTES);
    let highest = u64::from(ARGUMENTS_ADDRESS / PAGE_SIZE_BYTES);
    if at < lowest || end > highest {
        return None;
    }
    let pages = at as u32..end as u32;
    let meets = |other: Range<u32>| pages.start < other.end && other.start < pages.end;
    let region = |range: PageRange| meets(range.first..range.end());
    let used = region(layout.read_only_data)
        || region(layout.read_write_data)
        || region(layout.stack)
        || views.iter().any(|view| meets(view.pages.clone()));
    (!used).then_some(pages)
}
