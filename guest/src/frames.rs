//! The frame allocator. A frame is 4 KiB of the arena, named by its physical address.
//!
//! All memory is frames: programs, page tables and the kernel's heap take them from here and give them back,
//! so whatever one part gives up the others can have. Memory never used is zero, as the host gave it. Frames
//! given back wait in lists: known to be zero, of anything, and those that a translation may still name.
//!
//! The last [`headroom`](usage) frames are for the heap alone. Programs, page tables and the kernel's checks
//! ([`free_bytes`]) see memory as used up before, so that there is enough left to finish what was begun and to
//! say why it failed.

use crate::arena::{to_physical, to_virtual};
use crate::control::{Control, with_control};
use crate::layout::PAGE_BYTES;
use crate::single::Single;
use crate::{bins, runs, window};
use core::ptr::NonNull;

static FRAMES: Single<Frames> = Single::new(Frames {
    fresh_start: 0,
    fresh_end: 0,
    dirty: List::EMPTY,
    clean: List::EMPTY,
    stale: List::EMPTY,
    total: 0,
    headroom: 0,
    until_shortage: u64::MAX,
    short_at: None,
    shortage_depth: 0,
});

/// The most frames kept for the heap alone: four of the longest messages.
const HEADROOM_MAX: u64 = 4096;

struct Frames {
    /// Memory never used, physical, page-aligned.
    fresh_start: u64,
    fresh_end: u64,
    /// Frames given back.
    dirty: List,
    /// Frames given back and zero, but for the link in the first word.
    clean: List,
    /// Frames given back that a cached translation may still name.
    stale: List,
    total: u64,
    /// Free frames that only the heap may have.
    headroom: u64,
    /// Allocations until memory counts as used up; for tests.
    until_shortage: u64,
    /// Frames free when memory began to count as used up.
    short_at: Option<u64>,
    /// The most frames taken after that.
    shortage_depth: u64,
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

    fn free(&self) -> u64 {
        let fresh = (self.fresh_end - self.fresh_start) / PAGE_BYTES;
        fresh + self.dirty.count + self.clean.count
    }

    /// Frames that others than the heap may have.
    fn spare(&self) -> u64 {
        self.spare_with(0)
    }

    /// The same once so many more are given back.
    fn spare_with(&self, kept: u64) -> u64 {
        match self.until_shortage {
            0 => 0,
            _ => (self.free() + self.stale.count + kept).saturating_sub(self.headroom),
        }
    }

    /// Counts an allocation, and how much is taken once memory counts as used up.
    fn tick(&mut self) {
        if self.until_shortage == u64::MAX {
            return;
        }
        self.until_shortage = self.until_shortage.saturating_sub(1);
        if self.until_shortage == 0 {
            let free = self.free() + self.stale.count;
            let start = *self.short_at.get_or_insert(free);
            self.shortage_depth = self.shortage_depth.max(start.saturating_sub(free));
        }
    }

    /// A frame of anything.
    fn take(&mut self) -> Option<u64> {
        self.dirty.pop().or_else(|| self.fresh()).or_else(|| self.clean.pop())
    }

    /// A frame of zeros. To zero one that was used takes a tenth of what the host takes to bring one that never was.
    fn take_zeroed(&mut self) -> Option<u64> {
        if let Some(frame) = self.clean.pop() {
            return Some(frame);
        }
        let Some(frame) = self.dirty.pop() else { return self.fresh() };
        zero(frame);
        Some(frame)
    }
}

/// Gives the allocator its memory. Until then there is no heap.
///
/// # Safety
/// The frames are unused, zero and in the linear map.
pub unsafe fn init(start: u64, frame_count: u64) {
    // SAFETY: by this function's condition; those frames are the bins' for good.
    let used = unsafe { bins::init(start, frame_count) };
    FRAMES.with(|frames| {
        frames.fresh_start = start + used * PAGE_BYTES;
        frames.fresh_end = start + frame_count * PAGE_BYTES;
        frames.total = frame_count;
        frames.headroom = HEADROOM_MAX.min(frame_count / 4);
    });
}

/// Takes a frame of anything, unless only the headroom is left.
pub fn take() -> Option<u64> {
    settle_if_needed(0);
    FRAMES.with(|frames| {
        frames.tick();
        if frames.spare() == 0 { None } else { frames.take() }
    })
}

