//! The parts that instructions are made of: prefixes, opcode, ModRM, SIB, displacement, immediate.

use super::operand::{Gpr, Mem, Width};

/// An instruction being put together, at most 15 octets.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    pub octets: u128,
    pub len_bytes: u32,
}

/// An instruction's opcode: one octet, or `0x0F` and one octet, with an optional mandatory prefix.
#[derive(Clone, Copy)]
pub(super) struct Op {
    pub prefix: u8,
    pub is_two_byte: bool,
    pub octet: u8,
    /// Does the `reg` or `rm` register name its low octet, so that numbers 4 to 7 need a REX?
    pub is_octet: bool,
}

impl Op {
    pub const fn one(octet: u8) -> Op {
        Op { prefix: 0, is_two_byte: false, octet, is_octet: false }
    }

    pub const fn two(octet: u8) -> Op {
        Op { prefix: 0, is_two_byte: true, octet, is_octet: false }
    }

    pub const fn prefixed(self, prefix: u8) -> Op {
        Op { prefix, ..self }
    }

    pub const fn octet(self) -> Op {
        Op { is_octet: true, ..self }
    }
}

impl Encoding {
    pub const EMPTY: Encoding = Encoding { octets: 0, len_bytes: 0 };

    #[inline(always)]
    pub fn octet(self, octet: u8) -> Encoding {
        let octets = self.octets | u128::from(octet) << (8 * self.len_bytes);
        Encoding { octets, len_bytes: self.len_bytes + 1 }
    }

    #[inline(always)]
    pub fn imm32(self, value: i32) -> Encoding {
        let octets = self.octets | u128::from(value as u32) << (8 * self.len_bytes);
        Encoding { octets, len_bytes: self.len_bytes + 4 }
    }

    #[inline(always)]
    pub fn imm16(self, value: i16) -> Encoding {
        self.octet(value as u8).octet((value >> 8) as u8)
    }

    #[inline(always)]
    pub fn imm64(self, value: u64) -> Encoding {
        self.imm32(value as i32).imm32((value >> 32) as i32)
    }

    /// Prefix, REX and opcode.
    #[inline(always)]
    fn head(self, width: Width, op: Op, reg: u8, index: u8, rm: u8, needs_rex: bool) -> Encoding {
        let mut encoding = self;
        if op.prefix != 0 {
            encoding = encoding.octet(op.prefix);
        }
        let wide = u8::from(width == Width::W64);
        let rex = 0x40 | wide << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | rm >> 3;
        if rex != 0x40 || needs_rex {
            encoding = encoding.octet(rex);
        }
        if op.is_two_byte {
            encoding = encoding.octet(0x0F);
        }
        encoding.octet(op.octet)
    }

    /// An instruction on two registers, or on one and an opcode extension in `reg`.
    #[inline(always)]
    pub fn registers(width: Width, op: Op, reg: u8, rm: Gpr) -> Encoding {
        // Without REX, octet registers 4 to 7 would be ah to bh.
        let needs_rex = op.is_octet && (reg >= 4 || rm as u8 >= 4);
        let head = Encoding::EMPTY.head(width, op, reg, 0, rm as u8, needs_rex);
        head.octet(0xC0 | (reg & 7) << 3 | rm.low())
    }

    /// An instruction on a register, or an opcode extension, and memory.
    #[inline(always)]
    pub fn memory(width: Width, op: Op, reg: u8, mem: Mem) -> Encoding {
        let needs_rex = op.is_octet && reg >= 4;
        let index = mem.index.map_or(0, |index| index as u8);
        let head = Encoding::EMPTY.head(width, op, reg, index, mem.base as u8, needs_rex);
        head.address(reg, mem)
    }

    /// ModRM, SIB and displacement.
    #[inline(always)]
    pub fn address(self, reg: u8, mem: Mem) -> Encoding {
        // rbp and r13 as base without a displacement mean something else.
        let (mode, disp_len_bytes) = match mem.disp {
            0 if mem.base.low() != 5 => (0x00, 0),
            -128..=127 => (0x40, 1),
            _ => (0x80, 4),
        };
        let reg = (reg & 7) << 3;
        let encoding = match mem.index {
            Some(index) => self.octet(mode | reg | 4).octet(index.low() << 3 | mem.base.low()),
            // rsp and r12 as base need a SIB.
            None if mem.base.low() == 4 => self.octet(mode | reg | 4).octet(0x24),
            None => self.octet(mode | reg | mem.base.low()),
        };
        match disp_len_bytes {
            0 => encoding,
            1 => encoding.octet(mem.disp as u8),
            _ => encoding.imm32(mem.disp),
        }
    }
}
