//! Decoding one instruction (PVM.md §2 and §3).

use crate::{Format, Opcode, OpcodeTable, Program, Reg, Step};

/// The most octets an instruction has after its opcode, as far as stepping is concerned.
pub const MAX_SKIP: u8 = 24;

/// An instruction with its arguments; those its format does not have are zero or r0.
///
/// | format | a | b | d | x | y | target |
/// |---|---|---|---|---|---|---|
/// | I, II | | | | first immediate | second | |
/// | RX, RI, RII | register | | | first immediate | second | |
/// | O | | | | | | offset |
/// | RIO | register | | | immediate | | offset |
/// | RR | source | | destination | | | |
/// | RRI, RRO, RRII | low nibble | high nibble | | first immediate | second | offset |
/// | RRR | first source | second source | destination | | | |
///
/// In RRI the destination (or the value to store) is `a`, the base or source `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do; `Trap` also for what is not an instruction.
    pub opcode: Opcode,
    /// Octets after the opcode, 0 to [`MAX_SKIP`]: the next instruction is at position + 1 + skip.
    pub skip: u8,
    /// First register.
    pub a: Reg,
    /// Second register.
    pub b: Reg,
    /// Destination register.
    pub d: Reg,
    /// First immediate, sign-extended (not extended in RX).
    pub x: u64,
    /// Second immediate, sign-extended.
    pub y: u64,
    /// Position + offset; `None` if that is no 32-bit number, and so no branch target.
    pub target: Option<u32>,
}

impl Program {
    /// The number of octets from `position` to the next instruction's, less one: the unset bits of the
    /// bitmask after `position`, at most [`MAX_SKIP`]; bits past its end count as set.
    pub fn skip(&self, position: u32) -> u8 {
        let bits_left = u64::from(self.code_len_bytes()).saturating_sub(u64::from(position) + 1);
        let most = bits_left.min(u64::from(MAX_SKIP)) as u32;
        self.starts_after(position).trailing_zeros().min(most) as u8
    }

    /// Where execution goes on after the instruction at `position`, if it does not jump.
    pub fn next_position(&self, position: u32) -> u32 {
        position.saturating_add(1 + u32::from(self.skip(position)))
    }

    /// The opcode at `position`, `None` if no instruction starts there or its octet is undefined.
    pub fn opcode_at(&self, position: u32, table: OpcodeTable) -> Option<Opcode> {
        if !self.is_instruction_start(position) {
            return None;
        }
        table.opcode(*self.code().get(position as usize)?)
    }

    /// The instruction at `position`. Where none starts, at an undefined opcode and past the end this
    /// is a `trap`.
    pub fn instruction_at(&self, position: u32, table: OpcodeTable) -> Instruction {
        self.step_at(position, table).instruction()
    }
}

impl Step<'_> {
    /// All of it at once.
    #[inline(always)]
    pub fn instruction(&self) -> Instruction {
        let (opcode, skip) = (self.opcode(), self.skip as u8);
        let octets = Octets { octets: u128::from_le_bytes(*self.octets), position: self.position };
        let shape = SHAPES[opcode as usize];
        if shape.is_plain {
            decode_plain(opcode, skip, octets, shape)
        } else {
            decode_other(opcode, skip, octets)
        }
    }
}

/// Code from an instruction's opcode on.
#[derive(Clone, Copy)]
struct Octets {
    octets: u128,
    position: u32,
}

impl Octets {
    #[inline(always)]
    fn at(&self, offset: u8) -> u8 {
        (self.octets >> (8 * offset)) as u8
    }

    #[inline(always)]
    fn low_register(&self, offset: u8) -> Reg {
        Reg::clamped(self.at(offset) & 0x0F)
    }

    #[inline(always)]
    fn high_register(&self, offset: u8) -> Reg {
        Reg::clamped(self.at(offset) >> 4)
    }

    /// `len_bytes` (0 to 4) octets, sign-extended; of no octets the value is 0.
    #[inline(always)]
    fn immediate(&self, offset: u8, len_bytes: u8) -> u64 {
        sign_extended((self.octets >> (8 * offset)) as u64, len_bytes)
    }

    #[inline(always)]
    fn target(&self, distance: u64) -> Option<u32> {
        u32::try_from(i64::from(self.position) + distance as i64).ok()
    }
}

/// The lowest `len_bytes` (0 to 4) octets.
#[inline(always)]
fn sign_extended(octets: u64, len_bytes: u8) -> u64 {
    // Shifted in two steps: of no octets all 64 bits go.
    let unused_bits = 32 - 8 * u32::from(len_bytes);
    (((octets << 32 << unused_bits) as i64) >> 32 >> unused_bits) as u64
}

/// The length of an immediate that is written in the instruction itself: 5 to 7 mean 4.
fn written_len(field: u8) -> u8 {
    (field % 8).min(4)
}

