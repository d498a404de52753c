//! The arena: all scratch memory that Hyperlight leaves over at boot, and the linear map it lies in.

use crate::frames;
use crate::gate::flush_all;
use crate::layout::{LARGE_PAGE_BYTES, LINEAR_OFFSET, PAGE_BYTES};
use crate::page_table::{Entry, root};
use crate::queue_memory::queue_address;
use hyperlight_common::layout::{SCRATCH_TOP_GPA, scratch_allocator_limit_gpa};
use hyperlight_guest::layout::{allocator_gva, scratch_base_gpa};
use hyperlight_guest::prim_alloc::alloc_phys_pages;

/// Frames left to Hyperlight's own allocator: for globals of the image, copied on their first write.
const LEFT_FRAMES: u64 = 256;

/// Takes the arena and hands it to the frame allocator. The host gives it zeroed.
pub fn init() {
    // SAFETY: the word is mapped for the guest's lifetime.
    let next = unsafe { allocator_gva().read_volatile() };
    let free_frames = (scratch_allocator_limit_gpa() - next) / PAGE_BYTES;
    let Some(frame_count) = free_frames.checked_sub(LEFT_FRAMES).filter(|&count| count > 0) else {
        panic!("scratch memory leaves {free_frames} frames, too few to run; give the guest more memory")
    };
    // SAFETY: the allocator has that many frames, and gives them away for good.
    let start = unsafe { alloc_phys_pages(frame_count) };
    // SAFETY: the frames are fresh, zero, ours alone and in the linear map.
    unsafe { frames::init(start, frame_count) };
}

/// Makes the linear map. Until then nothing may use [`to_virtual`].
///
/// # Safety
/// Nothing has called it before; the control block has the root.
pub unsafe fn map(is_for_ring_3: bool) {
    let start = scratch_base_gpa() / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES;
    let end = (SCRATCH_TOP_GPA as u64 + 1).next_multiple_of(LARGE_PAGE_BYTES);
    let mut pages = start;
    let upper = fresh_table();
    set(root(), LINEAR_OFFSET >> 39, Entry::table(upper));
    while pages < end {
        let lower = fresh_table();
        set(upper, pages >> 30, Entry::table(lower));
        let table_end = end.min((pages + 1).next_multiple_of(1 << 30));
        while pages < table_end {
            set(lower, (pages >> 21) & 511, Entry::large(pages, is_for_ring_3));
            pages += LARGE_PAGE_BYTES;
        }
    }
    flush_all();
}

/// A frame of zeros from Hyperlight's allocator.
fn fresh_table() -> u64 {
    // SAFETY: taking fresh frames is always allowed. The host gives them zeroed.
    unsafe { alloc_phys_pages(1) }
}

/// Sets an entry through Hyperlight's linear map.
fn set(table: u64, index: u64, entry: Entry) {
    let entries = queue_address(table) as *mut Entry;
    // SAFETY: the frame is a table, and nobody else writes to it.
    unsafe { entries.add(index as usize).write_volatile(entry) };
}

/// Where the linear map has a physical address.
pub fn to_virtual(physical: u64) -> *mut u8 {
    (physical + LINEAR_OFFSET) as *mut u8
}

/// The physical address of something in the linear map.
pub fn to_physical(pointer: *const u8) -> u64 {
    pointer as u64 - LINEAR_OFFSET
}
