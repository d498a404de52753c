//! The frame allocator. A frame is 4 KiB of the arena, named by its physical address.
//!
//! Memory never used yet lies in the middle: the heap grows into it from below, frames come from above. It
//! is zero, as the host gave it. Frames given back wait in two lists, those known to be zero apart.

use crate::arena::{to_physical, to_virtual};
use crate::control::{Control, with_control};
use crate::layout::PAGE_BYTES;
use crate::single::Single;
use core::ptr::NonNull;

static FRAMES: Single<Frames> =
    Single::new(Frames { fresh_start: 0, fresh_end: 0, dirty: List::EMPTY, clean: List::EMPTY, total: 0 });

struct Frames {
    /// Memory never used, physical, page-aligned.
    fresh_start: u64,
    fresh_end: u64,
    /// Frames given back.
    dirty: List,
    /// Frames given back and zero, but for the link in the first word.
    clean: List,
    total: u64,
}

/// Free frames, linked through their first words.
struct List {
    first: Option<NonNull<FreeFrame>>,
    count: u64,
}

struct FreeFrame {
    next: Option<NonNull<FreeFrame>>,
}

impl List {
    const EMPTY: Self = Self { first: None, count: 0 };

    fn push(&mut self, frame: u64) {
        let link = to_virtual(frame).cast::<FreeFrame>();
        // SAFETY: the frame is free, so it is ours to write; the linear map has it, aligned.
        unsafe { link.write(FreeFrame { next: self.first }) };
        self.first = NonNull::new(link);
        self.count += 1;
    }

    /// Takes a frame; its first word is zero again.
    fn pop(&mut self) -> Option<u64> {
        let link = self.first?;
        // SAFETY: frames in the list are free and hold a link; nothing else writes to them.
        self.first = unsafe { link.as_ref().next };
        // SAFETY: the same.
        unsafe { link.as_ptr().write(FreeFrame { next: None }) };
        self.count -= 1;
        Some(to_physical(link.as_ptr().cast()))
    }
}

impl Frames {
    fn fresh(&mut self) -> Option<u64> {
        if self.fresh_start == self.fresh_end {
            return None;
        }
        self.fresh_end -= PAGE_BYTES;
        Some(self.fresh_end)
    }

    /// A frame of anything.
    fn take(&mut self) -> Option<u64> {
        self.dirty.pop().or_else(|| self.fresh()).or_else(|| self.clean.pop())
    }

    /// A frame of zeros.
    fn take_zeroed(&mut self) -> Option<u64> {
        if let Some(frame) = self.clean.pop().or_else(|| self.fresh()) {
            return Some(frame);
        }
        let frame = self.dirty.pop()?;
        zero(frame);
        Some(frame)
    }
}

/// Gives the allocator its memory.
///
/// # Safety
/// The frames are unused, zero and in the linear map.
pub unsafe fn init(start: u64, frame_count: u64) {
    FRAMES.with(|frames| {
        frames.fresh_start = start;
        frames.fresh_end = start + frame_count * PAGE_BYTES;
        frames.total = frame_count;
    });
}

/// Takes a frame of anything.
pub fn take() -> Option<u64> {
    FRAMES.with(Frames::take)
}

/// Takes a frame of zeros.
pub fn take_zeroed() -> Option<u64> {
    FRAMES.with(Frames::take_zeroed)
}

/// Gives a frame back. Nobody may use it any more.
pub fn give(frame: u64) {
    FRAMES.with(|frames| frames.dirty.push(frame));
}

/// Gives a frame back that holds only zeros.
pub fn give_zeroed(frame: u64) {
    FRAMES.with(|frames| frames.clean.push(frame));
}

/// Takes `len_bytes` of fresh memory for the heap, right above what it took before: its physical start.
pub fn grow_heap(len_bytes: u64) -> Option<u64> {
    FRAMES.with(|frames| {
        if frames.fresh_end - frames.fresh_start < len_bytes {
            return None;
        }
        let start = frames.fresh_start;
        frames.fresh_start += len_bytes;
        Some(start)
    })
}

/// Frames free and frames in all. Frames in the fault path's reserve count as free.
pub fn usage() -> (u64, u64) {
    let reserve = with_control(|control| control.zeros.count() + control.copies.count()) as u64;
    FRAMES.with(|frames| {
        let fresh = (frames.fresh_end - frames.fresh_start) / PAGE_BYTES;
        (fresh + frames.dirty.count + frames.clean.count + reserve, frames.total)
    })
}

/// Fills the fault path's reserve as far as frames go.
pub fn refill_reserve(control: &mut Control) {
    FRAMES.with(|frames| {
        while !control.zeros.is_full() {
            let Some(frame) = frames.take_zeroed() else { return };
            control.zeros.push(frame);
        }
        while !control.copies.is_full() {
            let Some(frame) = frames.take() else { return };
            control.copies.push(frame);
        }
    });
}

/// Makes a frame zero.
pub fn zero(frame: u64) {
    // SAFETY: the caller holds the frame, and the linear map has it. `rep stosq` is the fastest way where
    // instructions are emulated one by one.
    unsafe {
        core::arch::asm!(
            "rep stosq",
            inout("rdi") to_virtual(frame) => _,
            inout("rcx") PAGE_BYTES / 8 => _,
            in("rax") 0,
            options(nostack, preserves_flags),
        );
    }
}

/// Copies a frame.
pub fn copy(from: u64, to: u64) {
    // SAFETY: the caller holds `to`, nobody writes to `from`, and the linear map has both.
    unsafe {
        core::arch::asm!(
            "rep movsq",
            inout("rsi") to_virtual(from) => _,
            inout("rdi") to_virtual(to) => _,
            inout("rcx") PAGE_BYTES / 8 => _,
            options(nostack, preserves_flags),
        );
    }
}
