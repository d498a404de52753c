//! Compiled code in executable memory.

use std::ptr;

use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::{CompiledCode, Features, compile};

use crate::HarnessError;

/// Compiled code that can be run: written once, then readable and executable only.
#[derive(Debug)]
pub struct LoadedCode {
    compiled: CompiledCode,
    program: Program,
    table: OpcodeTable,
    start: *mut u8,
    /// With absolute addresses.
    jump_table: Vec<u64>,
}

impl LoadedCode {
    /// Compiles `program` and makes it executable.
    ///
    /// # Errors
    /// [`HarnessError::Compile`], or [`HarnessError::Memory`] if the system refuses.
    pub fn new(
        program: &Program,
        table: OpcodeTable,
        features: Features,
    ) -> Result<LoadedCode, HarnessError> {
        let compiled = compile(program, table, features)?;
        let len = compiled.code().len();
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping, wherever the system likes.
        let mapped = unsafe { libc::mmap(ptr::null_mut(), len, access, flags, -1, 0) };
        if mapped == libc::MAP_FAILED {
            return Err(HarnessError::memory("mmap"));
        }
        let start = mapped.cast::<u8>();
        // SAFETY: the mapping is as long as the code, writable and new.
        unsafe { ptr::copy_nonoverlapping(compiled.code().as_ptr(), start, len) };
        // SAFETY: our own mapping, to which no reference exists.
        if unsafe { libc::mprotect(mapped, len, libc::PROT_READ | libc::PROT_EXEC) } != 0 {
            return Err(HarnessError::memory("mprotect"));
        }
        let jump_table = compiled.jump_table().iter().map(|&offset| start as u64 + u64::from(offset));
        Ok(LoadedCode { jump_table: jump_table.collect(), compiled, program: program.clone(), table, start })
    }

    /// What was compiled.
    pub fn compiled(&self) -> &CompiledCode {
        &self.compiled
    }

    /// What it was compiled from.
    pub fn program(&self) -> (&Program, OpcodeTable) {
        (&self.program, self.table)
    }

    /// Where the code lies.
    pub fn address(&self) -> u64 {
        self.start as u64
    }

    /// Where the jump table lies.
    pub(crate) fn jump_table_address(&self) -> u64 {
        self.jump_table.as_ptr() as u64
    }
}

impl Drop for LoadedCode {
    fn drop(&mut self) {
        // SAFETY: our own mapping, and nothing runs it: running borrows it.
        unsafe { libc::munmap(self.start.cast(), self.compiled.code().len()) };
    }
}
