//! Sums, differences, logic and comparisons.

use super::encoding::{Encoding, Op, is_short};
use super::{Asm, Gpr, Mem, Width};

/// The eight classic operations that are used, by their number in opcodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Alu {
    Add = 0,
    Or = 1,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

impl Alu {
    /// All of them.
    #[cfg(test)]
    pub const ALL: [Alu; 6] = [Self::Add, Self::Or, Self::And, Self::Sub, Self::Xor, Self::Cmp];
}

/// The opcode of an operation with an immediate of an octet or of four.
#[inline(always)]
fn with_imm(value: i32) -> Op {
    Op::one(0x81 | u8::from(is_short(value)) << 1)
}

impl Asm {
    /// `op d, s`
    #[inline(always)]
    pub fn alu(&mut self, op: Alu, width: Width, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::one((op as u8) << 3 | 1).of_width(width), s as u8, d));
    }

    /// `op d, imm`, the immediate sign-extended.
    #[inline(always)]
    pub fn alu_imm(&mut self, op: Alu, width: Width, d: Gpr, value: i32) {
        self.put(Encoding::registers(with_imm(value).of_width(width), op as u8, d).imm(value));
    }

    /// `op d, [mem]`
    #[inline(always)]
    pub fn alu_load(&mut self, op: Alu, width: Width, d: Gpr, mem: Mem) {
        self.put(Encoding::memory(Op::one((op as u8) << 3 | 3).of_width(width), d as u8, mem));
    }

    /// `test a, b`
    #[inline(always)]
    pub fn test(&mut self, width: Width, a: Gpr, b: Gpr) {
        self.put(Encoding::registers(Op::one(0x85).of_width(width), b as u8, a));
    }

    /// `not d`
    #[inline(always)]
    pub fn not(&mut self, width: Width, d: Gpr) {
        self.put(Encoding::registers(Op::one(0xF7).of_width(width), 2, d));
    }

    /// `neg d`
    #[inline(always)]
    pub fn neg(&mut self, width: Width, d: Gpr) {
        self.put(Encoding::registers(Op::one(0xF7).of_width(width), 3, d));
    }

    /// `sub d, imm8` and `jb`, both to be patched: the immediate behind the three octets of REX, opcode and ModRM, and
    /// the 32-bit distance, whose end this gives.
    #[inline(always)]
    pub fn charge(&mut self, d: Gpr) -> u32 {
        let head = Encoding::registers(Op::one(0x83).of_width(Width::W64), Alu::Sub as u8, d);
        self.put(Encoding { tail: 0x0082_0F00, tail_len_bytes: 7, has_tail: true, ..head });
        self.position()
    }

    /// `and d, [rip + target]`, 64 bits: the target is a position in the code already written.
    #[inline(always)]
    pub fn and_constant(&mut self, d: Gpr, target: u32) {
        let rex = Encoding::EMPTY.octet(0x48 | d.high() << 2).octet(0x23).octet(d.low() << 3 | 5);
        self.put(self.relative(rex, target));
    }

    /// Ends an encoding with the distance from its end to a position already written.
    #[inline(always)]
    pub(super) fn relative(&self, encoding: Encoding, target: u32) -> Encoding {
        let end = self.position().wrapping_add(encoding.len_bytes() + 4);
        encoding.imm32(target.wrapping_sub(end) as i32)
    }
}
