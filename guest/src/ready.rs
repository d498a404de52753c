//! Pages of a window that are known to be there: an access to one takes nothing, and cannot fault.
//!
//! A page is noted after an access to it through the [`accessors`](crate::accessors) has taken place. What is known
//! stays true until pages are unmapped, when all of it is forgotten: the fault path and machine code only ever add
//! pages, or make one writable that could be read. Only permission is remembered, never a frame, so a page that is
//! copied meanwhile is read where it is then.

use crate::layout::PAGE_BYTES;
use core::arch::asm;

/// Pages remembered, by the last bits of their numbers.
const WAYS: usize = 16;
/// No page has this number.
const NONE: u32 = u32::MAX;

/// What is known of a window's pages.
pub struct Ready {
    loads: [u32; WAYS],
    stores: [u32; WAYS],
}

impl Ready {
    /// Nothing.
    pub const fn new() -> Self {
        Self { loads: [NONE; WAYS], stores: [NONE; WAYS] }
    }

    /// A load from the page took place.
    #[inline]
    pub fn note_load(&mut self, page: u32) {
        self.loads[page as usize % WAYS] = page;
    }

    /// A store to the page took place, so it can be read too.
    #[inline]
    pub fn note_store(&mut self, page: u32) {
        self.stores[page as usize % WAYS] = page;
        self.note_load(page);
    }

    /// Loads, if all octets lie in one page that can be read.
    ///
    /// # Safety
    /// `base` is the window's. Since a page was noted, nothing was unmapped there; else all was forgotten then.
    #[inline(always)]
    pub unsafe fn load<const LEN: usize>(&self, base: u64, address: u32) -> Option<[u8; LEN]> {
        if !is_in(&self.loads, address, LEN) {
            return None;
        }
        let at = base + u64::from(address);
        let value: u64;
        // SAFETY: by this function's condition the page is mapped. It is program memory and no Rust object.
        unsafe {
            match LEN {
                1 => {
                    asm!("movzx {v:e}, byte ptr [{at}]", v = lateout(reg) value, at = in(reg) at, options(nostack, preserves_flags, readonly))
                }
                2 => {
                    asm!("movzx {v:e}, word ptr [{at}]", v = lateout(reg) value, at = in(reg) at, options(nostack, preserves_flags, readonly))
                }
                4 => {
                    asm!("mov {v:e}, [{at}]", v = lateout(reg) value, at = in(reg) at, options(nostack, preserves_flags, readonly))
                }
                8 => {
                    asm!("mov {v}, [{at}]", v = lateout(reg) value, at = in(reg) at, options(nostack, preserves_flags, readonly))
                }
                _ => return None,
            }
        }
        value.to_le_bytes().first_chunk().copied()
    }

    /// Stores, if all octets lie in one page that can be written.
    ///
    /// # Safety
    /// As for [`load`](Self::load).
    #[inline(always)]
    pub unsafe fn store<const LEN: usize>(&self, base: u64, address: u32, octets: [u8; LEN]) -> bool {
        if !is_in(&self.stores, address, LEN) {
            return false;
        }
        let at = base + u64::from(address);
        let mut value = [0; 8];
        let Some(low) = value.first_chunk_mut() else { return false };
        *low = octets;
        let value = u64::from_le_bytes(value);
        // SAFETY: as for loads; the page is the address space's own.
        unsafe {
            match LEN {
                1 => {
                    asm!("mov byte ptr [{at}], {v}", v = in(reg_byte) value as u8, at = in(reg) at, options(nostack, preserves_flags))
                }
                2 => {
                    asm!("mov [{at}], {v:x}", v = in(reg) value, at = in(reg) at, options(nostack, preserves_flags))
                }
                4 => {
                    asm!("mov [{at}], {v:e}", v = in(reg) value, at = in(reg) at, options(nostack, preserves_flags))
                }
                8 => {
                    asm!("mov [{at}], {v}", v = in(reg) value, at = in(reg) at, options(nostack, preserves_flags))
                }
                _ => return false,
            }
        }
        true
    }
}

/// Whether the octets lie in one page, and it is noted.
#[inline(always)]
fn is_in(pages: &[u32; WAYS], address: u32, len: usize) -> bool {
    let (page, offset) = (address >> 12, address as usize % PAGE_BYTES as usize);
    offset + len <= PAGE_BYTES as usize && pages[page as usize % WAYS] == page
}
