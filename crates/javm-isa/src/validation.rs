//! What a program must satisfy to be loaded (PVM.md §13).

use crate::{OpcodeTable, Program};

/// Why a program may not be loaded. The program's author is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ValidationError {
    /// The program has no code.
    #[error("the program has no code")]
    EmptyCode,
    /// Stepping through the code reaches a position where the bitmask has no instruction: position 0,
    /// or one after more argument octets than an instruction can have.
    #[error("no instruction starts at position {position}")]
    NoInstruction {
        /// Where.
        position: u32,
    },
    /// The octet at an instruction's start is not an opcode.
    #[error("octet {octet} at position {position} is not an opcode")]
    UndefinedOpcode {
        /// Where.
        position: u32,
        /// The octet.
        octet: u8,
    },
}

impl Program {
    /// Checks that stepping from 0 meets an instruction with a defined opcode at every step and ends
    /// exactly at the end of the code.
    ///
    /// Code may run off its end (its last instruction need not be a terminator): the engine traps
    /// there, and the gas rule counts that trap. Static jumps may name bad targets: they panic when
    /// taken. Both are the Gray Paper's rules.
    ///
    /// # Errors
    /// The first thing wrong, in the order of positions.
    pub fn validate(&self, table: OpcodeTable) -> Result<(), ValidationError> {
        if self.code().is_empty() {
            return Err(ValidationError::EmptyCode);
        }
        if !self.is_instruction_start(0) {
            return Err(ValidationError::NoInstruction { position: 0 });
        }
        // From the first start on these are the positions met by stepping, up to the first that is wrong.
        for step in self.steps(table).filter(|step| !step.is_defined()) {
            let position = step.position;
            let Some(&octet) = self.code().get(position as usize) else { break };
            if self.is_instruction_start(position) {
                return Err(ValidationError::UndefinedOpcode { position, octet });
            }
            return Err(ValidationError::NoInstruction { position });
        }
        Ok(())
    }
}
