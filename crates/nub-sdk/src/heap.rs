//! Heaps: none, one that lives as long as a call, and one that lives as long as the Instance.
//!
//! `#[contract(heap = 65536)]` gives a contract a [`Scratch`]: memory for `Vec`, `String` and the like that is gone
//! when the call ends. It lies above the stack, where memory is zero at entry and kept by nobody, so it costs what it
//! touches and leaves nothing in the state. `static`s must not point into it; [`Persistent`](crate::Persistent) takes
//! only values that cannot.
//!
//! Without it the contract has [`NoHeap`], from which nothing can be had.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;

/// Where the stack region ends (PVM.md §8).
pub const STACK_END: usize = 0xFEFE_0000;

/// The octets at a heap's beginning that say how many are in use.
const HEADER_BYTES: usize = 8;

/// A heap without room.
pub struct NoHeap;

// SAFETY: it never gives memory.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// A heap of `BYTES` octets below [`STACK_END`], gone when the call ends. Gives memory back only if it was the last
/// given. The entry of a contract that has one starts its stack below it.
pub struct Scratch<const BYTES: usize>;

impl<const BYTES: usize> Scratch<BYTES> {
    const BASE: usize = STACK_END - BYTES;

    /// How many octets are in use, the header's included. Zero at entry, when none are.
    fn used(&self) -> *mut usize {
        Self::BASE as *mut usize
    }

    /// Gives `size` octets from `start` on, if they are there.
    ///
    /// # Safety
    /// Nothing in use lies there.
    unsafe fn take(&self, start: usize, size: usize) -> *mut u8 {
        match start.checked_add(size) {
            Some(end) if end <= BYTES => {
                // SAFETY: the header lies in the stack region, above the stack, which is this heap's own.
                unsafe { self.used().write(end) };
                (Self::BASE + start) as *mut u8
            }
            _ => null_mut(),
        }
    }
}

// SAFETY: what is given lies between the header and the heap's end, is aligned, and overlaps nothing in use, as `used`
// only falls when the last is given back. A program has one thread.
unsafe impl<const BYTES: usize> GlobalAlloc for Scratch<BYTES> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the header is this heap's own. What begins at `start` is not in use.
        unsafe {
            let used = self.used().read().max(HEADER_BYTES);
            // Of the address: the heap itself begins at a page, and some values want more than that.
            match (Self::BASE + used).checked_next_multiple_of(layout.align()) {
                Some(address) => self.take(address - Self::BASE, layout.size()),
                None => null_mut(),
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let start = memory as usize - Self::BASE;
        // SAFETY: the header is this heap's own.
        unsafe {
            if self.used().read() == start + layout.size() {
                self.used().write(start);
            }
        }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let start = memory as usize - Self::BASE;
        // SAFETY: what was given last may grow where it lies; else the new memory overlaps nothing in use, and both
        // have the octets that are copied.
        unsafe {
            if self.used().read() == start + layout.size() {
                return self.take(start, new_size);
            }
            let new = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !new.is_null() {
                memory.copy_to_nonoverlapping(new, layout.size().min(new_size));
            }
            new
        }
    }
}
