//! Products and quotients.

use super::encoding::{Encoding, Op, is_short};
use super::operand::Width::W64;
use super::{Asm, Gpr, Width};

impl Asm {
    /// `imul d, s`
    #[inline(always)]
    pub fn imul(&mut self, width: Width, d: Gpr, s: Gpr) {
        self.put(Encoding::registers(Op::two(0xAF).of_width(width), d as u8, s));
    }

    /// `imul d, s, imm`
    #[inline(always)]
    pub fn imul_imm(&mut self, width: Width, d: Gpr, s: Gpr, value: i32) {
        let op = Op::one(0x69 | u8::from(is_short(value)) << 1);
        self.put(Encoding::registers(op.of_width(width), d as u8, s).imm(value));
    }

    /// `imul d, [rip + target]`, 64 bits: the target is a position in the code already written.
    #[inline(always)]
    pub fn imul_constant(&mut self, d: Gpr, target: u32) {
        let head = Encoding::EMPTY.octet(0x48 | d.high() << 2).octet(0x0F).octet(0xAF);
        let encoding = self.relative(head.octet(d.low() << 3 | 5), target);
        self.put(encoding);
    }

    /// `mul s`: rdx:rax = rax × s, unsigned.
    #[inline(always)]
    pub fn mul_wide(&mut self, s: Gpr) {
        self.put(Encoding::registers(Op::one(0xF7).of_width(W64), 4, s));
    }

    /// `imul s`: rdx:rax = rax × s, signed.
    #[inline(always)]
    pub fn imul_wide(&mut self, s: Gpr) {
        self.put(Encoding::registers(Op::one(0xF7).of_width(W64), 5, s));
    }

    /// `div s`: rax, rdx = quotient, remainder of rdx:rax, unsigned.
    #[inline(always)]
    pub fn div(&mut self, width: Width, s: Gpr) {
        self.put(Encoding::registers(Op::one(0xF7).of_width(width), 6, s));
    }

    /// `idiv s`: rax, rdx = quotient, remainder of rdx:rax, signed.
    #[inline(always)]
    pub fn idiv(&mut self, width: Width, s: Gpr) {
        self.put(Encoding::registers(Op::one(0xF7).of_width(width), 7, s));
    }

    /// `cdq` or `cqo`: rdx = the sign of rax.
    #[inline(always)]
    pub fn sign_to_rdx(&mut self, width: Width) {
        let head = if width == W64 { Encoding::EMPTY.octet(0x48) } else { Encoding::EMPTY };
        self.put(head.octet(0x99));
    }
}
