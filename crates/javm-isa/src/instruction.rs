//! Decoding one instruction (PVM.md §2 and §3).

use crate::{Format, Opcode, OpcodeTable, Program, Reg};

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
        let opcode = self.opcode_at(position, table).unwrap_or(Opcode::Trap);
        let octets = Octets { code: self.code(), position };
        decode(opcode, self.skip(position), octets)
    }
}

/// Code from an instruction's opcode on; past the end everything reads as zero.
#[derive(Clone, Copy)]
struct Octets<'a> {
    code: &'a [u8],
    position: u32,
}

impl Octets<'_> {
    fn at(&self, offset: u8) -> u8 {
        self.code.get(self.position as usize + usize::from(offset)).copied().unwrap_or(0)
    }

    fn low_register(&self, offset: u8) -> Reg {
        Reg::clamped(self.at(offset) & 0x0F)
    }

    fn high_register(&self, offset: u8) -> Reg {
        Reg::clamped(self.at(offset) >> 4)
    }

    /// `len_bytes` (0 to 8) octets.
    fn unsigned(&self, offset: u8, len_bytes: u8) -> u64 {
        let start = self.position as usize + usize::from(offset);
        let octets = match self.code.get(start..).and_then(|rest| rest.first_chunk()) {
            Some(octets) => u64::from_le_bytes(*octets),
            // Near the end of the code.
            None => (0..8).rev().fold(0, |value, octet| value << 8 | u64::from(self.at(offset + octet))),
        };
        let unused_bits = 64 - 8 * u32::from(len_bytes);
        octets.checked_shl(unused_bits).unwrap_or(0).checked_shr(unused_bits).unwrap_or(0)
    }

    /// `len_bytes` (0 to 4) octets, sign-extended; of no octets the value is 0.
    fn immediate(&self, offset: u8, len_bytes: u8) -> u64 {
        let unused_bits = 64 - 8 * u32::from(len_bytes);
        let value = self.unsigned(offset, len_bytes);
        (value.checked_shl(unused_bits).unwrap_or(0) as i64).checked_shr(unused_bits).unwrap_or(0) as u64
    }

    fn target(&self, offset: u8, len_bytes: u8) -> Option<u32> {
        let distance = self.immediate(offset, len_bytes) as i64;
        u32::try_from(i64::from(self.position) + distance).ok()
    }
}

/// The length of an immediate that is written in the instruction itself: 5 to 7 mean 4.
fn written_len(field: u8) -> u8 {
    (field % 8).min(4)
}

/// The length of an immediate that takes what the skip leaves after `before` octets.
fn remaining_len(skip: u8, before: u8) -> u8 {
    skip.saturating_sub(before).min(4)
}

fn decode(opcode: Opcode, skip: u8, octets: Octets<'_>) -> Instruction {
    let mut instruction =
        Instruction { opcode, skip, a: Reg::R0, b: Reg::R0, d: Reg::R0, x: 0, y: 0, target: None };
    let i = &mut instruction;
    match opcode.format() {
        Format::None => {}
        Format::I => i.x = octets.immediate(1, remaining_len(skip, 0)),
        Format::RX => {
            i.a = octets.low_register(1);
            i.x = octets.unsigned(2, 8);
        }
        Format::II => {
            let x_len = written_len(octets.at(1));
            i.x = octets.immediate(2, x_len);
            i.y = octets.immediate(2 + x_len, remaining_len(skip, 1 + x_len));
        }
        Format::O => i.target = octets.target(1, remaining_len(skip, 0)),
        Format::RI => {
            i.a = octets.low_register(1);
            i.x = octets.immediate(2, remaining_len(skip, 1));
        }
        Format::RII | Format::RIO => {
            let x_len = written_len(octets.at(1) >> 4);
            i.a = octets.low_register(1);
            i.x = octets.immediate(2, x_len);
            let last_len = remaining_len(skip, 1 + x_len);
            match opcode.format() {
                Format::RII => i.y = octets.immediate(2 + x_len, last_len),
                _ => i.target = octets.target(2 + x_len, last_len),
            }
        }
        Format::RR => {
            i.d = octets.low_register(1);
            i.a = octets.high_register(1);
        }
        Format::RRI => {
            (i.a, i.b) = (octets.low_register(1), octets.high_register(1));
            i.x = octets.immediate(2, remaining_len(skip, 1));
        }
        Format::RRO => {
            (i.a, i.b) = (octets.low_register(1), octets.high_register(1));
            i.target = octets.target(2, remaining_len(skip, 1));
        }
        Format::RRII => {
            let x_len = written_len(octets.at(2));
            (i.a, i.b) = (octets.low_register(1), octets.high_register(1));
            i.x = octets.immediate(3, x_len);
            i.y = octets.immediate(3 + x_len, remaining_len(skip, 2 + x_len));
        }
        Format::RRR => {
            (i.a, i.b) = (octets.low_register(1), octets.high_register(1));
            // The whole octet, not its low nibble: the Gray Paper's reading, where polkavm differs.
            i.d = Reg::clamped(octets.at(2));
        }
    }
    instruction
}
