//! Page tables: entries, and the way from a window's page to its entry.

use crate::arena::to_virtual;
use crate::control::control;
use crate::layout::{WINDOW_OFFSET, WINDOW_STRIDE, WINDOWS};
use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering};

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
/// Open to ring 3, if every level says so. Windows and tables always are.
const USER: u64 = 1 << 2;
/// A large page, where a table would be.
const LARGE: u64 = 1 << 7;
const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
const NO_EXECUTE: u64 = 1 << 63;
/// Ours (bit 9 is Hyperlight's): the first store copies.
const COPY_ON_WRITE: u64 = 1 << 10;
/// Ours: the frame is the address space's, though nothing may store to it.
const OWN: u64 = 1 << 11;
const FRAME: u64 = 0x000f_ffff_ffff_f000;

/// An entry of any level.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Entry(u64);

impl Entry {
    /// Nothing here.
    pub const ABSENT: Self = Self(0);

    /// Points to a table.
    pub const fn table(frame: u64) -> Self {
        Self(frame | PRESENT | WRITABLE | USER | ACCESSED)
    }

    /// Points to a table of the kernel's alone.
    pub const fn kernel_table(frame: u64, is_for_ring_3: bool) -> Self {
        let user = if is_for_ring_3 { USER } else { 0 };
        Self(frame | PRESENT | WRITABLE | user | ACCESSED)
    }

    /// Nothing here; what the processor does not look at holds a number.
    pub const fn absent_with(value: u32) -> Self {
        Self((value as u64) << 1)
    }

    /// The number in an absent entry.
    pub const fn absent_value(self) -> u32 {
        debug_assert!(!self.is_present());
        (self.0 >> 1) as u32
    }

    /// A page of machine code: never written through this entry.
    pub const fn executable(frame: u64, is_for_ring_3: bool) -> Self {
        let user = if is_for_ring_3 { USER } else { 0 };
        Self(frame | PRESENT | user | ACCESSED)
    }

    /// A page that may be read.
    pub const fn read_only(frame: u64) -> Self {
        Self(frame | PRESENT | USER | ACCESSED | NO_EXECUTE)
    }

    /// The same, if nothing was ever accessed through it: there is no translation of it then, since a processor notes
    /// an access before it keeps one.
    pub const fn unaccessed(self) -> Self {
        Self(self.0 & !ACCESSED)
    }

    /// Whether something may have been accessed through it.
    pub const fn is_accessed(self) -> bool {
        self.0 & ACCESSED != 0
    }

    /// A page that may be read, with a frame of its own.
    pub const fn own_read_only(frame: u64) -> Self {
        Self(Self::read_only(frame).0 | OWN)
    }

    /// A page that may be read; the first store copies it.
    pub const fn copy_on_write(frame: u64) -> Self {
        Self(frame | PRESENT | USER | ACCESSED | COPY_ON_WRITE | NO_EXECUTE)
    }

    /// A page with a frame of its own.
    pub const fn private(frame: u64) -> Self {
        Self(frame | PRESENT | WRITABLE | USER | ACCESSED | DIRTY | NO_EXECUTE)
    }

    /// A large page of the kernel's.
    pub const fn large(frame: u64, is_for_ring_3: bool) -> Self {
        let user = if is_for_ring_3 { USER } else { 0 };
        Self(frame | PRESENT | WRITABLE | user | ACCESSED | DIRTY | LARGE | NO_EXECUTE)
    }

    /// The same, open to ring 3.
    pub const fn opened(self) -> Self {
        Self(self.0 | USER)
    }

    /// The same, closed to ring 3.
    pub const fn closed(self) -> Self {
        Self(self.0 & !USER)
    }

    /// Whether there is anything.
    pub const fn is_present(self) -> bool {
        self.0 & PRESENT != 0
    }

    /// Whether it is a page that the first store copies.
    pub const fn is_copy_on_write(self) -> bool {
        self.0 & COPY_ON_WRITE != 0
    }

