//! Executable memory, kept and given out anew.

use std::{ptr, sync::Mutex};

use crate::HarnessError;

/// Memory with two addresses: at one it can be written, at the other run. It is never both at one address.
#[derive(Debug)]
pub(crate) struct CodeMemory {
    writable: *mut u8,
    executable: *mut u8,
    len_bytes: usize,
}

// SAFETY: it is plain memory of this process, and whoever has the value is the only one to write it.
unsafe impl Send for CodeMemory {}

/// How many are kept that nobody uses.
const MAX_KEPT_COUNT: usize = 4;
/// The least that is asked of the system at once.
const MIN_LEN_BYTES: usize = 1 << 16;

static KEPT: Mutex<Vec<CodeMemory>> = Mutex::new(Vec::new());

impl CodeMemory {
    /// With these octets at its start: memory that was given back, or new.
    ///
    /// # Errors
    /// [`HarnessError::Memory`] if the system refuses.
    pub fn with(code: &[u8]) -> Result<CodeMemory, HarnessError> {
        let memory = match CodeMemory::kept(code.len()) {
            Some(memory) => memory,
            None => CodeMemory::new(code.len().next_power_of_two().max(MIN_LEN_BYTES))?,
        };
        // SAFETY: it is as long as the code, writable there, and nobody else's.
        unsafe { ptr::copy_nonoverlapping(code.as_ptr(), memory.writable, code.len()) };
        Ok(memory)
    }

    fn kept(len_bytes: usize) -> Option<CodeMemory> {
        let mut kept = KEPT.lock().ok()?;
        let index = kept.iter().position(|memory| memory.len_bytes >= len_bytes)?;
        Some(kept.swap_remove(index))
    }

    fn new(len_bytes: usize) -> Result<CodeMemory, HarnessError> {
        // SAFETY: the name ends with a zero.
        let file = unsafe { libc::memfd_create(c"code".as_ptr(), libc::MFD_CLOEXEC) };
        if file < 0 {
            return Err(HarnessError::memory("memfd_create"));
        }
        // SAFETY: our own file.
        let is_sized = unsafe { libc::ftruncate(file, len_bytes as libc::off_t) } == 0;
        let views = if is_sized { views(file, len_bytes) } else { Err(HarnessError::memory("ftruncate")) };
        // SAFETY: our own file, used no more: mappings keep what they need.
        unsafe { libc::close(file) };
        let (writable, executable) = views?;
        Ok(CodeMemory { writable, executable, len_bytes })
    }

    /// Where the code is to be run.
    pub fn address(&self) -> u64 {
        self.executable as u64
    }

    /// Gives it back, for others.
    pub fn keep(self) {
        if let Ok(mut kept) = KEPT.lock()
            && kept.len() < MAX_KEPT_COUNT
        {
            kept.push(self);
        }
    }
}

fn views(file: libc::c_int, len_bytes: usize) -> Result<(*mut u8, *mut u8), HarnessError> {
    let view = |protection| {
        // SAFETY: a new mapping, wherever the system likes, of a file that is as long.
        let start = unsafe { libc::mmap(ptr::null_mut(), len_bytes, protection, libc::MAP_SHARED, file, 0) };
        if start == libc::MAP_FAILED { Err(HarnessError::memory("mmap")) } else { Ok(start.cast::<u8>()) }
    };
    Ok((view(libc::PROT_READ | libc::PROT_WRITE)?, view(libc::PROT_READ | libc::PROT_EXEC)?))
}

impl Drop for CodeMemory {
    fn drop(&mut self) {
        for view in [self.writable, self.executable] {
            // SAFETY: our own mapping, which nobody uses any more.
            unsafe { libc::munmap(view.cast(), self.len_bytes) };
        }
    }
}
