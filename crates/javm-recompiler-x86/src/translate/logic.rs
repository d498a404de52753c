//! Bitwise logic.

use crate::asm::Width::{W32, W64};
use crate::asm::{Alu, Gpr};
use crate::registers::SCRATCH;

use super::Translator;

impl Translator<'_> {
    /// `and`, `or` or `xor`.
    #[inline(always)]
    pub(super) fn logic(&mut self, op: Alu, d: Gpr, a: Gpr, b: Gpr) {
        // Which is first does not matter, only that it is in the destination.
        let (first, second) = if d == b { (b, a) } else { (a, b) };
        self.copy(d, first);
        self.asm.alu(op, W64, d, second);
    }

    #[inline(always)]
    pub(super) fn logic_imm(&mut self, op: Alu, d: Gpr, b: Gpr, x: i32) {
        // What `and` leaves of the upper half is nothing if the immediate is not negative.
        let width = if op == Alu::And && x >= 0 { W32 } else { W64 };
        if d != b {
            self.asm.mov(width, d, b);
        }
        self.asm.alu_imm(op, width, d, x);
    }

    /// `d` = `a` & !`b`.
    pub(super) fn and_inv(&mut self, d: Gpr, a: Gpr, b: Gpr) {
        if self.features.bmi1 {
            self.asm.andn(d, b, a);
        } else {
            self.inverted(Alu::And, d, a, b);
        }
    }

    /// `d` = `a` | !`b`.
    pub(super) fn or_inv(&mut self, d: Gpr, a: Gpr, b: Gpr) {
        self.inverted(Alu::Or, d, a, b);
    }

    fn inverted(&mut self, op: Alu, d: Gpr, a: Gpr, b: Gpr) {
        self.asm.mov(W64, SCRATCH, b);
        self.asm.not(W64, SCRATCH);
        self.copy(d, a);
        self.asm.alu(op, W64, d, SCRATCH);
    }

    /// `d` = !(`a` ^ `b`).
    pub(super) fn xnor(&mut self, d: Gpr, a: Gpr, b: Gpr) {
        self.logic(Alu::Xor, d, a, b);
        self.asm.not(W64, d);
    }
}
