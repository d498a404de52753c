//! Bits of one register: counts, extensions, order of octets.

use crate::asm::Width::{W32, W64};
use crate::asm::{Alu, Condition, Gpr, Shift, Width};
use crate::registers::SCRATCH;

use super::Translator;

impl Translator<'_> {
    pub(super) fn count_set_bits(&mut self, width: Width, d: Gpr, a: Gpr) {
        if self.features.popcnt {
            self.asm.popcnt(width, d, a);
        } else {
            self.count_set_bits_by_halves(width, d, a);
        }
    }

    /// Sums of neighbours: of bits, of pairs, of nibbles; then of octets, by a product.
    fn count_set_bits_by_halves(&mut self, width: Width, d: Gpr, a: Gpr) {
        let [bits, pairs, nibbles, octets] = [0, 1, 2, 3].map(|index| self.constant(index));
        self.asm.mov(width, SCRATCH, a);
        self.asm.mov(width, d, SCRATCH);
        self.asm.shift_imm(Shift::Shr, W64, d, 1);
        self.asm.and_constant(d, bits);
        self.asm.alu(Alu::Sub, W64, SCRATCH, d);
        self.asm.mov(W64, d, SCRATCH);
        self.asm.shift_imm(Shift::Shr, W64, SCRATCH, 2);
        self.asm.and_constant(d, pairs);
        self.asm.and_constant(SCRATCH, pairs);
        self.asm.alu(Alu::Add, W64, d, SCRATCH);
        self.asm.mov(W64, SCRATCH, d);
        self.asm.shift_imm(Shift::Shr, W64, SCRATCH, 4);
        self.asm.alu(Alu::Add, W64, d, SCRATCH);
        self.asm.and_constant(d, nibbles);
        self.asm.imul_constant(d, octets);
        self.asm.shift_imm(Shift::Shr, W64, d, 56);
    }

    pub(super) fn leading_zero_bits(&mut self, width: Width, d: Gpr, a: Gpr) {
        if self.features.lzcnt {
            return self.asm.lzcnt(width, d, a);
        }
        // The highest bit's index is the width − 1 − the zeros; that of no bit, so as to give the width.
        let (top, none) = if width == W64 { (63, 127) } else { (31, 63) };
        self.asm.bsr(width, SCRATCH, a);
        self.asm.mov_imm_u32(d, none);
        self.asm.cmov(W32, Condition::NotEqual, d, SCRATCH);
        self.asm.alu_imm(Alu::Xor, W32, d, top);
    }

    pub(super) fn trailing_zero_bits(&mut self, width: Width, d: Gpr, a: Gpr) {
        if self.features.tzcnt {
            return self.asm.tzcnt(width, d, a);
        }
        self.asm.bsf(width, SCRATCH, a);
        self.asm.mov_imm_u32(d, if width == W64 { 64 } else { 32 });
        self.asm.cmov(W32, Condition::NotEqual, d, SCRATCH);
    }

    pub(super) fn reverse_bytes(&mut self, d: Gpr, a: Gpr) {
        self.copy(d, a);
        self.asm.bswap(d);
    }
}
