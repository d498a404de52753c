//! Products.

use crate::asm::Width::W64;
use crate::asm::{Alu, Gpr, Shift, Width};
use crate::registers::{SCRATCH, UPPER};

use super::Translator;

/// How the factors of a whole product are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signs {
    SignedSigned,
    UnsignedUnsigned,
    SignedUnsigned,
}

impl Translator<'_> {
    #[inline(always)]
    pub(super) fn mul(&mut self, width: Width, d: Gpr, a: Gpr, b: Gpr) {
        if d == b {
            self.asm.imul(width, d, a);
        } else {
            self.copy(d, a);
            self.asm.imul(width, d, b);
        }
        self.extend(width, d);
    }

    pub(super) fn mul_imm(&mut self, width: Width, d: Gpr, b: Gpr, x: i32) {
        self.asm.imul_imm(width, d, b, x);
        self.extend(width, d);
    }

    /// `d` = the upper half of `a` × `b`. rdx is free for the product; rax is kept in rcx meanwhile.
    pub(super) fn mul_upper(&mut self, signs: Signs, d: Gpr, a: Gpr, b: Gpr) {
        match signs {
            Signs::SignedSigned => self.whole_product(true, a, b),
            Signs::UnsignedUnsigned if self.features.bmi2 => {
                self.asm.mov(W64, UPPER, a);
                return self.asm.mulx(d, SCRATCH, b);
            }
            Signs::UnsignedUnsigned => self.whole_product(false, a, b),
            Signs::SignedUnsigned => {
                self.whole_product(false, a, b);
                // Reading a negative a as unsigned added 2^64 to it, and so b to the upper half.
                self.asm.mov(W64, SCRATCH, a);
                self.asm.shift_imm(Shift::Sar, W64, SCRATCH, 63);
                self.asm.alu(Alu::And, W64, SCRATCH, b);
                self.asm.alu(Alu::Sub, W64, UPPER, SCRATCH);
            }
        }
        self.asm.mov(W64, d, UPPER);
    }

    /// rdx = the upper half of `a` × `b`; nothing else changes but rcx.
    fn whole_product(&mut self, is_signed: bool, a: Gpr, b: Gpr) {
        // The factor that is not in rax is the operand.
        let (a, b) = if b == Gpr::Rax { (b, a) } else { (a, b) };
        self.asm.mov(W64, SCRATCH, Gpr::Rax);
        self.copy(Gpr::Rax, a);
        if is_signed {
            self.asm.imul_wide(b);
        } else {
            self.asm.mul_wide(b);
        }
        self.asm.mov(W64, Gpr::Rax, SCRATCH);
    }
}
