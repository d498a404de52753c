//! The one pass over a program.

use alloc::{vec, vec::Vec};

use javm_isa::{OpcodeTable, Program, Steps};

use crate::compiled::CompiledCode;
use crate::error::CompileError;
use crate::features::Features;
use crate::registers::RegisterMap;
use crate::translate::Translator;

/// The most machine code that one instruction takes, rare paths and the charge for a block included. An
/// implicit trap (at the end of the code and after too many argument octets) counts as an instruction.
pub const MAX_INSTRUCTION_LEN_BYTES: u32 = 192;

/// The most machine code that is not an instruction's.
pub const MAX_PROLOGUE_LEN_BYTES: u32 = 1024;

/// The longest jump table whose entries have a size: so that no index reaches the halting address.
pub const MAX_JUMP_TABLE_ENTRIES: u64 = 1 << 28;

/// The most machine code of the instructions in 64 positions, and of an implicit trap between them.
const MAX_WORD_LEN_BYTES: u32 = (u64::BITS + 1) * MAX_INSTRUCTION_LEN_BYTES;

/// Octets of machine code to expect for one of program code: room made ahead, no bound.
const EXPECTED_EXPANSION: usize = 3;

/// Translates `program`. It need not be valid: what is not an instruction becomes a trap.
///
/// Takes time and memory linear in the length of the program's blob: while it runs, an octet for each four of
/// code, up to 30 an instruction, and up to three times the result.
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
    let mut compiled = compile_in(Vec::new(), program, table, features, code_bytes_max)?;
    compiled.code.shrink_to_fit();
    Ok(compiled)
}

/// The same, in the memory of `memory`, whatever that holds: [`CompiledCode::take_code`] gives it back. Who compiles one
/// program after another spares the system from giving memory and taking it, which costs more than a tenth of the time.
///
/// # Errors
/// As [`compile_within`].
pub fn compile_in(
    mut memory: Vec<u8>,
    program: &Program,
    table: OpcodeTable,
    features: Features,
    code_bytes_max: usize,
) -> Result<CompiledCode, CompileError> {
    let sized_entry_count = sized_entry_count(program)?;
    let instruction_count = count_instructions(program)?;
    let expected = (program.code().len() * EXPECTED_EXPANSION).min(code_bytes_max);
    if memory.capacity() < expected {
        memory.clear();
        memory.reserve_exact(expected);
    }
    let translator = Translator::new(program, table, features, (instruction_count, memory));
    let start = translator.position();
    let checked = Checked { len_bytes: translator.len_bytes(), count: 0 };
    let mut pass = Pass { translator, code_bytes_max, checked };
    pass.blocks(program.steps(table), program.is_instruction_start(0) || program.code().is_empty())?;
    pass.check(program.code_len_bytes())?;
    let mut translator = pass.translator;
    let end = translator.position();
    translator.finish_paths();
    if !translator.is_whole() {
        let len_bytes = translator.position() - end;
        return Err(CompileError::ExpansionBound { position: program.code_len_bytes(), len_bytes });
    }
    let jump_table = jump_table(program, &translator, sized_entry_count);
    let (code, positions) = translator.finish(end);
    Ok(CompiledCode {
        code,
        jump_table,
        positions,
        body: (start, end),
        register_map: RegisterMap::of(features),
    })
}

/// A pass under way.
struct Pass<'a> {
    translator: Translator<'a>,
    code_bytes_max: usize,
    checked: Checked,
}

/// Up to where the bounds have been checked.
#[derive(Clone, Copy)]
struct Checked {
    len_bytes: u32,
    count: usize,
}

impl<'a> Pass<'a> {
    /// Translates block after block. Is the first one charged for?
    fn blocks(&mut self, mut steps: Steps<'a>, is_first_charged: bool) -> Result<(), CompileError> {
        let Some(mut step) = steps.next() else { return Ok(()) };
        let (mut is_charged, mut is_on_a_line) = (is_first_charged, false);
        loop {
            let (first, second) = (step, steps.clone());
            let (checked, mark) = (self.checked, self.translator.mark());
            self.reach(first.position)?;
            let start = self.translator.begin_block(first.position, is_on_a_line, is_charged);
            // The first instruction's code begins with the charge.
            let (count_before, mut offset, mut has_charge) =
                (self.translator.positions.count(), start, is_charged);
            loop {
                self.translator.positions.push(offset, has_charge);
                self.translator.instruction(&step);
                if step.ends_block() {
                    break;
                }
                let Some(next) = steps.next() else { return Ok(()) };
                step = next;
                self.reach(step.position)?;
                (offset, has_charge) = (self.translator.position(), false);
            }
            let count = (self.translator.positions.count() - count_before) as u32;
            if is_charged
                && !is_on_a_line
                && self.translator.is_loop_off_a_line((first.position, start), count)
            {
                // It is written again, now on a line.
                (step, steps, self.checked, is_on_a_line) = (first, second, checked, true);
                self.translator.rewind(&mark);
                continue;
            }
            self.translator.end_block(&step, start, count, is_charged, &mark);
            // Only a terminator is gone on from.
            (is_charged, is_on_a_line) = (step.is_defined(), false);
            let Some(next) = steps.next() else { return Ok(()) };
            step = next;
        }
    }

    /// Before the instruction at `pc`.
    #[inline(always)]
    fn reach(&mut self, pc: u32) -> Result<(), CompileError> {
        if pc >= self.translator.positions.word_end() {
            self.check(pc)?;
            self.translator.begin_word(pc, MAX_WORD_LEN_BYTES);
        }
        Ok(())
    }

    /// Checks the bounds up to the instruction at `pc`.
    #[inline(never)]
    fn check(&mut self, pc: u32) -> Result<(), CompileError> {
        let code_bytes_max = self.code_bytes_max;
        let now =
            Checked { len_bytes: self.translator.len_bytes(), count: self.translator.positions.count() };
        if now.len_bytes as usize > code_bytes_max {
            return Err(CompileError::TooLong { code_bytes_max });
        }
        let len_bytes = now.len_bytes - self.checked.len_bytes;
        if !self.translator.is_whole()
            || len_bytes as usize > (now.count - self.checked.count) * MAX_INSTRUCTION_LEN_BYTES as usize
        {
            return Err(CompileError::ExpansionBound { position: pc, len_bytes });
        }
        self.checked = now;
        Ok(())
    }
}

fn count_instructions(program: &Program) -> Result<usize, CompileError> {
    let end = program.code_len_bytes();
    let starts = program.instruction_count() as usize;
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
