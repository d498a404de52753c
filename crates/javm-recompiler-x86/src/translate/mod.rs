//! From instructions of a program to machine code: one file an instruction family.

mod bits;
mod compare;
mod control;
mod divide;
mod dynamic;
mod forms;
mod instruction;
mod logic;
mod memory;
mod moves;
mod multiply;
mod pairs;
mod paths;
mod prologue;
mod recipe;
mod shifts;
mod sums;

use alloc::vec::Vec;

use javm_isa::{OpcodeTable, Program};

use crate::asm::{Asm, Gpr, Width};
use crate::compile::MAX_PROLOGUE_LEN_BYTES;
use crate::features::Features;
use crate::positions::{Positions, PositionsBuilder};
use crate::registers::{RegisterMap, Registers};
pub(crate) use control::CHARGE_LEN_BYTES;
use forms::{Forms, forms};
use pairs::{Second, SecondEntry};
use paths::{ForwardJump, RarePath};
use prologue::Prologue;
use recipe::{Recipes, recipes};

/// A translation in the making.
pub(crate) struct Translator<'a> {
    program: &'a Program,
    table: OpcodeTable,
    recipes: &'static Recipes,
    forms: &'static Forms,
    asm: Asm,
    features: Features,
    registers: &'static Registers,
    prologue: Prologue,
    /// How many jump-table entries there are if they have a size.
    sized_entry_count: u32,
    /// Where the instructions so far are.
    pub positions: PositionsBuilder,
    /// Where the last jump back in this block leads.
    last_target_back: u32,
    forward_jumps: Vec<ForwardJump>,
    rare_paths: Vec<RarePath>,
    second_entries: Vec<SecondEntry>,
    /// The second of the pair under way.
    second: Second,
    /// How many of the paths charge for a block.
    rare_charge_count: u32,
}

impl<'a> Translator<'a> {
    /// With the prologue written, room for so many instructions, and memory for the machine code.
    pub fn new(
        program: &'a Program,
        table: OpcodeTable,
        features: Features,
        (instruction_count, memory): (usize, Vec<u8>),
    ) -> Translator<'a> {
        let is_sized = program.jump_table_entry_len_bytes() != 0;
        let entry_count = program.jump_table_entry_count();
        let mut translator = Translator {
            program,
            table,
            recipes: recipes(table),
            forms: forms(features.bmi2),
            asm: Asm::in_memory_of(memory),
            features,
            registers: RegisterMap::of(features).registers(),
            prologue: Prologue::default(),
            sized_entry_count: if is_sized { entry_count as u32 } else { 0 },
            positions: PositionsBuilder::new(program, instruction_count),
            last_target_back: u32::MAX,
            forward_jumps: Vec::new(),
            rare_paths: Vec::new(),
            second_entries: Vec::new(),
            second: Second::NONE,
            rare_charge_count: 0,
        };
        // Entries without a size are all 0, which may be no block.
        let leads_to_first_block = !is_sized && program.opcode_at(0, table).is_some();
        translator.asm.reserve(MAX_PROLOGUE_LEN_BYTES);
        translator.write_prologue(if leads_to_first_block { entry_count } else { 0 });
        translator
    }

    /// The position in the machine code of what comes next.
    #[inline(always)]
    pub fn position(&self) -> u32 {
        self.asm.position()
    }

    /// The next instruction, at `pc`, is the first of its word, whose code will be no longer than this.
    pub fn begin_word(&mut self, pc: u32, len_bytes_max: u32) {
        self.asm.reserve(len_bytes_max);
        self.positions.begin_word(self.program, pc, self.asm.position());
    }

    /// Was there room for all code so far?
    pub fn is_whole(&self) -> bool {
        self.asm.is_whole()
    }

    /// The machine code, and where the instructions are in it, whose code ends at `end`.
    pub fn finish(self, end: u32) -> (Vec<u8>, Positions) {
        (self.asm.finish(), self.positions.finish(end))
    }

    /// Sign-extends a 32-bit result; a 64-bit one is ready.
    #[inline(always)]
    fn extend(&mut self, width: Width, d: Gpr) {
        self.asm.extend(width, d);
    }

    /// `d` = `s`, unless they are the same.
    #[inline(always)]
    fn copy(&mut self, d: Gpr, s: Gpr) {
        self.asm.copy(d, s);
    }
}
