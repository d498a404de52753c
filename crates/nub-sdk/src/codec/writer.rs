//! Where octets go: the stack for few of them, the heap for many.

use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::slice;

use crate::host;

/// The most octets of a value that are put on the stack; more need a heap.
pub const STACK_BYTES: usize = 256;

/// Takes octets, up to a number fixed beforehand.
pub struct Writer<'a> {
    out: &'a mut [MaybeUninit<u8>],
    written: usize,
}

impl<'a> Writer<'a> {
    /// Writes to `out`, from its beginning.
    #[inline]
    pub fn new(out: &'a mut [MaybeUninit<u8>]) -> Self {
        Self { out, written: 0 }
    }

    /// Appends octets. Those that do not fit end the program: an [`Encode`](super::Encode) that lies about its size.
    #[inline]
    pub fn put(&mut self, octets: &[u8]) {
        match self.out.get_mut(self.written..).and_then(|rest| rest.get_mut(..octets.len())) {
            // SAFETY: both ranges have this length; one is borrowed exclusively, so they do not overlap.
            Some(free) => unsafe {
                free.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(octets.as_ptr(), octets.len());
            },
            None => host::stop(),
        }
        self.written += octets.len();
    }

    /// Appends a number below 2³⁰ in SCALE's compact form.
    #[inline]
    pub fn compact(&mut self, number: usize) {
        match number {
            0..0x40 => self.put(&[(number << 2) as u8]),
            0x40..0x4000 => self.put(&((number << 2) as u16 | 1).to_le_bytes()),
            0x4000..0x4000_0000 => self.put(&((number << 2) as u32 | 2).to_le_bytes()),
            _ => host::stop(),
        }
    }

    /// What was written.
    #[inline]
    pub fn written(&self) -> &[u8] {
        // SAFETY: `put` has initialised the first `written` octets of `out`, and kept within it.
        unsafe { slice::from_raw_parts(self.out.as_ptr().cast(), self.written) }
    }
}

/// Hands `then` what `write` writes, `len_bytes` octets at most.
#[inline]
pub fn with_written<R>(
    len_bytes: usize,
    write: impl FnOnce(&mut Writer<'_>),
    then: impl FnOnce(&[u8]) -> R,
) -> R {
    with_uninit(len_bytes, |octets| {
        let mut writer = Writer::new(octets);
        write(&mut writer);
        then(writer.written())
    })
}

/// Hands `then` the octets that `read` read into room for `len_bytes`, and what it answered: how many octets there
/// are, of which as many as fit are written, or above 2³² a code, and then none are.
///
/// # Safety
/// `read` initialises the first min(its answer, `len_bytes`) octets, if its answer is below 2³².
#[inline]
pub unsafe fn with_read<R>(
    len_bytes: usize,
    read: impl FnOnce(&mut [MaybeUninit<u8>]) -> u64,
    then: impl FnOnce(&[u8], u64) -> R,
) -> R {
    with_uninit(len_bytes, |room| {
        let answer = read(room);
        let read_bytes = if answer <= u64::from(u32::MAX) { room.len().min(answer as usize) } else { 0 };
        // SAFETY: the caller's condition; the length is within `room`.
        let octets = unsafe { slice::from_raw_parts(room.as_ptr().cast(), read_bytes) };
        then(octets, answer)
    })
}

#[inline]
fn with_uninit<R>(len_bytes: usize, then: impl FnOnce(&mut [MaybeUninit<u8>]) -> R) -> R {
    if len_bytes <= STACK_BYTES {
        let mut room = [MaybeUninit::uninit(); STACK_BYTES];
        then(&mut room[..len_bytes])
    } else {
        let mut room = Vec::with_capacity(len_bytes);
        // A Vec may have room for more.
        then(&mut room.spare_capacity_mut()[..len_bytes])
    }
}

/// The number of octets of a number below 2³⁰ in compact form.
#[inline]
pub(super) const fn compact_bytes(number: usize) -> usize {
    match number {
        0..0x40 => 1,
        0x40..0x4000 => 2,
        _ => 4,
    }
}
