//! Stores, of registers and of immediates.

use super::encoding::{Encoding, Op};
use super::operand::Width::{W32, W64};
use super::{Asm, Gpr, Mem};

/// The prefix that makes an operation one of 16 bits.
const OPERAND_16: u8 = 0x66;

impl Asm {
    /// `mov byte [mem], s`
    #[inline(always)]
    pub fn store8(&mut self, mem: Mem, s: Gpr) {
        self.put(Encoding::memory(W32, Op::one(0x88), s as u8, mem));
    }

    /// `mov word [mem], s`
    #[inline(always)]
    pub fn store16(&mut self, mem: Mem, s: Gpr) {
        self.put(Encoding::memory(W32, Op::one(0x89).prefixed(OPERAND_16), s as u8, mem));
    }

    /// `mov dword [mem], s`
    #[inline(always)]
    pub fn store32(&mut self, mem: Mem, s: Gpr) {
        self.put(Encoding::memory(W32, Op::one(0x89), s as u8, mem));
    }

    /// `mov qword [mem], s`
    #[inline(always)]
    pub fn store64(&mut self, mem: Mem, s: Gpr) {
        self.put(Encoding::memory(W64, Op::one(0x89), s as u8, mem));
    }

    /// `mov byte [mem], imm8`
    #[inline(always)]
    pub fn store8_imm(&mut self, mem: Mem, value: u8) {
        self.put(Encoding::memory(W32, Op::one(0xC6), 0, mem).imm8(value));
    }

    /// `mov word [mem], imm16`
    #[inline(always)]
    pub fn store16_imm(&mut self, mem: Mem, value: i16) {
        self.put(Encoding::memory(W32, Op::one(0xC7).prefixed(OPERAND_16), 0, mem).imm16(value));
    }

    /// `mov dword [mem], imm32`
    #[inline(always)]
    pub fn store32_imm(&mut self, mem: Mem, value: i32) {
        self.put(Encoding::memory(W32, Op::one(0xC7), 0, mem).imm32(value));
    }

    /// `mov qword [mem], simm32`
    #[inline(always)]
    pub fn store64_imm(&mut self, mem: Mem, value: i32) {
        self.put(Encoding::memory(W64, Op::one(0xC7), 0, mem).imm32(value));
    }
}
