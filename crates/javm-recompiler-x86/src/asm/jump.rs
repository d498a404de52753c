//! Jumps. Those to places not known yet give the end of their distance, for patching.

use super::encoding::{Encoding, Op};
use super::{Asm, Condition, Mem};

impl Asm {
    /// `jcc target`, a position in the code already written: the short form if it reaches.
    #[inline(always)]
    pub fn jump_if(&mut self, condition: Condition, target: u32) {
        let near = Encoding::EMPTY.octet(0x0F).octet(0x80 | condition as u8);
        self.jump_back(Encoding::EMPTY.octet(0x70 | condition as u8), near, target);
    }

    /// `jmp target`, a position in the code already written: the short form if it reaches.
    #[inline(always)]
    pub fn jump(&mut self, target: u32) {
        self.jump_back(Encoding::EMPTY.octet(0xEB), Encoding::EMPTY.octet(0xE9), target);
    }

    #[inline(always)]
    fn jump_back(&mut self, short: Encoding, near: Encoding, target: u32) {
        let distance = i64::from(target) - i64::from(self.position()) - 2;
        let encoding = match i8::try_from(distance) {
            Ok(distance) => short.imm8(distance as u8),
            Err(_) => self.relative(near, target),
        };
        self.put(encoding);
    }

    /// `jcc` with a 32-bit distance to be patched.
    #[inline(always)]
    pub fn jump_if_forward(&mut self, condition: Condition) -> u32 {
        self.put(Encoding::EMPTY.octet(0x0F).octet(0x80 | condition as u8).imm32(0));
        self.position()
    }

    /// `jmp` with a 32-bit distance to be patched.
    #[inline(always)]
    pub fn jump_forward(&mut self) -> u32 {
        self.put(Encoding::EMPTY.octet(0xE9).imm32(0));
        self.position()
    }

    /// `jcc` with an 8-bit distance to be patched.
    #[inline(always)]
    pub fn jump_if_short(&mut self, condition: Condition) -> u32 {
        self.put(Encoding::EMPTY.octet(0x70 | condition as u8).imm8(0));
        self.position()
    }

    /// `jmp` with an 8-bit distance to be patched.
    #[inline(always)]
    pub fn jump_short(&mut self) -> u32 {
        self.put(Encoding::EMPTY.octet(0xEB).imm8(0));
        self.position()
    }

    /// `jmp qword [mem]`
    #[inline(always)]
    pub fn jump_indirect(&mut self, mem: Mem) {
        self.put(Encoding::memory(Op::one(0xFF), 4, mem));
    }
}