    /// Whether it is a page with a frame of its own that may be stored to.
    pub const fn is_private(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// Whether it is a page with a frame of its own that may only be read.
    pub const fn is_own_read_only(self) -> bool {
        self.0 & OWN != 0
    }

    /// Whether it is a page with a frame of its own.
    pub const fn has_own_frame(self) -> bool {
        self.0 & (WRITABLE | OWN) != 0
    }

    /// The frame it points to.
    pub const fn frame(self) -> u64 {
        self.0 & FRAME
    }
}

/// A place in a table.
#[derive(Clone, Copy)]
pub struct Slot(*mut Entry);

impl Slot {
    /// The place of an index (0–511) in the table in that frame.
    ///
    /// # Safety
    /// The frame is a table of this module's making, or the root, and stays one while the slot is used.
    pub unsafe fn new(table_frame: u64, index: u64) -> Self {
        debug_assert!(index < 512);
        // SAFETY: the index is within the table.
        Self(unsafe { to_virtual(table_frame).cast::<Entry>().add(index as usize) })
    }

    /// The entry.
    pub fn read(self) -> Entry {
        // SAFETY: by the constructor's condition; volatile, as the processor writes to it too.
        unsafe { self.0.read_volatile() }
    }

    /// Changes the entry. The caller sees to stale translations.
    pub fn write(self, entry: Entry) {
        // SAFETY: by the constructor's condition.
        unsafe { self.0.write_volatile(entry) }
    }

    /// Unmaps, and gives the entry as it was at that moment: the processor may set bits of it between a read and a write.
    /// The caller sees to stale translations.
    pub fn take(self) -> Entry {
        // SAFETY: by the constructor's condition; an entry is 8 octets of plain data, aligned, and the processor's own
        // changes are atomic too.
        Entry(unsafe { AtomicU64::from_ptr(self.0.cast()) }.swap(Entry::ABSENT.0, Ordering::SeqCst))
    }

    /// The table the entry points to, if there is one.
    pub fn table(self) -> Option<u64> {
        let entry = self.read();
        entry.is_present().then(|| entry.frame())
    }
}

/// The slots on the way to a page of a window, from the third level down: a table may be missing.
pub enum Walk {
    /// The page's own slot.
    Page(Slot),
    /// The slot that should point to a table on the way.
    Missing {
        /// The slot.
        slot: Slot,
        /// Whether it is one of the window's upper table.
        is_upper: bool,
    },
}

/// Walks to a page (0 to 2²⁰ − 1) of a window whose upper table lies in `upper_frame`.
///
/// # Safety
/// The frame holds the window's third-level table.
pub unsafe fn walk(upper_frame: u64, window: usize, page: u32) -> Walk {
    let address = WINDOWS + window as u64 * WINDOW_STRIDE + WINDOW_OFFSET + (u64::from(page) << 12);
    let mut table = upper_frame;
    for shift in [30, 21] {
        // SAFETY: by this function's condition, and below that by what tables point to.
        let slot = unsafe { Slot::new(table, (address >> shift) & 511) };
        match slot.table() {
            Some(next) => table = next,
            None => return Walk::Missing { slot, is_upper: shift == 30 },
        }
    }
    // SAFETY: the same.
    Walk::Page(unsafe { Slot::new(table, (address >> 12) & 511) })
}

/// Opens a page to ring 3, on every level, if it is mapped. The caller flushes.
///
/// # Safety
/// Tables on the way lie in scratch memory, and nothing of what lies there is a secret from ring 3.
pub unsafe fn open_to_ring_3(address: u64) {
    let mut table = root();
    for shift in [39, 30, 21, 12] {
        // SAFETY: by this function's condition, and below that by what tables point to.
        let slot = unsafe { Slot::new(table, (address >> shift) & 511) };
        if !slot.read().is_present() {
            return;
        }
        slot.write(slot.read().opened());
        table = slot.read().frame();
    }
}

/// The frame of the root table.
pub fn root() -> u64 {
    // SAFETY: `entry` set the word before anything could ask; it does not change.
    unsafe { (&raw const (*control()).root).read() }
}

/// The root table as the processor has it. Ring 0.
pub fn loaded_root() -> u64 {
    let cr3: u64;
    // SAFETY: reading cr3 has no effect.
    unsafe { asm!("mov {}, cr3", out(reg) cr3, options(nomem, nostack, preserves_flags)) };
    cr3 & FRAME
}
