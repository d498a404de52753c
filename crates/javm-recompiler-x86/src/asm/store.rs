//! Stores of immediates.

use super::encoding::{Encoding, Op};
use super::operand::Width::W64;
use super::{Asm, Mem};

/// The prefix that makes an operation one of 16 bits.
const OPERAND_16: u8 = 0x66;

impl Asm {
    /// `mov byte [mem], imm8`
    pub fn store8_imm(&mut self, mem: Mem, value: u8) {
        self.put(Encoding::memory(Op::one(0xC6), 0, mem).imm8(value));
    }

    /// `mov word [mem], imm16`
    pub fn store16_imm(&mut self, mem: Mem, value: i16) {
        self.put(Encoding::memory(Op::one(0xC7).prefixed(OPERAND_16), 0, mem).imm16(value));
    }

    /// `mov dword [mem], imm32`
    pub fn store32_imm(&mut self, mem: Mem, value: i32) {
        self.put(Encoding::memory(Op::one(0xC7), 0, mem).imm32(value));
    }

    /// `mov qword [mem], simm32`
    pub fn store64_imm(&mut self, mem: Mem, value: i32) {
        self.put(Encoding::memory(Op::one(0xC7).of_width(W64), 0, mem).imm32(value));
    }
}
