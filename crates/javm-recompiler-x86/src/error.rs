//! What can go wrong.

/// Why a program was not compiled. The interpreter runs it all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CompileError {
    /// The machine code might be longer than 32-bit distances reach.
    #[error("{instruction_count} instructions might not fit 2^31 octets of machine code")]
    TooManyInstructions {
        /// How many.
        instruction_count: u64,
    },
    /// The jump table is longer than [`MAX_JUMP_TABLE_ENTRIES`](crate::MAX_JUMP_TABLE_ENTRIES).
    #[error("a jump table of {entry_count} entries is too long")]
    JumpTableTooLong {
        /// How many entries it has.
        entry_count: u64,
    },
    /// The machine code would take more room than it was given.
    #[error("the machine code takes more than the {code_bytes_max} octets it may")]
    TooLong {
        /// What it may take.
        code_bytes_max: usize,
    },
    /// Instructions took more machine code, all in all, than
    /// [`MAX_INSTRUCTION_LEN_BYTES`](crate::MAX_INSTRUCTION_LEN_BYTES) each: a bug of this crate.
    #[error(
        "up to {position} some instructions took {len_bytes} octets of machine code, more than the bound"
    )]
    ExpansionBound {
        /// Where the first instruction after them is; there are at most 64 of them. At the program's end it may be what
        /// comes behind all instructions that found no room.
        position: u32,
        /// How many octets they took.
        len_bytes: u32,
    },
}

/// A context holds what no compiled code writes: whatever shares the context with the code is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{exit_kind} is no kind of exit")]
pub struct CorruptContext {
    /// The kind it names.
    pub exit_kind: u64,
}
