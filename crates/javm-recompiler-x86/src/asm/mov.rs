//! Moves between registers, constants, extensions, addresses.

use super::encoding::{Encoding, Op};
use super::operand::Width::{W32, W64};
use super::{Asm, Condition, Gpr, Mem, Width};

impl Asm {
    /// `mov d, s`
    #[inline(always)]
    pub fn mov(&mut self, width: Width, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::one(0x89).of_width(width), s as u8, d));
    }

    /// `mov d, s`, 64 bits, unless they are the same.
    #[inline(always)]
    pub fn copy(&mut self, d: Gpr, s: Gpr) {
        self.put_if(d != s, Encoding::registers(Op::one(0x89).of_width(W64), s as u8, d));
    }

    /// `mov d, imm32`, the upper half zero.
    #[inline(always)]
    pub fn mov_imm_u32(&mut self, d: Gpr, value: u32) {
        self.put(Encoding::number_in_opcode(Width::W32, 0xB8, d).imm32(value as i32));
    }

    /// `mov d, imm32` and `jmp target`, a position in the code already written that the short form reaches; `d` is
    /// one of the first eight registers.
    #[inline(always)]
    pub fn mov_imm_u32_and_jump(&mut self, d: Gpr, value: u32, target: u32) {
        let distance = target.wrapping_sub(self.position() + 7);
        let octets =
            u64::from(0xB8 | d.low()) | u64::from(value) << 8 | 0xEB << 40 | u64::from(distance) << 56 >> 8;
        self.put(Encoding { head: octets, head_len_bytes: 7, ..Encoding::EMPTY });
    }

    /// `mov d, simm32`, 64 bits.
    #[inline(always)]
    pub fn mov_imm_i32(&mut self, d: Gpr, value: i32) {
        self.put(Encoding::registers(Op::one(0xC7).of_width(W64), 0, d).imm32(value));
    }

    /// `movabs d, imm64`
    #[inline(always)]
    pub fn mov_imm_u64(&mut self, d: Gpr, value: u64) {
        self.put(Encoding::number_in_opcode(Width::W64, 0xB8, d).imm64(value));
    }

    /// `movsxd d, d` after an operation on 32 bits: sign-extends its result.
    #[inline(always)]
    pub fn extend(&mut self, width: Width, d: Gpr) {
        self.put_if(width == W32, Encoding::registers(Op::one(0x63).of_width(W64), d as u8, d));
    }

    /// `movsxd d, s`
    #[inline(always)]
    pub fn movsxd(&mut self, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::one(0x63).of_width(W64), d as u8, s));
    }

    /// `movsx d, s8`
    #[inline(always)]
    pub fn movsx8(&mut self, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xBE).of_width(W64), d as u8, s));
    }

    /// `movsx d, s16`
    #[inline(always)]
    pub fn movsx16(&mut self, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xBF).of_width(W64), d as u8, s));
    }

    /// `movzx d, s8`
    #[inline(always)]
    pub fn movzx8(&mut self, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xB6), d as u8, s));
    }

    /// `movzx d, s16`
    #[inline(always)]
    pub fn movzx16(&mut self, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xB7), d as u8, s));
    }

    /// `lea d, [mem]`
    #[inline(always)]
    pub fn lea(&mut self, width: Width, d: Gpr, mem: Mem) {
        self.put(Encoding::memory(Op::one(0x8D).of_width(width), d as u8, mem));
    }

    /// `lea d, [rip + ...]` of a place not known yet; gives the end of the distance for patching.
    #[inline(always)]
    pub fn lea_relative(&mut self, d: Gpr) -> u32 {
        self.put(Encoding::EMPTY.octet(0x48 | d.high() << 2).octet(0x8D).octet(d.low() << 3 | 5).imm32(0));
        self.position()
    }

    /// `cmovcc d, s`
    #[inline(always)]
    pub fn cmov(&mut self, width: Width, condition: Condition, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0x40 | condition as u8).of_width(width), d as u8, s));
    }

    /// `nop`s of so many octets together, as few as there can be.
    pub fn nops(&mut self, len_bytes: u32) {
        const NOP: Encoding = Encoding::EMPTY;
        for start in (0..len_bytes).step_by(8) {
            let head = |mode: u8| NOP.octet(0x0F).octet(0x1F).octet(mode);
            self.put(match (len_bytes - start).min(8) {
                1 => NOP.octet(0x90),
                2 => NOP.octet(0x66).octet(0x90),
                3 => head(0x00),
                4 => head(0x40).imm8(0),
                5 => head(0x44).octet(0).imm8(0),
                6 => NOP.octet(0x66).octet(0x0F).octet(0x1F).octet(0x44).octet(0).imm8(0),
                7 => head(0x80).imm32(0),
                _ => head(0x84).octet(0).imm32(0),
            });
        }
    }

    /// `setcc d8`
    #[inline(always)]
    pub fn set(&mut self, condition: Condition, d: Gpr) {
        self.put(Encoding::registers(Op::two(0x90 | condition as u8), 0, d));
    }
}
