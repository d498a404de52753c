//! The one pass over a program.

use alloc::{vec, vec::Vec};

use javm_isa::{BranchTargets, GasBlocks, OpcodeTable, Program};

use crate::compiled::{CompiledCode, Position};
use crate::error::CompileError;
use crate::features::Features;
use crate::translate::Translator;

/// The most machine code that one instruction takes, rare paths and the charge for a block included. An
/// implicit trap (at the end of the code and after too many argument octets) counts as an instruction.
pub const MAX_INSTRUCTION_LEN_BYTES: u32 = 128;

/// The most machine code that is not an instruction's.
pub const MAX_PROLOGUE_LEN_BYTES: u32 = 1024;

/// The longest jump table whose entries have a size: so that no index reaches the halting address.
pub const MAX_JUMP_TABLE_ENTRIES: u64 = 1 << 28;

/// Octets of machine code to expect for one of program code: room made ahead, no bound.
const EXPECTED_EXPANSION: usize = 3;

/// Translates `program`. It need not be valid: what is not an instruction becomes a trap.
///
/// Takes time and memory linear in the length of the program's blob: while it runs, 9 octets for each of
/// code (the tables of `javm-isa` and the positions of blocks), up to 28 an instruction, and up to three
/// times the result.
///
/// # Errors
/// [`CompileError`] for programs of more than 2^24 instructions, and for jump tables of more than
/// [`MAX_JUMP_TABLE_ENTRIES`].
pub fn compile(
    program: &Program,
    table: OpcodeTable,
    features: Features,
) -> Result<CompiledCode, CompileError> {
    compile_within(program, table, features, usize::MAX)
}

/// The same, but gives up when the machine code takes more than `code_bytes_max` octets, and so more than three
/// times that in memory.
///
/// # Errors
/// As [`compile`], and [`CompileError::TooLong`].
pub fn compile_within(
    program: &Program,
    table: OpcodeTable,
    features: Features,
    code_bytes_max: usize,
) -> Result<CompiledCode, CompileError> {
    let sized_entry_count = sized_entry_count(program)?;
    let instruction_count = count_instructions(program)?;
    let gas_blocks = GasBlocks::new(program, table);
    let targets = BranchTargets::new(program, table);
    let capacity = (program.code().len() * EXPECTED_EXPANSION).min(code_bytes_max);
    let mut translator = Translator::new(program, features, targets, capacity);
    let start = translator.position();
    let mut positions = Vec::with_capacity(instruction_count);
    let mut emit = |translator: &mut Translator, pc: u32| {
        let before = translator.len_bytes();
        let cost = gas_blocks.cost_from(pc);
        if gas_blocks.is_start(pc) {
            translator.start_block(pc, cost);
        }
        positions.push(Position { pc, offset: translator.position(), cost });
        translator.instruction(&program.instruction_at(pc, table), pc);
        if translator.len_bytes() as usize > code_bytes_max {
            return Err(CompileError::TooLong { code_bytes_max });
        }
        match translator.len_bytes() - before {
            0..=MAX_INSTRUCTION_LEN_BYTES => Ok(()),
            len_bytes => Err(CompileError::ExpansionBound { position: pc, len_bytes }),
        }
    };
    for_each_instruction(program, |pc| emit(&mut translator, pc))?;
    let end = translator.position();
    translator.finish_paths();
    let jump_table = jump_table(program, &translator, sized_entry_count);
    Ok(CompiledCode { code: translator.finish(), jump_table, positions, body: (start, end) })
}

/// Every instruction start, and the implicit traps: wherever going on from an instruction leads to no
/// other. The last is a trap.
fn for_each_instruction<E>(program: &Program, mut visit: impl FnMut(u32) -> Result<(), E>) -> Result<(), E> {
    let end = program.code_len_bytes();
    let mut is_empty = true;
    for pc in program.instruction_starts() {
        is_empty = false;
        visit(pc)?;
        let next = program.next_position(pc);
        if !program.is_instruction_start(next) {
            visit(next)?;
        }
    }
    if is_empty {
        visit(end)?;
    }
    Ok(())
}

fn count_instructions(program: &Program) -> Result<usize, CompileError> {
    let end = program.code_len_bytes();
    let starts = program.instruction_starts().count();
    // Only after 25 octets without a start, and at the end, is there an implicit trap.
    let instruction_count = starts + end as usize / 25 + 1;
    let most = (i32::MAX as u32 - MAX_PROLOGUE_LEN_BYTES) / MAX_INSTRUCTION_LEN_BYTES;
    if instruction_count > most as usize {
        return Err(CompileError::TooManyInstructions { instruction_count: instruction_count as u64 });
    }
    Ok(instruction_count)
}

fn sized_entry_count(program: &Program) -> Result<u64, CompileError> {
    let entry_count = program.jump_table_entry_count();
    match program.jump_table_entry_len_bytes() {
        // All entries are 0: the rare path of dynamic jumps knows.
        0 => Ok(0),
        _ if entry_count > MAX_JUMP_TABLE_ENTRIES => Err(CompileError::JumpTableTooLong { entry_count }),
        _ => Ok(entry_count),
    }
}

/// By half the jump's address; so there is an entry for address 0, which panics.
fn jump_table(program: &Program, translator: &Translator, sized_entry_count: u64) -> Vec<u32> {
    let mut jump_table = vec![translator.panic_position(); sized_entry_count as usize + 1];
    for (index, entry) in (0..).zip(jump_table.iter_mut().skip(1)) {
        if let Some(head) = translator.jump_table_target(program, index) {
            *entry = head;
        }
    }
    jump_table
}
