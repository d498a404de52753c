//! The arena: all scratch memory that Hyperlight leaves over at boot, and the linear map it lies in.

use crate::frames;
use crate::layout::{LINEAR_OFFSET, PAGE_BYTES};
use hyperlight_common::layout::scratch_allocator_limit_gpa;
use hyperlight_guest::layout::allocator_gva;
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

/// Where the linear map has a physical address.
pub fn to_virtual(physical: u64) -> *mut u8 {
    (physical + LINEAR_OFFSET) as *mut u8
}

/// The physical address of something in the linear map.
pub fn to_physical(pointer: *const u8) -> u64 {
    pointer as u64 - LINEAR_OFFSET
}
