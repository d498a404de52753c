//! How the queues' code reaches the memory they share with the host.

use crate::arena::to_virtual;
use core::slice;
use core::sync::atomic::{AtomicU16, Ordering};
use hyperlight_common::layout::{SCRATCH_TOP_GPA, SCRATCH_TOP_GVA};
use hyperlight_common::virtq::{BufferLease, BufferMap, MemOps};

/// Queues name memory by its address in the linear map that Hyperlight made; from there to physical.
const HYPERLIGHT_LINEAR_OFFSET: u64 = SCRATCH_TOP_GVA as u64 - SCRATCH_TOP_GPA as u64;

/// The queues' name for a physical address.
pub const fn queue_address(physical: u64) -> u64 {
    physical + HYPERLIGHT_LINEAR_OFFSET
}

/// Scratch memory, where the queues and their buffers lie.
#[derive(Clone, Copy)]
pub struct QueueMemory {
    first: u64,
}

/// An address outside scratch memory.
#[derive(Debug)]
pub struct OutOfScratch;

impl QueueMemory {
    /// Scratch memory from a physical address up.
    pub fn new(scratch_start: u64) -> Self {
        Self { first: queue_address(scratch_start) }
    }

    fn pointer(self, address: u64, len: usize) -> Result<*mut u8, OutOfScratch> {
        let last =
            (address.checked_add(len as u64)).and_then(|end| end.checked_sub(1)).ok_or(OutOfScratch)?;
        if address < self.first || last > SCRATCH_TOP_GVA as u64 {
            return Err(OutOfScratch);
        }
        Ok(to_virtual(address - HYPERLIGHT_LINEAR_OFFSET))
    }

    fn flag(&self, address: u64) -> Result<&AtomicU16, OutOfScratch> {
        let pointer = self.pointer(address, size_of::<AtomicU16>())?;
        if !address.is_multiple_of(align_of::<AtomicU16>() as u64) {
            return Err(OutOfScratch);
        }
        // SAFETY: scratch memory is mapped for good, and the address is aligned.
        Ok(unsafe { &*pointer.cast::<AtomicU16>() })
    }
}

// SAFETY: every address is checked to lie in scratch memory, which is mapped and initialised for good; the
// host looks at it only while the guest does not run; ring flags are aligned atomics.
unsafe impl MemOps for QueueMemory {
    type Error = OutOfScratch;

    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), OutOfScratch> {
        let from = self.pointer(address, out.len())?;
        // SAFETY: in scratch memory by the check; `out` is heap or stack, never a queue's buffer.
        unsafe { from.copy_to_nonoverlapping(out.as_mut_ptr(), out.len()) };
        Ok(())
    }

    fn write(&self, address: u64, data: &[u8]) -> Result<(), OutOfScratch> {
        let to = self.pointer(address, data.len())?;
        // SAFETY: as for reads.
        unsafe { to.copy_from_nonoverlapping(data.as_ptr(), data.len()) };
        Ok(())
    }

    fn load_acquire(&self, address: u64) -> Result<u16, OutOfScratch> {
        Ok(self.flag(address)?.load(Ordering::Acquire))
    }

    fn store_release(&self, address: u64, value: u16) -> Result<(), OutOfScratch> {
        self.flag(address)?.store(value, Ordering::Release);
        Ok(())
    }

    unsafe fn as_slice(&self, address: u64, len: usize) -> Result<&[u8], OutOfScratch> {
        // SAFETY: in scratch memory by the check; the caller owns the buffer.
        Ok(unsafe { slice::from_raw_parts(self.pointer(address, len)?, len) })
    }

    unsafe fn as_mut_slice(&self, address: u64, len: usize) -> Result<&mut [u8], OutOfScratch> {
        // SAFETY: in scratch memory by the check; the caller owns the buffer, alone.
        Ok(unsafe { slice::from_raw_parts_mut(self.pointer(address, len)?, len) })
    }
}

/// A buffer the host has filled. It goes back to its pool when this is dropped.
pub struct Received {
    start: *const u8,
    len: usize,
    _lease: BufferLease,
}

// SAFETY: there is one thread.
unsafe impl Send for Received {}

impl AsRef<[u8]> for Received {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the lease keeps the buffer from being used for anything else.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }
}

impl BufferMap for QueueMemory {
    type Mapping = Received;

    unsafe fn map_buffer(&self, lease: BufferLease, written: usize) -> Result<Received, OutOfScratch> {
        let buffer = lease.allocation();
        let start = self.pointer(buffer.addr, (buffer.len as usize).max(1))?;
        Ok(Received { start, len: written, _lease: lease })
    }
}
