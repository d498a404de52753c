//! Shifts and rotations.

use super::encoding::{Encoding, Op};
use super::{Asm, Gpr, Width};

/// A shift or rotation, by its number in opcodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Shift {
    /// Rotate left.
    Rol = 0,
    /// Rotate right.
    Ror = 1,
    /// Shift left.
    Shl = 4,
    /// Shift right, filling with zeros.
    Shr = 5,
    /// Shift right, filling with the sign.
    Sar = 7,
}

impl Shift {
    /// All of them.
    #[cfg(test)]
    pub const ALL: [Shift; 5] = [Self::Rol, Self::Ror, Self::Shl, Self::Shr, Self::Sar];
}

impl Asm {
    /// `op d, cl`: the count is taken modulo the width.
    #[inline(always)]
    pub fn shift_cl(&mut self, shift: Shift, width: Width, d: Gpr) {
        self.put(Encoding::registers(Op::one(0xD3).of_width(width), shift as u8, d));
    }

    /// `op d, imm8`, unless it is 0.
    #[inline(always)]
    pub fn shift_imm(&mut self, shift: Shift, width: Width, d: Gpr, count: u8) {
        self.put_if(
            count != 0,
            Encoding::registers(Op::one(0xC1).of_width(width), shift as u8, d).imm8(count),
        );
    }
}
