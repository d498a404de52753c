//! Comparisons whose result is a value.

use crate::asm::Width::{W32, W64};
use crate::asm::{Alu, Condition, Gpr};
use crate::registers::SCRATCH;

use super::Translator;

impl Translator<'_> {
    /// `d` = 1 if `a` compares so with `b`, else 0.
    #[inline(always)]
    pub(super) fn set(&mut self, condition: Condition, d: Gpr, a: Gpr, b: Gpr) {
        let is_separate = d != a && d != b;
        self.set_by(condition, d, is_separate, |translator| translator.asm.alu(Alu::Cmp, W64, a, b));
    }

    /// `d` = 1 if `b` compares so with `x`, else 0.
    #[inline(always)]
    pub(super) fn set_imm(&mut self, condition: Condition, d: Gpr, b: Gpr, x: i32) {
        self.set_by(condition, d, d != b, |translator| translator.compare_imm(b, x));
    }

    #[inline(always)]
    fn set_by(&mut self, condition: Condition, d: Gpr, is_separate: bool, compare: impl FnOnce(&mut Self)) {
        if is_separate {
            self.asm.alu(Alu::Xor, W32, d, d);
            compare(self);
            self.asm.set(condition, d);
        } else {
            compare(self);
            self.asm.set(condition, SCRATCH);
            self.asm.movzx8(d, SCRATCH);
        }
    }

    /// `d` = `a` or `b`: the other one if they compare so.
    pub(super) fn pick(&mut self, other_if: Condition, d: Gpr, a: Gpr, b: Gpr) {
        // Which is first does not matter, only that it is in the destination.
        let (first, second) = if d == b { (b, a) } else { (a, b) };
        self.copy(d, first);
        self.asm.alu(Alu::Cmp, W64, d, second);
        self.asm.cmov(W64, other_if, d, second);
    }
}
