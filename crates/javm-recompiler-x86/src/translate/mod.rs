//! From instructions of a program to machine code: one file an instruction family.

mod bits;
mod compare;
mod control;
mod divide;
mod dynamic;
mod instruction;
mod logic;
mod memory;
mod moves;
mod multiply;
mod paths;
mod prologue;
mod shifts;
mod sums;

use alloc::{vec, vec::Vec};

use javm_isa::{BranchTargets, Program};

use crate::asm::{Asm, Gpr, Width};
use crate::features::Features;
use paths::{ForwardJump, RarePath};
use prologue::Prologue;

/// In [`Translator::heads`]: no block has been begun there yet.
const NO_HEAD: u32 = u32::MAX;

/// A translation in the making.
pub(crate) struct Translator {
    asm: Asm,
    features: Features,
    prologue: Prologue,
    targets: BranchTargets,
    /// How many jump-table entries there are if they have a size.
    sized_entry_count: u32,
    /// For each position of the program where the code of the block that starts there begins, charge
    /// included.
    heads: Vec<u32>,
    forward_jumps: Vec<ForwardJump>,
    rare_paths: Vec<RarePath>,
}

impl Translator {
    /// With the prologue written.
    pub fn new(
        program: &Program,
        features: Features,
        targets: BranchTargets,
        capacity_bytes: usize,
    ) -> Translator {
        let is_sized = program.jump_table_entry_len_bytes() != 0;
        let entry_count = program.jump_table_entry_count();
        let mut translator = Translator {
            asm: Asm::with_capacity(capacity_bytes),
            features,
            prologue: Prologue::default(),
            targets,
            sized_entry_count: if is_sized { entry_count as u32 } else { 0 },
            heads: vec![NO_HEAD; program.code().len()],
            forward_jumps: Vec::new(),
            rare_paths: Vec::new(),
        };
        translator.write_prologue(if is_sized { 0 } else { entry_count });
        translator
    }

    /// The position in the machine code of what comes next.
    pub fn position(&self) -> u32 {
        self.asm.position()
    }

    /// The machine code.
    pub fn finish(self) -> Vec<u8> {
        self.asm.finish()
    }

    /// Sign-extends a 32-bit result; a 64-bit one is ready.
    #[inline(always)]
    fn extend(&mut self, width: Width, d: Gpr) {
        if width == Width::W32 {
            self.asm.movsxd(d, d);
        }
    }

    /// `d` = `s`, unless they are the same.
    #[inline(always)]
    fn copy(&mut self, d: Gpr, s: Gpr) {
        if d != s {
            self.asm.mov(Width::W64, d, s);
        }
    }
}
