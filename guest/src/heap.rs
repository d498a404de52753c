//! The kernel's heap. Small things come from bins of one size each, pages are frames, the rest comes from a
//! general allocator that grows into the arena.

use crate::arena::{to_physical, to_virtual};
use crate::frames;
use crate::layout::PAGE_BYTES;
use crate::single::Single;
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{NonNull, null_mut};
use talc::{OomHandler, Span, Talc};

#[global_allocator]
static HEAP: Heap = Heap;

struct Heap;

/// Which part of the heap a layout belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A bin, by index.
    Bin(usize),
    /// One frame: a `nub_state::Page` can be mapped as it is.
    Frame,
    /// The general allocator.
    General,
}

impl Part {
    fn of(layout: Layout) -> Self {
        if layout.size() <= BIN_SIZES[BIN_COUNT - 1] && layout.align() <= 16 {
            return Self::Bin(usize::from(BIN_OF_SIZE[layout.size().div_ceil(16)]));
        }
        if layout.size() == PAGE_BYTES as usize && layout.align() <= PAGE_BYTES as usize {
            return Self::Frame;
        }
        Self::General
    }
}

// SAFETY: every block is handed out once until it is given back, is as large and aligned as its layout, and
// goes back to the part it came from, because that depends on the layout alone.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match Part::of(layout) {
            Part::Bin(bin) => BINS.with(|bins| bins[bin].take(BIN_SIZES[bin])),
            Part::Frame => frames::take().map_or(null_mut(), to_virtual),
            // SAFETY: the size is not zero, by the caller's contract.
            Part::General => GENERAL
                .with(|general| unsafe { general.malloc(layout) })
                .map_or(null_mut(), |block| block.as_ptr()),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if Part::of(layout) == Part::Frame {
            return frames::take_zeroed().map_or(null_mut(), to_virtual);
        }
        // SAFETY: the caller's contract.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the block is that large.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match Part::of(layout) {
            // SAFETY: the block came from this bin, by the caller's contract, and is not used any more.
            Part::Bin(bin) => BINS.with(|bins| unsafe { bins[bin].give(block) }),
            Part::Frame => frames::give(to_physical(block)),
            Part::General => GENERAL.with(|general| {
                // SAFETY: the block came from there, by the caller's contract, so it is not null.
                unsafe { general.free(NonNull::new_unchecked(block), layout) }
            }),
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract: the size does not overflow when rounded up to the alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (Part::of(layout), Part::of(wanted)) {
            (Part::Bin(from), Part::Bin(to)) if from == to => return block,
            (Part::General, Part::General) => {
                let grown = GENERAL.with(|general| {
                    // SAFETY: the block came from there with this layout, so it is not null; the size is
                    // not smaller for `grow`, not larger for `shrink`, and never zero.
                    unsafe {
                        let block = NonNull::new_unchecked(block);
                        if size >= layout.size() {
                            return general.grow(block, layout, size);
                        }
                        general.shrink(block, layout, size);
                        Ok(block)
                    }
                });
                return grown.map_or(null_mut(), |block| block.as_ptr());
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

const BIN_COUNT: usize = 12;
/// Sizes of blocks, multiples of 16.
const BIN_SIZES: [usize; BIN_COUNT] = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];
/// The smallest bin for a size, by the size in units of 16 rounded up.
const BIN_OF_SIZE: [u8; BIN_SIZES[BIN_COUNT - 1] / 16 + 1] = {
    let mut bins = [0; BIN_SIZES[BIN_COUNT - 1] / 16 + 1];
    let mut units = 0;
    let mut bin = 0;
    while units < bins.len() {
        if units * 16 > BIN_SIZES[bin] {
            bin += 1;
        }
        bins[units] = bin as u8;
        units += 1;
    }
    bins
};

static BINS: Single<[Bin; BIN_COUNT]> = Single::new([const { Bin::EMPTY }; BIN_COUNT]);

/// Blocks of one size, cut from frames that stay with the bin.
struct Bin {
    free: Option<NonNull<FreeBlock>>,
    /// The rest of the newest frame.
    fresh: *mut u8,
    fresh_bytes: usize,
}

struct FreeBlock {
    next: Option<NonNull<FreeBlock>>,
}

impl Bin {
    const EMPTY: Self = Self { free: None, fresh: null_mut(), fresh_bytes: 0 };

    fn take(&mut self, size: usize) -> *mut u8 {
        if let Some(block) = self.free {
            // SAFETY: blocks in the list hold a link and are ours.
            self.free = unsafe { block.as_ref().next };
            return block.as_ptr().cast();
        }
        if self.fresh_bytes < size {
            let Some(frame) = frames::take() else { return null_mut() };
            self.fresh = to_virtual(frame);
            self.fresh_bytes = PAGE_BYTES as usize;
        }
        let block = self.fresh;
        // SAFETY: the frame has at least that much left.
        self.fresh = unsafe { block.add(size) };
        self.fresh_bytes -= size;
        block
    }

    /// # Safety
    /// The block came from this bin and is not used any more.
    unsafe fn give(&mut self, block: *mut u8) {
        let block = block.cast::<FreeBlock>();
        // SAFETY: the block is ours again, large and aligned enough for a link.
        unsafe { block.write(FreeBlock { next: self.free }) };
        self.free = NonNull::new(block);
    }
}

static GENERAL: Single<Talc<Grow>> = Single::new(Talc::new(Grow { heap: Span::empty() }));

/// Grows the general allocator's memory into the arena.
struct Grow {
    heap: Span,
}

// SAFETY: one thread; see `Single`.
unsafe impl Send for Grow {}

/// The least the general allocator grows by.
const GROWTH_BYTES: u64 = 1 << 20;

impl OomHandler for Grow {
    fn handle_oom(talc: &mut Talc<Self>, layout: Layout) -> Result<(), ()> {
        let wanted = (layout.size() + layout.align() + PAGE_BYTES as usize) as u64;
        let exact = wanted.next_multiple_of(PAGE_BYTES);
        let (start, len_bytes) = match frames::grow_heap(exact.max(GROWTH_BYTES)) {
            Some(start) => (start, exact.max(GROWTH_BYTES)),
            None => (frames::grow_heap(exact).ok_or(())?, exact),
        };
        let fresh = Span::from_base_size(to_virtual(start), len_bytes as usize);
        let heap = talc.oom_handler.heap;
        // SAFETY: the memory is ours and fresh, right above what the allocator had.
        talc.oom_handler.heap = unsafe {
            if heap.is_empty() { talc.claim(fresh)? } else { talc.extend(heap, heap.fit_over(fresh)) }
        };
        Ok(())
    }
}
