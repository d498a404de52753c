//! Shifts and rotations. Counts are taken modulo the width, by the processor too.

use crate::asm::Width::{W32, W64};
use crate::asm::{Gpr, Shift, Width};
use crate::registers::SCRATCH;

use super::Translator;

impl Translator<'_> {
    /// `d` = `a` shifted by `b`.
    pub(super) fn shift(&mut self, shift: Shift, width: Width, d: Gpr, a: Gpr, b: Gpr) {
        if self.features.bmi2 && !matches!(shift, Shift::Rol | Shift::Ror) {
            self.asm.shift_by(shift, width, d, a, b);
        } else {
            // The count first: d may be b.
            self.asm.mov(W32, SCRATCH, b);
            self.copy(d, a);
            self.asm.shift_cl(shift, width, d);
        }
        self.extend(width, d);
    }

    /// `d` = `b` shifted by `x`.
    #[inline(always)]
    pub(super) fn shift_imm(&mut self, shift: Shift, width: Width, d: Gpr, b: Gpr, x: i32) {
        let mask = if width == W64 { 63 } else { 31 };
        let count = x as u8 & mask;
        if self.features.bmi2 && shift == Shift::Ror && d != b {
            self.asm.rorx(width, d, b, count);
        } else {
            self.copy(d, b);
            self.asm.shift_imm(shift, width, d, count);
        }
        self.extend(width, d);
    }

    /// `d` = `x` shifted by `b`.
    pub(super) fn shift_imm_alt(&mut self, shift: Shift, width: Width, d: Gpr, b: Gpr, x: u64) {
        self.asm.mov(W32, SCRATCH, b);
        self.load_imm(d, x);
        self.asm.shift_cl(shift, width, d);
        self.extend(width, d);
    }
}
