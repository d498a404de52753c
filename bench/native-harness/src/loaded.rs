//! Compiled code in executable memory.

use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::{CompiledCode, Features, compile};

use crate::HarnessError;
use crate::arena::CodeMemory;

/// Compiled code that can be run: at its address only readable and executable.
#[derive(Debug)]
pub struct LoadedCode {
    compiled: CompiledCode,
    program: Program,
    table: OpcodeTable,
    /// `None` when it has been given back.
    memory: Option<CodeMemory>,
    start: u64,
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
        let compiled = compile(&program, table, features)?;
        let memory = CodeMemory::with(compiled.code())?;
        let start = memory.address();
        let jump_table = compiled.jump_table().iter().map(|&offset| start + u64::from(offset)).collect();
        Ok(LoadedCode { jump_table, compiled, program, table, memory: Some(memory), start })
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
        self.start
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
