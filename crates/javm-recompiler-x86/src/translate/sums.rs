//! Sums and differences.

use crate::asm::Width::W64;
use crate::asm::{Alu, Gpr, Mem, Width};

use super::Translator;

impl Translator<'_> {
    #[inline(always)]
    pub(super) fn add(&mut self, width: Width, d: Gpr, a: Gpr, b: Gpr) {
        if d == a {
            self.asm.alu(Alu::Add, width, d, b);
        } else if d == b {
            self.asm.alu(Alu::Add, width, d, a);
        } else if b != Gpr::Rsp {
            self.asm.lea(width, d, Mem::indexed(a, b));
        } else if a != Gpr::Rsp {
            self.asm.lea(width, d, Mem::indexed(b, a));
        } else {
            self.copy(d, a);
            self.asm.alu(Alu::Add, width, d, b);
        }
        self.extend(width, d);
    }

    #[inline(always)]
    pub(super) fn add_imm(&mut self, width: Width, d: Gpr, b: Gpr, x: i32) {
        if d == b {
            if x != 0 {
                self.asm.alu_imm(Alu::Add, width, d, x);
            }
        } else if x == 0 {
            self.asm.mov(width, d, b);
        } else {
            self.asm.lea(width, d, Mem::at(b, x));
        }
        self.extend(width, d);
    }

    #[inline(always)]
    pub(super) fn sub(&mut self, width: Width, d: Gpr, a: Gpr, b: Gpr) {
        if d == b && d != a {
            self.asm.neg(width, d);
            self.asm.alu(Alu::Add, width, d, a);
        } else {
            self.copy(d, a);
            self.asm.alu(Alu::Sub, width, d, b);
        }
        self.extend(width, d);
    }

    /// `d` = `x` − `b`.
    pub(super) fn neg_add_imm(&mut self, width: Width, d: Gpr, b: Gpr, x: i32) {
        self.copy(d, b);
        self.asm.neg(width, d);
        if x != 0 {
            self.asm.alu_imm(Alu::Add, width, d, x);
        }
        self.extend(width, d);
    }

    /// Sets the flags by `a` compared with `x`.
    #[inline(always)]
    pub(super) fn compare_imm(&mut self, a: Gpr, x: i32) {
        if x == 0 {
            self.asm.test(W64, a, a);
        } else {
            self.asm.alu_imm(Alu::Cmp, W64, a, x);
        }
    }
}
