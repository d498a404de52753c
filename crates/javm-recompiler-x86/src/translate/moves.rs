//! Constants, copies and conditional copies.

use crate::asm::Width::{W32, W64};
use crate::asm::{Alu, Condition, Gpr};
use crate::registers::SCRATCH;

use super::Translator;

impl Translator<'_> {
    /// `d` = `value`, in the shortest way. Changes the flags.
    #[inline(always)]
    pub(super) fn load_imm(&mut self, d: Gpr, value: u64) {
        if value == 0 {
            self.asm.alu(Alu::Xor, W32, d, d);
        } else if let Ok(value) = u32::try_from(value) {
            self.asm.mov_imm_u32(d, value);
        } else if let Ok(value) = i32::try_from(value as i64) {
            self.asm.mov_imm_i32(d, value);
        } else {
            self.asm.mov_imm_u64(d, value);
        }
    }

    #[inline(always)]
    pub(super) fn move_reg(&mut self, d: Gpr, a: Gpr) {
        self.copy(d, a);
    }

    /// `d` = `a` if `b` compares so with zero.
    pub(super) fn cmov(&mut self, condition: Condition, d: Gpr, a: Gpr, b: Gpr) {
        self.asm.test(W64, b, b);
        self.asm.cmov(W64, condition, d, a);
    }

    /// `d` = `x` if `b` compares so with zero.
    pub(super) fn cmov_imm(&mut self, condition: Condition, d: Gpr, b: Gpr, x: u64) {
        self.load_imm(SCRATCH, x);
        self.cmov(condition, d, SCRATCH, b);
    }
}
