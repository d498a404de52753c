//! Compiled code in executable memory.

use std::cell::Cell;

use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::{CompiledCode, Features, compile_in};

use crate::HarnessError;
use crate::arena::CodeMemory;

thread_local! {
    /// Where the last code was made, for the next: compilers keep such memory, and so do the peers'.
    static KEPT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Compiled code that can be run: at its address only readable and executable.
#[derive(Debug)]
pub struct LoadedCode {
    compiled: CompiledCode,
    program: Program,
    table: OpcodeTable,
    /// `None` when it has been given back.
    memory: Option<CodeMemory>,
    start: u64,
    len_bytes: usize,
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
        LoadedCode::of(program.clone(), table, features)
    }

    /// The same, without a copy of the program.
    ///
    /// # Errors
    /// As [`LoadedCode::new`].
    pub fn of(program: Program, table: OpcodeTable, features: Features) -> Result<LoadedCode, HarnessError> {
        let kept = KEPT.with(Cell::take);
        let mut compiled = compile_in(kept, &program, table, features, usize::MAX)?;
        let memory = CodeMemory::with(compiled.code())?;
        let (start, len_bytes) = (memory.address(), compiled.code().len());
        KEPT.set(compiled.take_code());
        let jump_table = compiled.jump_table().iter().map(|&offset| start + u64::from(offset)).collect();
        Ok(LoadedCode { jump_table, compiled, program, table, memory: Some(memory), start, len_bytes })
    }

    /// What was compiled, but for the code.
    pub fn compiled(&self) -> &CompiledCode {
        &self.compiled
    }

    /// What it was compiled from.
    pub fn program(&self) -> (&Program, OpcodeTable) {
        (&self.program, self.table)
    }

    /// Where the code lies.
    pub fn address(&self) -> u64 {
        self.start
    }

    /// How long the code is.
    pub fn len_bytes(&self) -> usize {
        self.len_bytes
    }

    /// Where the jump table lies.
    pub(crate) fn jump_table_address(&self) -> u64 {
        self.jump_table.as_ptr() as u64
    }
}

impl Drop for LoadedCode {
    fn drop(&mut self) {
        // Nothing runs it: running borrows it.
        self.memory.take().into_iter().for_each(CodeMemory::keep);
    }
}
