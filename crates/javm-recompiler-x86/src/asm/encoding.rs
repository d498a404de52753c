//! The parts that instructions are made of: prefixes, opcode, ModRM, SIB, displacement, immediate.
//!
//! Which parts there are depends on registers and values that no branch predictor foresees, so parts are
//! put together by arithmetic. There is always a REX, if only of zeros: so all up to ModRM has its place, whatever the
//! registers.

use super::operand::{Gpr, Mem, Width};

/// An instruction being put together, at most 15 octets.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    /// All up to the SIB; beyond its length anything.
    pub head: u64,
    pub head_len_bytes: u32,
    /// Displacement and immediate; beyond their length anything.
    pub tail: u64,
    pub tail_len_bytes: u32,
}

/// An instruction's opcode: one octet, or `0x0F` and one octet, with an optional mandatory prefix.
#[derive(Clone, Copy)]
pub(super) struct Op {
    pub prefix: u8,
    pub is_two_byte: bool,
    pub octet: u8,
}

impl Op {
    pub const fn one(octet: u8) -> Op {
        Op { prefix: 0, is_two_byte: false, octet }
    }

    pub const fn two(octet: u8) -> Op {
        Op { prefix: 0, is_two_byte: true, octet }
    }

    pub const fn prefixed(self, prefix: u8) -> Op {
        Op { prefix, ..self }
    }
}

/// Makes addresses relative to the segment `gs`.
const GS: u8 = 0x65;
/// Makes addresses ones of 32 bits.
const ADDRESS_32: u8 = 0x67;

impl Encoding {
    pub const EMPTY: Encoding = Encoding { head: 0, head_len_bytes: 0, tail: 0, tail_len_bytes: 0 };

    /// How long it is.
    #[inline(always)]
    pub fn len_bytes(&self) -> u32 {
        self.head_len_bytes + self.tail_len_bytes
    }

    #[inline(always)]
    pub fn octet(self, octet: u8) -> Encoding {
        self.octet_if(true, octet)
    }

    #[inline(always)]
    fn octet_if(self, is_there: bool, octet: u8) -> Encoding {
        let octet = u64::from(octet) * u64::from(is_there);
        Encoding {
            head: self.head | octet << (8 * self.head_len_bytes),
            head_len_bytes: self.head_len_bytes + u32::from(is_there),
            ..self
        }
    }

    /// The low octets of a displacement or an immediate; a displacement before it has at most four.
    #[inline(always)]
    fn last(self, value: u32, len_bytes: u32) -> Encoding {
        let before = self.tail & ((1 << (8 * self.tail_len_bytes)) - 1);
        Encoding {
            tail: before | u64::from(value) << (8 * self.tail_len_bytes),
            tail_len_bytes: self.tail_len_bytes + len_bytes,
            ..self
        }
    }

    #[inline(always)]
    pub fn imm8(self, value: u8) -> Encoding {
        self.last(value.into(), 1)
    }

    #[inline(always)]
    pub fn imm16(self, value: i16) -> Encoding {
        self.last(u32::from(value as u16), 2)
    }

    #[inline(always)]
    pub fn imm32(self, value: i32) -> Encoding {
        self.last(value as u32, 4)
    }

    /// Of an octet if that holds it, see [`is_short`].
    #[inline(always)]
    pub fn imm(self, value: i32) -> Encoding {
        self.last(value as u32, if is_short(value) { 1 } else { 4 })
    }

    /// Instead of a displacement.
    #[inline(always)]
    pub fn imm64(self, value: u64) -> Encoding {
        Encoding { tail: value, tail_len_bytes: 8, ..self }
    }

    /// Prefix, REX and opcode.
    #[inline(always)]
    fn head(self, width: Width, op: Op, registers: Numbers) -> Encoding {
        let wide = u8::from(width == Width::W64);
        let Numbers { reg, index, rm } = registers;
        let rex = 0x40 | wide << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | rm >> 3;
        self.octet_if(op.prefix != 0, op.prefix).octet(rex).octet_if(op.is_two_byte, 0x0F).octet(op.octet)
    }

    /// An instruction on two registers, or on one and an opcode extension in `reg`.
    #[inline(always)]
    pub fn registers(width: Width, op: Op, reg: u8, rm: Gpr) -> Encoding {
        let head = Encoding::EMPTY.head(width, op, Numbers { reg, index: 0, rm: rm as u8 });
        head.octet(0xC0 | (reg & 7) << 3 | rm.low())
    }

    /// An instruction on the register whose number is in its opcode.
    #[inline(always)]
    pub fn number_in_opcode(width: Width, octet: u8, d: Gpr) -> Encoding {
        let rex = 0x40 | u8::from(width == Width::W64) << 3 | d.high();
        Encoding::EMPTY.octet_if(rex != 0x40, rex).octet(octet | d.low())
    }

    /// An instruction on a register, or an opcode extension, and memory.
    #[inline(always)]
    pub fn memory(width: Width, op: Op, reg: u8, mem: Mem) -> Encoding {
        let number = |gpr: Option<Gpr>| gpr.map_or(0, |gpr| gpr as u8);
        let numbers = Numbers { reg, index: number(mem.index), rm: number(mem.base) };
        let prefixes = Encoding::EMPTY.octet_if(mem.is_in_window, GS).octet_if(mem.is_address_32, ADDRESS_32);
        prefixes.head(width, op, numbers).address(reg, mem)
    }

    /// ModRM, SIB and displacement.
    #[inline(always)]
    fn address(self, reg: u8, mem: Mem) -> Encoding {
        let reg = (reg & 7) << 3;
        let Some(base) = mem.base else {
            return self.octet(reg | 4).octet(0x25).imm32(mem.disp);
        };
        // rbp and r13 as base without a displacement mean something else.
        let is_none = mem.disp == 0 && base.low() != 5;
        let (mode, disp_len_bytes) = if is_none {
            (0, 0)
        } else if is_short(mem.disp) {
            (0x40, 1)
        } else {
            (0x80, 4)
        };
        let encoding = match mem.index {
            Some(index) => self.octet(mode | reg | 4).octet(index.low() << 3 | base.low()),
            None => {
                // rsp and r12 need a SIB: for others it is there, but beyond the length.
                let encoding = self.octet(mode | reg | base.low());
                let head_len_bytes = encoding.head_len_bytes + u32::from(base.low() == 4);
                Encoding { head_len_bytes, ..encoding.octet(0x24) }
            }
        };
        Encoding { tail: u64::from(mem.disp as u32), tail_len_bytes: disp_len_bytes, ..encoding }
    }
}

/// Register numbers in the places that REX extends.
#[derive(Clone, Copy)]
struct Numbers {
    reg: u8,
    index: u8,
    rm: u8,
}

/// Does a sign-extended octet hold the value?
#[inline(always)]
pub(super) fn is_short(value: i32) -> bool {
    i32::from(value as i8) == value
}
