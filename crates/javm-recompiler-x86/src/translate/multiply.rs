//! Products.

use crate::asm::Width::W64;
use crate::asm::{Alu, Gpr, Load, Shift, Width};
use crate::context::Field;
use crate::registers::SCRATCH;

use super::Translator;

/// How the factors of a whole product are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signs {
    SignedSigned,
    UnsignedUnsigned,
    SignedUnsigned,
}

impl Translator {
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

    /// `d` = the upper half of `a` × `b`.
    pub(super) fn mul_upper(&mut self, signs: Signs, d: Gpr, a: Gpr, b: Gpr) {
        if signs == Signs::UnsignedUnsigned && self.features.bmi2 {
            return self.mul_upper_bmi2(d, a, b);
        }
        let negative_part = Field::Scratch(2).mem();
        if signs == Signs::SignedUnsigned {
            // Reading a negative a as unsigned adds 2^64 to it, and so b to the upper half.
            self.asm.mov(W64, SCRATCH, a);
            self.asm.shift_imm(Shift::Sar, W64, SCRATCH, 63);
            self.asm.alu(Alu::And, W64, SCRATCH, b);
            self.asm.store64(negative_part, SCRATCH);
        }
        self.asm.mov(W64, SCRATCH, b);
        self.free_rax_rdx(d);
        self.copy(Gpr::Rax, a);
        match signs {
            Signs::SignedSigned => self.asm.imul_wide(SCRATCH),
            Signs::UnsignedUnsigned | Signs::SignedUnsigned => self.asm.mul_wide(SCRATCH),
        }
        if signs == Signs::SignedUnsigned {
            self.asm.alu_load(Alu::Sub, W64, Gpr::Rdx, negative_part);
        }
        self.asm.mov(W64, SCRATCH, Gpr::Rdx);
        self.restore_rax_rdx(d);
        self.asm.mov(W64, d, SCRATCH);
    }

    /// The unsigned product by an instruction that takes a factor from rdx and puts the rest where it is told.
    fn mul_upper_bmi2(&mut self, d: Gpr, a: Gpr, b: Gpr) {
        let kept = Field::Scratch(1).mem();
        let (a, b) = if b == Gpr::Rdx { (b, a) } else { (a, b) };
        let is_rdx_lost = a != Gpr::Rdx && d != Gpr::Rdx;
        if is_rdx_lost {
            self.asm.store64(kept, Gpr::Rdx);
        }
        self.copy(Gpr::Rdx, a);
        self.asm.mulx(d, SCRATCH, b);
        if is_rdx_lost {
            self.asm.load(Load::U64, Gpr::Rdx, kept);
        }
    }

    /// Keeps what rax and rdx hold, unless the result will overwrite it.
    pub(super) fn free_rax_rdx(&mut self, d: Gpr) {
        for (index, gpr) in (0..).zip([Gpr::Rax, Gpr::Rdx]) {
            if d != gpr {
                self.asm.store64(Field::Scratch(index).mem(), gpr);
            }
        }
    }

    /// Gives rax and rdx back what they held.
    pub(super) fn restore_rax_rdx(&mut self, d: Gpr) {
        for (index, gpr) in (0..).zip([Gpr::Rax, Gpr::Rdx]) {
            if d != gpr {
                self.asm.load(Load::U64, gpr, Field::Scratch(index).mem());
            }
        }
    }
}