/// Takes a frame of zeros, unless only the headroom is left.
pub fn take_zeroed() -> Option<u64> {
    settle_if_needed(0);
    FRAMES.with(|frames| {
        frames.tick();
        if frames.spare() == 0 { None } else { frames.take_zeroed() }
    })
}

/// Takes a frame of anything for the kernel's heap.
pub fn take_for_heap() -> Option<u64> {
    settle_if_needed(0);
    FRAMES.with(Frames::take)
}

/// Takes a frame of zeros for the kernel's heap.
pub fn take_zeroed_for_heap() -> Option<u64> {
    settle_if_needed(0);
    FRAMES.with(Frames::take_zeroed)
}

/// Whether the heap can have that many frames.
pub fn has_for_heap(frame_count: u64) -> bool {
    settle_if_needed(frame_count);
    FRAMES.with(|frames| frames.free() >= frame_count)
}

/// Forgets old translations if that brings frames that are needed now, beside `frame_count` others.
fn settle_if_needed(frame_count: u64) {
    let is_needed = FRAMES.with(|frames| frames.free() <= frame_count && frames.stale.count > 0);
    if is_needed {
        runs::settle();
    }
    let is_short = FRAMES.with(|frames| frames.spare() <= frame_count);
    if is_short && window::kept_count() > 0 {
        window::give_back_kept();
    }
}

/// Notes an allocation of the heap; see [`arm_shortage`].
pub fn tick() {
    FRAMES.with(Frames::tick);
}

/// From the n-th allocation on, memory counts as used up but for the headroom; `None` ends that. Gives how
/// many frames were taken from the headroom since. For tests.
pub fn arm_shortage(allocations: Option<u64>) -> u64 {
    FRAMES.with(|frames| {
        frames.until_shortage = allocations.unwrap_or(u64::MAX);
        frames.short_at = None;
        core::mem::take(&mut frames.shortage_depth)
    })
}

/// Bytes that are free beside the headroom. Tables and warm pages that windows keep are given back for
/// whoever needs their frames.
pub fn free_bytes() -> u64 {
    let kept = window::kept_count();
    FRAMES.with(|frames| frames.spare_with(kept)) * PAGE_BYTES
}

/// Gives a frame back. Nobody may use it any more.
pub fn give(frame: u64) {
    FRAMES.with(|frames| frames.dirty.push(frame));
}

/// Gives a frame back that holds only zeros.
pub fn give_zeroed(frame: u64) {
    FRAMES.with(|frames| frames.clean.push(frame));
}

/// Gives a frame back that a cached translation may still name.
pub fn give_stale(frame: u64) {
    FRAMES.with(|frames| frames.stale.push(frame));
}

/// Frames that wait for translations to be forgotten.
pub fn stale_count() -> u64 {
    FRAMES.with(|frames| frames.stale.count)
}

/// All translations were forgotten: stale frames are as good as others.
pub fn translations_forgotten() {
    FRAMES.with(|frames| {
        while let Some(frame) = frames.stale.pop() {
            frames.dirty.push(frame);
        }
    });
}

/// Frames free and frames in all. Those of the fault path's reserve, and tables and warm pages that
/// windows keep, count as free.
pub fn usage() -> (u64, u64) {
    let reserve = with_control(|control| control.zeros.count() + control.copies.count()) as u64;
    let kept = window::kept_count();
    FRAMES.with(|frames| (frames.free() + frames.stale.count + reserve + kept, frames.total))
}

/// Fills the fault path's reserve as far as frames go.
pub fn refill_reserve(control: &mut Control) {
    FRAMES.with(|frames| {
        while !control.zeros.is_full() && frames.spare() > 0 {
            let Some(frame) = frames.take_zeroed() else { return };
            control.zeros.push(frame);
        }
        while !control.copies.is_full() && frames.spare() > 0 {
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

/// Makes a frame begin with these octets, at most 4096, and be zero behind.
pub fn fill(frame: u64, octets: &[u8]) {
    let len = octets.len();
    assert!(len as u64 <= PAGE_BYTES, "more octets than a page has");
    let start = to_virtual(frame);
    // SAFETY: the caller holds the frame, the linear map has it, and both parts lie in it.
    unsafe {
        start.copy_from_nonoverlapping(octets.as_ptr(), len);
        start.add(len).write_bytes(0, PAGE_BYTES as usize - len);
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
