//! Dynamic jumps.

use crate::asm::Width::{W32, W64};
use crate::asm::{Alu, Condition, Gpr, Mem, Shift};
use crate::context::Field;
use crate::registers::{SCRATCH, UPPER};

use super::Translator;

impl Translator<'_> {
    pub(super) fn jump_ind(&mut self, a: Gpr, x: i32, pc: u32) {
        self.reduce_address(a, x);
        self.dynamic_jump(pc);
    }

    pub(super) fn load_imm_jump_ind(&mut self, a: Gpr, b: Gpr, x: u64, y: i32, pc: u32) {
        // The address comes from the old value, also when a and b are the same register.
        self.reduce_address(b, y);
        self.load_imm(a, x);
        self.dynamic_jump(pc);
    }

    /// The scratch register = base + offset modulo 2^32.
    fn reduce_address(&mut self, base: Gpr, offset: i32) {
        if offset == 0 {
            self.asm.mov(W32, SCRATCH, base);
        } else {
            self.asm.lea(W32, SCRATCH, Mem::at(base, offset));
        }
    }

    /// Jumps by the address in the scratch register. Half of it is the index into a table that begins with
    /// an entry for address 0. Odd addresses get their low bit on top; with all others that are too high,
    /// the halting address among them, they take the rare path.
    fn dynamic_jump(&mut self, pc: u32) {
        self.asm.mov_imm_u32(UPPER, pc);
        self.asm.shift_imm(Shift::Ror, W32, SCRATCH, 1);
        self.asm.alu_imm(Alu::Cmp, W32, SCRATCH, self.sized_entry_count as i32);
        self.asm.jump_if(Condition::Above, self.prologue.rare_dynamic_jump);
        self.asm.shift_imm(Shift::Shl, W32, SCRATCH, 3);
        self.asm.alu_load(Alu::Add, W64, SCRATCH, Field::JumpTable.mem());
        self.asm.jump_indirect(Mem::at(SCRATCH, 0));
    }
}
