//! A program's memory as 4 GiB of addresses of this process.

use std::{collections::BTreeMap, ops::Range, ptr};

use javm_interpreter::{Memory, Meter, Miss};
use javm_isa::{AccessKind, PAGE_COUNT, PAGE_SIZE_BYTES};
use javm_recompiler_x86::{CONTEXT_LEN_BYTES, Context};

use crate::HarnessError;

const PAGE_LEN: usize = PAGE_SIZE_BYTES as usize;
const WINDOW_LEN: usize = PAGE_COUNT as usize * PAGE_LEN;
/// A page for the context before the window, a page that is never mapped after it.
const RESERVED_LEN: usize = WINDOW_LEN + 2 * PAGE_LEN;

/// 4 GiB reserved without access, a context below, a guard page above. Pages are mapped one by one.
///
/// It is also the interpreter's memory, with the same rules, so that both engines can be given the same.
#[derive(Debug)]
pub struct Window {
    /// The address of the window, after the context's page.
    base: *mut u8,
    /// Does the hardware know what is mapped? For the interpreter alone `rights` are enough.
    is_protected: bool,
    /// Which pages are mapped, and whether they may be written.
    pages: BTreeMap<u32, bool>,
    /// The same by page number: 0 not mapped, 1 readable, 2 writable.
    rights: Vec<u8>,
}

impl Window {
    /// Reserves the addresses, for compiled code.
    ///
    /// # Errors
    /// [`HarnessError::Memory`] if there are not that many.
    pub fn new() -> Result<Window, HarnessError> {
        Window::reserve(true)
    }

    /// Reserves the addresses, for the interpreter alone: mapping costs no system calls.
    ///
    /// # Errors
    /// [`HarnessError::Memory`] if there are not that many.
    pub fn unprotected() -> Result<Window, HarnessError> {
        Window::reserve(false)
    }

    fn reserve(is_protected: bool) -> Result<Window, HarnessError> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let open = libc::PROT_READ | libc::PROT_WRITE;
        let protection = if is_protected { libc::PROT_NONE } else { open };
        // SAFETY: a new mapping, wherever the system likes.
        let start = unsafe { libc::mmap(ptr::null_mut(), RESERVED_LEN, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(HarnessError::memory("mmap"));
        }
        // SAFETY: the window begins a page after the start of the mapping.
        let base = unsafe { start.cast::<u8>().add(PAGE_LEN) };
        let rights = vec![0; PAGE_COUNT as usize];
        let window = Window { base, is_protected, pages: BTreeMap::new(), rights };
        // SAFETY: the first page of our own mapping, which nothing uses yet.
        if unsafe { libc::mprotect(start, PAGE_LEN, open) } != 0 {
            return Err(HarnessError::memory("mprotect"));
        }
        Ok(window)
    }

    /// May compiled code run in it?
    pub(crate) fn is_protected(&self) -> bool {
        self.is_protected
    }

    /// The address of the window.
    pub fn address(&self) -> u64 {
        self.base as u64
    }

    /// The context below the window.
    pub fn context(&mut self) -> &mut Context {
        // SAFETY: the page before the window is ours, readable and writable, and zero to begin with, which is
        // a valid context; the address is a multiple of 8; `&mut self` makes the reference unique.
        unsafe { &mut *self.base.sub(CONTEXT_LEN_BYTES).cast::<Context>() }
    }

