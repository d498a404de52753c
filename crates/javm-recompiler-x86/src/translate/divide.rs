//! Quotients and remainders. The processor faults on division by zero and on the least number by −1, so
//! neither gets there.

use crate::asm::Width::{W32, W64};
use crate::asm::{Alu, Condition, Gpr, Width};
use crate::registers::{SCRATCH, UPPER};

use super::Translator;

/// Which result of a division is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Quotient,
    Remainder,
}

impl Translator<'_> {
    /// `d` = `a` divided by `b`. The dividend takes rax and rdx; rax is kept in rcx meanwhile, and the result
    /// waits in rdx.
    pub(super) fn divide(&mut self, width: Width, is_signed: bool, part: Part, d: Gpr, a: Gpr, b: Gpr) {
        if d != Gpr::Rax || b == Gpr::Rax {
            self.asm.mov(W64, SCRATCH, Gpr::Rax);
        }
        let divisor = if b == Gpr::Rax { SCRATCH } else { b };
        self.copy(Gpr::Rax, a);
        self.asm.test(width, divisor, divisor);
        let by_zero = self.asm.jump_if_short(Condition::Equal);
        let by_minus_one = is_signed.then(|| self.by_minus_one(width, part, divisor));
        self.by_others(width, is_signed, part, divisor);
        let done = self.asm.jump_short();
        self.asm.patch_short(by_zero);
        self.by_zero(width, part);
        self.asm.patch_short(done);
        by_minus_one.into_iter().for_each(|done| self.asm.patch_short(done));
        if d != Gpr::Rax {
            self.asm.mov(W64, Gpr::Rax, SCRATCH);
        }
        self.asm.mov(W64, d, UPPER);
    }

    /// Of anything by −1 the quotient is its negation, modulo the width, and the remainder 0. Gives the end
    /// of a jump to where the result is ready; by anything else this is passed over.
    fn by_minus_one(&mut self, width: Width, part: Part, divisor: Gpr) -> u32 {
        self.asm.alu_imm(Alu::Cmp, width, divisor, -1);
        let otherwise = self.asm.jump_if_short(Condition::NotEqual);
        match part {
            Part::Quotient => {
                self.asm.neg(width, Gpr::Rax);
                self.take(width, Gpr::Rax);
            }
            Part::Remainder => self.asm.alu(Alu::Xor, W32, UPPER, UPPER),
        }
        let done = self.asm.jump_short();
        self.asm.patch_short(otherwise);
        done
    }

    /// What the processor divides.
    fn by_others(&mut self, width: Width, is_signed: bool, part: Part, divisor: Gpr) {
        if is_signed {
            self.asm.sign_to_rdx(width);
            self.asm.idiv(width, divisor);
        } else {
            self.asm.alu(Alu::Xor, W32, UPPER, UPPER);
            self.asm.div(width, divisor);
        }
        self.take(width, if part == Part::Quotient { Gpr::Rax } else { UPPER });
    }

    /// Of anything by 0 the quotient is all ones, and the remainder is the dividend.
    fn by_zero(&mut self, width: Width, part: Part) {
        match part {
            Part::Quotient => self.asm.mov_imm_i32(UPPER, -1),
            Part::Remainder => self.take(width, Gpr::Rax),
        }
    }

    /// rdx = a result, sign-extended.
    fn take(&mut self, width: Width, result: Gpr) {
        match width {
            W32 => self.asm.movsxd(UPPER, result),
            W64 => self.copy(UPPER, result),
        }
    }
}
