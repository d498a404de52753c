//! The one pass over a program.

use alloc::{vec, vec::Vec};

use javm_isa::{BlockAhead, Opcode, OpcodeTable, Program};

use crate::compiled::CompiledCode;
use crate::error::CompileError;
use crate::features::Features;
use crate::positions::{Position, Positions};
use crate::translate::Translator;

/// The most machine code that one instruction takes, rare paths and the charge for a block included. An
/// implicit trap (at the end of the code and after too many argument octets) counts as an instruction.
pub const MAX_INSTRUCTION_LEN_BYTES: u32 = 192;

/// The most machine code that is not an instruction's.
pub const MAX_PROLOGUE_LEN_BYTES: u32 = 1024;

/// The longest jump table whose entries have a size: so that no index reaches the halting address.
pub const MAX_JUMP_TABLE_ENTRIES: u64 = 1 << 28;

/// Octets of machine code to expect for one of program code: room made ahead, no bound.
const EXPECTED_EXPANSION: usize = 3;

/// The longest loop that is kept on one line, see [`Translator::keep_on_a_line`].
const MAX_LINE_INSTRUCTION_COUNT: u32 = 10;

/// Translates `program`. It need not be valid: what is not an instruction becomes a trap.
///
/// Takes time and memory linear in the length of the program's blob: while it runs, an octet for each four of
/// code, up to 26 an instruction, and up to three times the result.
///
/// # Errors
/// [`CompileError`] for programs of more than 2^23 instructions, and for jump tables of more than
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
    let capacity = (program.code().len() * EXPECTED_EXPANSION).min(code_bytes_max);
    let mut translator = Translator::new(program, table, features, capacity);
    let start = translator.position();
    let mut positions = Positions::with_capacity(instruction_count);
    let mut steps = program.steps(table);
    // What the block still costs from the next step on; 0 where a block has ended.
    let mut cost = 0;
    let mut is_block_start = program.is_instruction_start(0) || program.code().is_empty();
    let mut len_bytes = translator.len_bytes();
    loop {
        if cost == 0 {
            let block = steps.block_ahead();
            cost = block.cost;
            if is_block_start && is_short_loop(program, table, &block) {
                translator.keep_on_a_line(cost);
            }
        }
        let Some(step) = steps.next() else { break };
        let pc = step.position;
        if is_block_start {
            translator.start_block(&step, cost);
        }
        positions.push(Position { pc, offset: translator.position(), cost });
        translator.instruction(&program.instruction(&step), pc);
        cost -= 1;
        is_block_start = step.opcode.is_some_and(Opcode::is_terminator);
        let before = core::mem::replace(&mut len_bytes, translator.len_bytes());
        if len_bytes as usize > code_bytes_max {
            return Err(CompileError::TooLong { code_bytes_max });
        }
        if len_bytes - before > MAX_INSTRUCTION_LEN_BYTES {
            return Err(CompileError::ExpansionBound { position: pc, len_bytes: len_bytes - before });
        }
    }
    let end = translator.position();
    translator.finish_paths();
    positions.shrink();
    let jump_table = jump_table(program, &translator, sized_entry_count);
    Ok(CompiledCode { code: translator.finish(), jump_table, positions, body: (start, end) })
}

/// Does the block, a short one, end with a branch to its own start?
fn is_short_loop(program: &Program, table: OpcodeTable, block: &BlockAhead) -> bool {
    if block.cost > MAX_LINE_INSTRUCTION_COUNT {
        return false;
    }
    program.instruction_at(block.last_position, table).target == Some(block.first_position)
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
        if let Some(head) = program.jump_table_entry(index).and_then(|target| translator.head(target)) {
            *entry = head;
        }
    }
    jump_table
}