    /// Maps a page, or changes its rights. A new page is zero.
    ///
    /// # Errors
    /// [`HarnessError::Memory`] if the system refuses.
    ///
    /// # Panics
    /// If there is no page of this number.
    pub fn map(&mut self, page: u32, is_writable: bool) -> Result<(), HarnessError> {
        let protection = if is_writable { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
        self.protect(page, protection)?;
        self.pages.insert(page, is_writable);
        self.rights[page as usize] = 1 + u8::from(is_writable);
        Ok(())
    }

    /// Maps pages in a row, the octets at their start.
    ///
    /// # Errors
    /// [`HarnessError::Memory`] if the system refuses.
    ///
    /// # Panics
    /// If there are no such pages, or the octets are longer.
    pub fn map_with(
        &mut self,
        pages: Range<u32>,
        octets: &[u8],
        is_writable: bool,
    ) -> Result<(), HarnessError> {
        if pages.is_empty() {
            return Ok(());
        }
        assert!(pages.end <= PAGE_COUNT && octets.len() <= pages.len() * PAGE_LEN);
        let start = self.page_pointer(pages.start);
        self.protect_pages(start, pages.len(), libc::PROT_READ | libc::PROT_WRITE)?;
        // SAFETY: pages of our own reservation, writable; the octets fit, and do not overlap them.
        unsafe { ptr::copy_nonoverlapping(octets.as_ptr(), start, octets.len()) };
        if !is_writable {
            self.protect_pages(start, pages.len(), libc::PROT_READ)?;
        }
        self.rights[pages.start as usize..pages.end as usize].fill(1 + u8::from(is_writable));
        self.pages.extend(pages.map(|page| (page, is_writable)));
        Ok(())
    }

    /// Forgets all pages and what was in them.
    ///
    /// # Errors
    /// [`HarnessError::Memory`] if the system refuses.
    pub fn clear(&mut self) -> Result<(), HarnessError> {
        for (page, is_writable) in std::mem::take(&mut self.pages) {
            self.rights[page as usize] = 0;
            let pointer = self.page_pointer(page);
            if is_writable || !self.is_protected {
                // SAFETY: a page of our own reservation, writable, to which no reference exists.
                unsafe { pointer.write_bytes(0, PAGE_LEN) };
            } else {
                // SAFETY: a page of our own reservation, to which no reference exists.
                let result = unsafe { libc::madvise(pointer.cast(), PAGE_LEN, libc::MADV_DONTNEED) };
                if result != 0 {
                    return Err(HarnessError::memory("madvise"));
                }
            }
            self.protect(page, libc::PROT_NONE)?;
        }
        Ok(())
    }

    /// The mapped pages by number, with their contents.
    pub fn pages(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.pages.keys().map(|&page| {
            // SAFETY: the page is mapped and readable, and borrowed as long as the slice.
            (page, unsafe { std::slice::from_raw_parts(self.page_pointer(page), PAGE_LEN) })
        })
    }

    /// Writes octets into one mapped page, whatever its rights.
    ///
    /// # Errors
    /// [`HarnessError::Memory`] if the system refuses.
    ///
    /// # Panics
    /// If the page is not mapped, or the octets reach past its end.
    pub fn poke(&mut self, address: u32, octets: &[u8]) -> Result<(), HarnessError> {
        let page = address / PAGE_SIZE_BYTES;
        let offset = address as usize % PAGE_LEN;
        let is_writable = self.pages[&page];
        assert!(offset + octets.len() <= PAGE_LEN);
        if !is_writable {
            self.protect(page, libc::PROT_READ | libc::PROT_WRITE)?;
        }
        // SAFETY: a page of our own reservation, writable; the octets fit, and do not overlap it.
        unsafe {
            ptr::copy_nonoverlapping(octets.as_ptr(), self.page_pointer(page).add(offset), octets.len())
        };
        if is_writable { Ok(()) } else { self.protect(page, libc::PROT_READ) }
    }

    fn protect(&mut self, page: u32, protection: i32) -> Result<(), HarnessError> {
        self.protect_pages(self.page_pointer(page), 1, protection)
    }

    fn protect_pages(
        &mut self,
        start: *mut u8,
        page_count: usize,
        protection: i32,
    ) -> Result<(), HarnessError> {
        if !self.is_protected {
            return Ok(());
        }
        // SAFETY: pages of our own reservation, to which no reference exists.
        match unsafe { libc::mprotect(start.cast(), page_count * PAGE_LEN, protection) } {
            0 => Ok(()),
            _ => Err(HarnessError::memory("mprotect")),
        }
    }

    fn page_pointer(&self, page: u32) -> *mut u8 {
        assert!(page < PAGE_COUNT);
        // SAFETY: inside the reservation.
        unsafe { self.base.add(page as usize * PAGE_LEN) }
    }

    /// The place of an access, if all of it has this right (1 readable, 2 writable).
    #[inline(always)]
    fn place(&self, address: u32, len: u32, right: u8) -> Result<*mut u8, Miss> {
        let last = address.checked_add(len - 1).ok_or(Miss)?;
        let allowed = |address: u32| self.rights[(address / PAGE_SIZE_BYTES) as usize] >= right;
        if !allowed(address) || !allowed(last) {
            return Err(Miss);
        }
        // SAFETY: inside the reservation.
        Ok(unsafe { self.base.add(address as usize) })
    }

    #[inline(always)]
    fn load<T: Copy>(&self, address: u32) -> Result<T, Miss> {
        let place = self.place(address, size_of::<T>() as u32, 1)?;
        // SAFETY: the octets are mapped and readable, any octets are a value of the integers this is used
        // for, and no reference to them exists while `self` is borrowed.
        Ok(unsafe { place.cast::<T>().read_unaligned() })
    }

    #[inline(always)]
    fn store<T>(&mut self, address: u32, value: T) -> Result<(), Miss> {
        let place = self.place(address, size_of::<T>() as u32, 2)?;
        // SAFETY: the octets are mapped and writable, and `&mut self` says that nothing else refers to them.
        unsafe { place.cast::<T>().write_unaligned(value) };
        Ok(())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: our own mapping, to which nothing refers any more.
        unsafe { libc::munmap(self.base.sub(PAGE_LEN).cast(), RESERVED_LEN) };
    }
}

impl Memory for Window {
    #[inline(always)]
    fn load_u8(&mut self, address: u32, _: &mut Meter) -> Result<u8, Miss> {
        self.load(address)
    }

    #[inline(always)]
    fn load_u16(&mut self, address: u32, _: &mut Meter) -> Result<u16, Miss> {
        self.load(address)
    }

    #[inline(always)]
    fn load_u32(&mut self, address: u32, _: &mut Meter) -> Result<u32, Miss> {
        self.load(address)
    }

    #[inline(always)]
    fn load_u64(&mut self, address: u32, _: &mut Meter) -> Result<u64, Miss> {
        self.load(address)
    }

    #[inline(always)]
    fn store_u8(&mut self, address: u32, value: u8, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, value)
    }

    #[inline(always)]
    fn store_u16(&mut self, address: u32, value: u16, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, value)
    }

    #[inline(always)]
    fn store_u32(&mut self, address: u32, value: u32, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, value)
    }

    #[inline(always)]
    fn store_u64(&mut self, address: u32, value: u64, _: &mut Meter) -> Result<(), Miss> {
        self.store(address, value)
    }

    fn is_mapped(&self, page: u32, kind: AccessKind) -> bool {
        let right = if kind == AccessKind::Store { 2 } else { 1 };
        self.rights[page as usize] >= right
    }
}
