//! The kernel's heap, all of it in frames: small things come from bins of one size each, pages are frames,
//! larger things are runs of pages. What is freed can be used for anything again.

use crate::arena::{to_physical, to_virtual};
use crate::bins::{self, BinNumber, bin_for};
use crate::layout::PAGE_BYTES;
use crate::{frames, runs};
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;

#[global_allocator]
static HEAP: Heap = Heap;

struct Heap;

/// Which part of the heap a layout belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A bin.
    Bin(BinNumber),
    /// One frame: a `nub_state::Page` can be mapped as it is.
    Frame,
    /// This many pages.
    Run(u64),
}

impl Part {
    fn of(layout: Layout) -> Self {
        if let Some(bin) = bin_for(layout) {
            return Self::Bin(bin);
        }
        if layout.size() <= PAGE_BYTES as usize && layout.align() <= PAGE_BYTES as usize {
            return Self::Frame;
        }
        Self::Run((layout.size() as u64).div_ceil(PAGE_BYTES))
    }
}

// SAFETY: every block is handed out once until it is given back, is as large and aligned as its layout, and
// goes back to the part it came from, because that depends on the layout alone.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        frames::tick();
        match Part::of(layout) {
            Part::Bin(bin) => bins::take(bin),
            Part::Frame => frames::take_for_heap().map_or(null_mut(), to_virtual),
            Part::Run(page_count) => runs::take(page_count, layout.align() as u64, false),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        frames::tick();
        match Part::of(layout) {
            Part::Frame => frames::take_zeroed_for_heap().map_or(null_mut(), to_virtual),
            Part::Run(page_count) => runs::take(page_count, layout.align() as u64, true),
            Part::Bin(bin) => {
                let block = bins::take(bin);
                if !block.is_null() {
                    // SAFETY: the block is that large.
                    unsafe { block.write_bytes(0, layout.size()) };
                }
                block
            }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match Part::of(layout) {
            // SAFETY: the block came from this bin, by the caller's contract, and is not used any more.
            Part::Bin(bin) => unsafe { bins::give(block, bin) },
            Part::Frame => frames::give(to_physical(block)),
            // SAFETY: the same of a run.
            Part::Run(_) => unsafe { runs::give(block) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract: the size does not overflow when rounded up to the alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (Part::of(layout), Part::of(wanted)) {
            (Part::Bin(from), Part::Bin(to)) if from == to => return block,
            (Part::Frame, Part::Frame) => return block,
            (Part::Run(old), Part::Run(new)) => {
                frames::tick();
                // SAFETY: the block came from there with this many pages, by the caller's contract.
                return unsafe { runs::resize(block, old, new, layout.align() as u64) };
            }
            _ => {}
        }
        // SAFETY: the caller's contract; the old block is as large as its layout says.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}
