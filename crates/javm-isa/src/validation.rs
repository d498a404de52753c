//! What a program must satisfy to be loaded (PVM.md §13).

use crate::{MAX_SKIP, OpcodeTable, Program};

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
        let is_undefined = table.undefined();
        let mut last = 0;
        for index in 0..=self.code_len_bytes() / 64 {
            let mut starts = self.starts_word(index);
            while starts != 0 {
                let position = index * 64 + starts.trailing_zeros();
                starts &= starts - 1;
                gap(last, position)?;
                let octet = self.code().get(position as usize).copied().unwrap_or_default();
                if is_undefined[usize::from(octet)] {
                    return Err(ValidationError::UndefinedOpcode { position, octet });
                }
                last = position;
            }
        }
        gap(last, self.code_len_bytes())
    }
}

/// Does stepping from the instruction at `position` lead to `next`, the next one or the end?
#[inline(always)]
fn gap(position: u32, next: u32) -> Result<(), ValidationError> {
    const MAX_STEP: u32 = 1 + MAX_SKIP as u32;
    if next - position > MAX_STEP {
        return Err(ValidationError::NoInstruction { position: position + MAX_STEP });
    }
    Ok(())
}