/// The length of an immediate that takes what the skip leaves after `before` octets.
#[inline(always)]
fn remaining_len(skip: u8, before: u8) -> u8 {
    skip.saturating_sub(before).min(4)
}

/// Where the arguments are in formats with at most one immediate or offset, which takes what the skip leaves:
/// as numbers, so that decoding does not branch on what no branch predictor foresees.
#[derive(Clone, Copy)]
struct Shape {
    /// Is this such a format?
    is_plain: bool,
    /// Where the immediate or offset is, 1 or 2.
    last_at: u8,
    is_immediate: bool,
    is_offset: bool,
    /// The first octet's bits that are `a`, as a shift and a mask; `b` likewise, always the upper ones.
    a_shift: u8,
    a_mask: u8,
    b_mask: u8,
    /// `d`, as a shift of the whole instruction.
    d_shift: u8,
    d_mask: u8,
}

/// By opcode.
const SHAPES: [Shape; Opcode::ALL.len()] = {
    let mut shapes = [shape(Format::None); Opcode::ALL.len()];
    let mut index = 0;
    while index < shapes.len() {
        let opcode = Opcode::ALL[index];
        shapes[opcode as usize] = shape(opcode.format());
        index += 1;
    }
    shapes
};

const fn shape(format: Format) -> Shape {
    const NONE: Shape = Shape {
        is_plain: true,
        last_at: 2,
        is_immediate: false,
        is_offset: false,
        a_shift: 0,
        a_mask: 0,
        b_mask: 0,
        d_shift: 0,
        d_mask: 0,
    };
    const TWO: Shape = Shape { a_mask: 0x0F, b_mask: 0x0F, ..NONE };
    match format {
        Format::None => NONE,
        Format::I => Shape { last_at: 1, is_immediate: true, ..NONE },
        Format::O => Shape { last_at: 1, is_offset: true, ..NONE },
        Format::RI => Shape { is_immediate: true, a_mask: 0x0F, ..NONE },
        Format::RR => Shape { a_shift: 4, a_mask: 0x0F, d_shift: 8, d_mask: 0x0F, ..NONE },
        Format::RRI => Shape { is_immediate: true, ..TWO },
        Format::RRO => Shape { is_offset: true, ..TWO },
        // The whole octet, not its low nibble: the Gray Paper's reading, where polkavm differs.
        Format::RRR => Shape { d_shift: 16, d_mask: 0xFF, ..TWO },
        Format::RX | Format::II | Format::RII | Format::RIO | Format::RRII => {
            Shape { is_plain: false, ..NONE }
        }
    }
}

#[inline(always)]
fn decode_plain(opcode: Opcode, skip: u8, octets: Octets, shape: Shape) -> Instruction {
    // All of such an instruction is in the first eight octets.
    let first = octets.octets as u64;
    let registers = (first >> 8) as u8;
    let last_len = remaining_len(skip, shape.last_at - 1);
    let value = sign_extended(first >> (8 * shape.last_at), last_len);
    let d = (first >> shape.d_shift) as u8 & shape.d_mask;
    Instruction {
        opcode,
        skip,
        a: Reg::clamped(registers >> shape.a_shift & shape.a_mask),
        b: Reg::clamped(registers >> 4 & shape.b_mask),
        d: Reg::clamped(d),
        x: value & u64::from(shape.is_immediate).wrapping_neg(),
        y: 0,
        target: octets.target(value).filter(|_| shape.is_offset),
    }
}

/// The other formats, those with two immediates or a long one.
#[inline(never)]
fn decode_other(opcode: Opcode, skip: u8, octets: Octets) -> Instruction {
    let mut instruction =
        Instruction { opcode, skip, a: Reg::R0, b: Reg::R0, d: Reg::R0, x: 0, y: 0, target: None };
    let i = &mut instruction;
    match opcode.format() {
        Format::RX => {
            i.a = octets.low_register(1);
            i.x = (octets.octets >> 16) as u64;
        }
        Format::II => {
            let x_len = written_len(octets.at(1));
            i.x = octets.immediate(2, x_len);
            i.y = octets.immediate(2 + x_len, remaining_len(skip, 1 + x_len));
        }
        Format::RRII => {
            let x_len = written_len(octets.at(2));
            (i.a, i.b) = (octets.low_register(1), octets.high_register(1));
            i.x = octets.immediate(3, x_len);
            i.y = octets.immediate(3 + x_len, remaining_len(skip, 2 + x_len));
        }
        _ => {
            let x_len = written_len(octets.at(1) >> 4);
            i.a = octets.low_register(1);
            i.x = octets.immediate(2, x_len);
            let last = octets.immediate(2 + x_len, remaining_len(skip, 1 + x_len));
            match opcode.format() {
                Format::RII => i.y = last,
                _ => i.target = octets.target(last),
            }
        }
    }
    instruction
}
