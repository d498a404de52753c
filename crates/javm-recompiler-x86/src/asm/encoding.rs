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
    /// Can there be one? Known where the instruction is.
    pub has_tail: bool,
}

/// Prefixes, REX and opcode of an instruction, and where the bits go that come from its operands.
#[derive(Clone, Copy)]
pub(super) struct Op {
    pub octets: u64,
    /// Where REX is, in bits from the start. It is always there, if only of zeros.
    pub rex_at: u8,
    /// Where ModRM follows, likewise.
    pub modrm_at: u8,
}

/// A REX that changes nothing, and its bit for operations on 64 bits.
const REX: u64 = 0x40;
const REX_W: u64 = 0x08;

impl Op {
    /// An opcode of one octet.
    #[inline(always)]
    pub const fn one(octet: u8) -> Op {
        Op { octets: REX | (octet as u64) << 8, rex_at: 0, modrm_at: 16 }
    }

    /// An opcode of 0x0F and an octet.
    #[inline(always)]
    pub const fn two(octet: u8) -> Op {
        Op { octets: REX | 0x0F << 8 | (octet as u64) << 16, rex_at: 0, modrm_at: 24 }
    }

    #[inline(always)]
    pub const fn of_width(self, width: Width) -> Op {
        Op { octets: self.octets | (matches!(width, Width::W64) as u64 * REX_W) << self.rex_at, ..self }
    }

    #[inline(always)]
    pub const fn prefixed(self, prefix: u8) -> Op {
        Op { octets: self.octets << 8 | prefix as u64, rex_at: self.rex_at + 8, modrm_at: self.modrm_at + 8 }
    }

    /// With addresses of 32 bits, from the start of the window.
    pub const fn in_window(self) -> Op {
        self.prefixed(ADDRESS_32).prefixed(GS)
    }
}

/// Makes addresses relative to the segment `gs`.
const GS: u8 = 0x65;
/// Makes addresses ones of 32 bits.
const ADDRESS_32: u8 = 0x67;

impl Encoding {
    pub const EMPTY: Encoding =
        Encoding { head: 0, head_len_bytes: 0, tail: 0, tail_len_bytes: 0, has_tail: false };

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
            has_tail: true,
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
        Encoding { tail: value, tail_len_bytes: 8, has_tail: true, ..self }
    }

    /// Prefixes, REX, opcode, ModRM and what else there is for operands.
    #[inline(always)]
    fn with_operands(op: Op, registers: Numbers, mode: Mode) -> Encoding {
        let Numbers { reg, index, rm } = registers;
        let rex = (reg >> 3) << 2 | (index >> 3) << 1 | rm >> 3;
        let modrm = u64::from(mode.modrm | (reg & 7) << 3) | u64::from(mode.sib) << 8;
        Encoding {
            head: op.octets | u64::from(rex) << op.rex_at | modrm << op.modrm_at,
            head_len_bytes: u32::from(op.modrm_at / 8) + 1 + u32::from(mode.has_sib),
            ..Encoding::EMPTY
        }
    }

    /// An instruction on two registers, or on one and an opcode extension in `reg`.
    #[inline(always)]
    pub fn registers(op: Op, reg: u8, rm: Gpr) -> Encoding {
        let mode = Mode { modrm: 0xC0 | rm.low(), sib: 0, has_sib: false };
        Encoding::with_operands(op, Numbers { reg, index: 0, rm: rm as u8 }, mode)
    }

    /// An instruction on the register whose number is in its opcode.
    #[inline(always)]
    pub fn number_in_opcode(width: Width, octet: u8, d: Gpr) -> Encoding {
        let rex = 0x40 | u8::from(width == Width::W64) << 3 | d.high();
        Encoding::EMPTY.octet_if(rex != 0x40, rex).octet(octet | d.low())
    }

    /// An instruction on a register, or an opcode extension, and memory.
    #[inline(always)]
    pub fn memory(op: Op, reg: u8, mem: Mem) -> Encoding {
        let op = if mem.is_address_32 { op.prefixed(ADDRESS_32) } else { op };
        let op = if mem.is_in_window { op.prefixed(GS) } else { op };
        match (mem.base, mem.index) {
            (None, _) => {
                let mode = Mode { modrm: 4, sib: 0x25, has_sib: true };
                Encoding::with_operands(op, Numbers { reg, index: 0, rm: 0 }, mode).imm32(mem.disp)
            }
            (Some(base), None) => Encoding::at(op, reg, base, mem.disp),
            (Some(base), Some(index)) => Encoding::indexed(op, reg, (base, index), mem.disp),
        }
    }

    /// The same at `[base + disp]`, without prefixes for the address.
    #[inline(always)]
    fn at(op: Op, reg: u8, base: Gpr, disp: i32) -> Encoding {
        let Displacement { mode, len_bytes } = Displacement::of(base, disp);
        // rsp and r12 need a SIB: for others it is there, but beyond the length.
        let mode = Mode { modrm: mode | base.low(), sib: 0x24, has_sib: base.low() == 4 };
        let numbers = Numbers { reg, index: 0, rm: base as u8 };
        Encoding::with_operands(op, numbers, mode).displaced(disp, len_bytes)
    }

    /// The same at `[base + index + disp]`.
    #[inline(always)]
    fn indexed(op: Op, reg: u8, (base, index): (Gpr, Gpr), disp: i32) -> Encoding {
        let Displacement { mode, len_bytes } = Displacement::of(base, disp);
        let mode = Mode { modrm: mode | 4, sib: index.low() << 3 | base.low(), has_sib: true };
        let numbers = Numbers { reg, index: index as u8, rm: base as u8 };
        Encoding::with_operands(op, numbers, mode).displaced(disp, len_bytes)
    }

    #[inline(always)]
    fn displaced(self, disp: i32, len_bytes: u32) -> Encoding {
        Encoding { tail: u64::from(disp as u32), tail_len_bytes: len_bytes, has_tail: true, ..self }
    }
}

/// ModRM without `reg`, and the SIB.
struct Mode {
    modrm: u8,
    sib: u8,
    has_sib: bool,
}

/// How a displacement is written: in ModRM, and how long it is.
struct Displacement {
    mode: u8,
    len_bytes: u32,
}

impl Displacement {
    #[inline(always)]
    fn of(base: Gpr, disp: i32) -> Displacement {
        // rbp and r13 as base without a displacement mean something else.
        let is_there = u8::from(disp != 0) | u8::from(base.low() == 5);
        let is_short = u8::from(is_short(disp));
        Displacement {
            mode: (is_there << 7) >> is_short,
            len_bytes: u32::from(is_there << 2 >> (is_short << 1)),
        }
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
