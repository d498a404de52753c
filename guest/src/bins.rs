//! Small blocks of the heap: bins of one size each, cut from frames.
//!
//! What is known of a frame that is cut lies in a table beside the frames, so blocks fill a frame to its end.
//! A frame whose blocks are all free goes back to the frame allocator, but for one in each bin.

use crate::arena::{to_physical, to_virtual};
use crate::frames;
use crate::layout::PAGE_BYTES;
use crate::single::Single;
use core::alloc::Layout;
use core::ptr::null_mut;

const BIN_COUNT: usize = 14;
/// Sizes of blocks: multiples of a unit that waste little of a frame.
const SIZES: [usize; BIN_COUNT] = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1360, 2048];
const UNIT_BYTES: usize = 16;
const SIZE_MAX: usize = SIZES[BIN_COUNT - 1];

/// The smallest bin for a size, by the size in units rounded up.
const BIN_OF_UNITS: [u8; SIZE_MAX / UNIT_BYTES + 1] = {
    let mut bins = [0; SIZE_MAX / UNIT_BYTES + 1];
    let (mut units, mut bin) = (0, 0);
    while units < bins.len() {
        if units * UNIT_BYTES > SIZES[bin] {
            bin += 1;
        }
        bins[units] = bin as u8;
        units += 1;
    }
    bins
};

/// A bin, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BinNumber(usize);

/// The bin for a layout, if there is one.
pub fn bin_for(layout: Layout) -> Option<BinNumber> {
    if layout.size() > SIZE_MAX {
        return None;
    }
    let bin = usize::from(BIN_OF_UNITS[layout.size().div_ceil(UNIT_BYTES)]);
    // Blocks lie at multiples of their size in a page.
    SIZES[bin].is_multiple_of(layout.align()).then_some(BinNumber(bin))
}

static BINS: Single<Bins> =
    Single::new(Bins { cuts: null_mut(), first_frame: 0, frame_count: 0, partial: [0; BIN_COUNT] });

struct Bins {
    /// A record for each frame of the arena.
    cuts: *mut Cut,
    first_frame: u64,
    frame_count: u64,
    /// The first frame with a free block, as a link.
    partial: [Link; BIN_COUNT],
}

// SAFETY: one thread; see `Single`.
unsafe impl Send for Bins {}

/// A frame's index plus one; 0 is none.
type Link = u32;

/// How a frame is cut. Zeros: it is not.
#[repr(C)]
struct Cut {
    /// The first free block, in units from the frame's start, plus one.
    free: u16,
    /// The first block that was never used, in units.
    fresh: u16,
    /// Blocks in use.
    used: u16,
    /// The bin's number plus one.
    bin: u16,
    /// Neighbours in the list of frames with free blocks.
    next: Link,
    previous: Link,
}

const _: () = assert!(size_of::<Cut>() == 16);

/// Takes the first frames for the table; gives how many.
///
/// # Safety
/// The frames are unused, zero and in the linear map; the table's are the bins' for good.
pub unsafe fn init(first_frame: u64, frame_count: u64) -> u64 {
    BINS.with(|bins| {
        (bins.cuts, bins.first_frame, bins.frame_count) =
            (to_virtual(first_frame).cast(), first_frame, frame_count);
    });
    (frame_count * size_of::<Cut>() as u64).div_ceil(PAGE_BYTES)
}

/// Takes a block, null if frames have run out.
pub fn take(bin: BinNumber) -> *mut u8 {
    BINS.with(|bins| bins.take(bin.0))
}

/// Gives a block back.
///
/// # Safety
/// The block came from this bin and is not used any more.
pub unsafe fn give(block: *mut u8, bin: BinNumber) {
    // SAFETY: by this function's condition.
    BINS.with(|bins| unsafe { bins.give(block, bin.0) })
}

impl Bins {
    fn take(&mut self, bin: usize) -> *mut u8 {
        let link = match self.partial[bin] {
            0 => match self.cut_frame(bin) {
                Some(link) => link,
                None => return null_mut(),
            },
            link => link,
        };
        let frame = self.frame(link);
        let cut = self.cut(link);
        let unit = match cut.free {
            0 => {
                cut.fresh += (SIZES[bin] / UNIT_BYTES) as u16;
                cut.fresh - (SIZES[bin] / UNIT_BYTES) as u16
            }
            free => {
                // SAFETY: a free block holds the next one's number.
                cut.free = unsafe { block_at(frame, free - 1).cast::<u16>().read() };
                free - 1
            }
        };
        cut.used += 1;
        if cut.used == capacity(bin) {
            self.unlink(link, bin);
        }
        block_at(frame, unit)
    }

    /// # Safety
    /// The block came from this bin and is not used any more.
    unsafe fn give(&mut self, block: *mut u8, bin: usize) {
        let physical = to_physical(block);
        let index = (physical - self.first_frame) / PAGE_BYTES;
        assert!(index < self.frame_count, "a block outside the arena");
        let link = index as Link + 1;
        let cut = self.cut(link);
        assert!(usize::from(cut.bin) == bin + 1 && cut.used > 0, "a block that is not of this bin");
        let was_full = cut.used == capacity(bin);
        // SAFETY: the block is ours again, large and aligned enough for a number.
        unsafe { block.cast::<u16>().write(cut.free) };
        cut.free = (physical % PAGE_BYTES) as u16 / UNIT_BYTES as u16 + 1;
        cut.used -= 1;
        let is_empty = cut.used == 0;
        if was_full {
            self.link(link, bin);
        }
        let is_only = self.partial[bin] == link && self.cut(link).next == 0;
        if is_empty && !is_only {
            self.unlink(link, bin);
            *self.cut(link) = Cut { free: 0, fresh: 0, used: 0, bin: 0, next: 0, previous: 0 };
            frames::give(self.frame(link));
        }
    }

    /// Cuts another frame for a bin.
    fn cut_frame(&mut self, bin: usize) -> Option<Link> {
        let frame = frames::take_for_heap()?;
        let link = ((frame - self.first_frame) / PAGE_BYTES) as Link + 1;
        let cut = self.cut(link);
        assert!(cut.bin == 0, "a frame that is cut already");
        *cut = Cut { free: 0, fresh: 0, used: 0, bin: bin as u16 + 1, next: 0, previous: 0 };
        self.link(link, bin);
        Some(link)
    }

    fn link(&mut self, link: Link, bin: usize) {
        let next = core::mem::replace(&mut self.partial[bin], link);
        (self.cut(link).next, self.cut(link).previous) = (next, 0);
        if next != 0 {
            self.cut(next).previous = link;
        }
    }

    fn unlink(&mut self, link: Link, bin: usize) {
        let Cut { next, previous, .. } = *self.cut(link);
        match previous {
            0 => self.partial[bin] = next,
            previous => self.cut(previous).next = next,
        }
        if next != 0 {
            self.cut(next).previous = previous;
        }
    }

    fn cut(&mut self, link: Link) -> &mut Cut {
        assert!(link != 0 && u64::from(link) <= self.frame_count);
        // SAFETY: the table has a record for each frame, and zeros are one.
        unsafe { &mut *self.cuts.add(link as usize - 1) }
    }

    fn frame(&self, link: Link) -> u64 {
        self.first_frame + u64::from(link - 1) * PAGE_BYTES
    }
}

/// Blocks in a frame.
const fn capacity(bin: usize) -> u16 {
    (PAGE_BYTES as usize / SIZES[bin]) as u16
}

fn block_at(frame: u64, unit: u16) -> *mut u8 {
    to_virtual(frame + u64::from(unit) * UNIT_BYTES as u64)
}
