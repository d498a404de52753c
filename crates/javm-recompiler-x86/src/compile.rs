//! The one pass over a program.

use alloc::{vec, vec::Vec};
use core::ops::ControlFlow;

use javm_isa::{OpcodeTable, Program, Step, Steps};

use crate::compiled::CompiledCode;
use crate::error::CompileError;
use crate::features::Features;
use crate::translate::{MAX_SHORT_CHARGE, Translator};

/// The most machine code that one instruction takes, rare paths and the charge for a block included. An
/// implicit trap (at the end of the code and after too many argument octets) counts as an instruction.
pub const MAX_INSTRUCTION_LEN_BYTES: u32 = 192;

/// The most machine code that is not an instruction's.
pub const MAX_PROLOGUE_LEN_BYTES: u32 = 1024;

/// The longest jump table whose entries have a size: so that no index reaches the halting address.
pub const MAX_JUMP_TABLE_ENTRIES: u64 = 1 << 28;

/// Octets of machine code to expect for one of program code: room made ahead, no bound.
const EXPECTED_EXPANSION: usize = 3;

/// The longest loop that is put at the start of a line if it does not fit what is left of one.
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
    let translator = Translator::new(program, table, features, (instruction_count, capacity));
    let start = translator.position();
    let prologue_len_bytes = translator.len_bytes();
    let checked = Checked { len_bytes: prologue_len_bytes, count: 0 };
    let mut pass = Pass { translator, code_bytes_max, checked };
    let mut steps = program.steps(table);
    let mut is_charged = program.is_instruction_start(0) || program.code().is_empty();
    while let Some(step) = steps.next() {
        is_charged = pass.block(&mut steps, step, is_charged)?;
    }
    pass.check(program.code_len_bytes())?;
    let mut translator = pass.translator;
    let end = translator.position();
    translator.finish_paths();
    let jump_table = jump_table(program, &translator, sized_entry_count);
    let (code, positions) = translator.finish(end);
    Ok(CompiledCode { code, jump_table, positions, body: (start, end) })
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

/// How a block is to be written. What decides it is known at its end: it may be written a second time.
#[derive(Clone, Copy, Default)]
struct Shape {
    /// Does the charge take four octets, instead of one?
    is_long: bool,
    /// Does a line begin with it?
    is_on_a_line: bool,
}

impl<'a> Pass<'a> {
    /// Translates the block that begins with `first`. Is the block after it charged for by falling into it?
    #[inline(always)]
    fn block(
        &mut self,
        steps: &mut Steps<'a>,
        first: Step<'a>,
        is_charged: bool,
    ) -> Result<bool, CompileError> {
        let (second, checked, mark) = (steps.clone(), self.checked, self.translator.mark());
        let mut shape = Shape::default();
        loop {
            match self.try_block(steps, first, is_charged, shape)? {
                ControlFlow::Break(goes_on) => return Ok(goes_on),
                ControlFlow::Continue(better) => shape = better,
            }
            (*steps, self.checked) = (second.clone(), checked);
            self.translator.rewind(&mark);
        }
    }

    /// The same in this shape: gives the answer, or the shape to try instead.
    #[inline(never)]
    fn try_block(
        &mut self,
        steps: &mut Steps<'a>,
        first: Step<'a>,
        is_charged: bool,
        shape: Shape,
    ) -> Result<ControlFlow<bool, Shape>, CompileError> {
        self.reach(first.position)?;
        if shape.is_on_a_line {
            self.translator.begin_line();
        }
        let start = self.translator.position();
        if is_charged {
            self.translator.start_block(first.position, shape.is_long);
        }
        let count_max = if is_charged && !shape.is_long { MAX_SHORT_CHARGE } else { u32::MAX };
        let mut ahead = steps.clone();
        let mut step = first;
        // The first instruction's code begins with the charge.
        let (mut offset, mut has_charge) = (start, is_charged);
        let mut count = 0;
        loop {
            if !step.is_defined() {
                self.translator.positions.mark_trap(step.position);
            }
            self.translator.positions.push(offset, has_charge);
            self.translator.instruction(&step);
            count += 1;
            if step.ends_block() {
                break;
            }
            if count > count_max {
                return Ok(ControlFlow::Continue(Shape { is_long: true, ..shape }));
            }
            let Some(next) = ahead.next() else { break };
            step = next;
            self.reach(step.position)?;
            (offset, has_charge) = (self.translator.position(), false);
        }
        *steps = ahead;
        self.translator.positions.end_block(count as usize);
        if is_charged {
            if !shape.is_on_a_line
                && count <= MAX_LINE_INSTRUCTION_COUNT
                && self.translator.is_loop_off_a_line(first.position, start)
            {
                return Ok(ControlFlow::Continue(Shape { is_on_a_line: true, ..shape }));
            }
            self.translator.charge(start, count, shape.is_long);
        }
        Ok(ControlFlow::Break(step.is_defined()))
    }

    /// Before the instruction at `pc`.
    #[inline(always)]
    fn reach(&mut self, pc: u32) -> Result<(), CompileError> {
        if pc >= self.translator.positions.word_end() {
            self.check(pc)?;
            self.translator.begin_word(pc);
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
        if len_bytes as usize > (now.count - self.checked.count) * MAX_INSTRUCTION_LEN_BYTES as usize {
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
