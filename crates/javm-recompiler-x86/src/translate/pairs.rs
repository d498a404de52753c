//! Pairs of instructions of which the first does the other's work too: the two halves of a product, a sum and its carry.
//!
//! They are neighbours, or a store stands between. It may fault, so until the second comes its result waits, in rdx or
//! in the carry flag, which stores leave alone. A run can begin at the second all the same, or at the store: such a
//! position has a second entry, behind all instructions, that does first what the first of the pair would have done.

use core::mem;

use javm_isa::Step;

use super::Translator;
use super::multiply::Signs;
use crate::asm::Width::W64;
use crate::asm::{Alu, Condition, Gpr};
use crate::registers::{Registers, UPPER};

/// The most that a second entry takes: a `mov`, a `mulx` and a `jmp`.
pub(super) const SECOND_ENTRY_LEN_BYTES: u32 = 13;

/// Half of a product of two numbers without sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Lower,
    Upper,
}

impl Half {
    fn other(self) -> Half {
        match self {
            Self::Lower => Self::Upper,
            Self::Upper => Self::Lower,
        }
    }

    fn octet(self) -> u8 {
        match self {
            Self::Lower => octet::MUL,
            Self::Upper => octet::MUL_UPPER,
        }
    }
}

/// What the first of a pair does for the second.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// `d` = half the product of `a` and `b`.
    Product { half: Half, d: Gpr, a: Gpr, b: Gpr },
    /// The carry flag says whether `sum` is below `added`.
    Carry { sum: Gpr, added: Gpr },
}

/// A position that code comes to with work already done.
#[derive(Clone, Copy, Debug)]
pub(super) struct SecondEntry {
    /// The position in the program.
    pc: u32,
    work: Work,
}

/// The second of the pair under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Second {
    /// Its position in the program; the greatest if there is none.
    pc: u32,
    /// Is there a store before it?
    is_behind_store: bool,
}

impl Second {
    pub const NONE: Second = Second { pc: u32::MAX, is_behind_store: false };
}

/// An instruction of three registers.
#[derive(Clone, Copy, Debug)]
struct Three {
    opcode: u8,
    d: Gpr,
    a: Gpr,
    b: Gpr,
}

/// How long one is, without octets that no argument takes.
const THREE_LEN_BYTES: u32 = 3;

impl Three {
    /// The one at the start of the octets.
    #[inline(always)]
    fn of(registers: &Registers, &[opcode, sources, d]: &[u8; 3]) -> Three {
        let [d, a, b] = [d, sources & 15, sources >> 4].map(|field| registers.of_field(field));
        Three { opcode, d, a, b }
    }

    /// With what stands behind it.
    #[inline(always)]
    fn with_rest<'a>(registers: &Registers, octets: &'a [u8; 16]) -> (Three, &'a [u8; 13]) {
        let [opcode, sources, d, rest @ ..] = octets;
        (Three::of(registers, &[*opcode, *sources, *d]), rest)
    }
}

/// Numbers of opcodes, the same in both tables.
mod octet {
    use javm_isa::{Opcode, OpcodeTable};

    const fn of(opcode: Opcode) -> u8 {
        let mut octet = 0;
        loop {
            if let (Some(one), Some(other)) =
                (OpcodeTable::Gp07.opcode(octet), OpcodeTable::JamV1.opcode(octet))
                && one as u8 == opcode as u8
                && other as u8 == opcode as u8
            {
                return octet;
            }
            octet += 1;
        }
    }

    pub const MUL: u8 = of(Opcode::Mul64);
    pub const MUL_UPPER: u8 = of(Opcode::MulUpperUU);
    pub const SET_BELOW: u8 = of(Opcode::SetLtU);
    pub const FIRST_STORE: u8 = of(Opcode::StoreIndU8);
    pub const LAST_STORE: u8 = of(Opcode::StoreIndU64);
    const _: () = assert!(LAST_STORE == FIRST_STORE + 3);
}

#[inline(always)]
fn is_store(octet: u8) -> bool {
    (octet::FIRST_STORE..=octet::LAST_STORE).contains(&octet)
}

impl Translator<'_> {
    /// Half a product; both if the other one is wanted next.
    #[inline(always)]
    pub(super) fn half(&mut self, half: Half, step: &Step<'_>) {
        // What is handed on are plain numbers: the step stays in machine registers.
        if self.second.pc == step.position {
            if self.second.is_behind_store {
                self.asm.mov(W64, self.registers.of_field(step.third()), UPPER);
            }
        } else {
            self.half_or_both(half, step.position, step.skip, step.octets());
        }
    }

    #[inline(never)]
    fn half_or_both(&mut self, half: Half, pc: u32, skip: u32, octets: &[u8; 16]) {
        let (Three { d, a, b, .. }, rest) = Three::with_rest(self.registers, octets);
        let is_pair = self.features.bmi2
            && 1 + skip == THREE_LEN_BYTES
            && (rest[0] == half.other().octet() || is_store(rest[0]))
            && self.both_halves(half, pc, octets);
        if !is_pair {
            self.one_half(half, d, a, b);
        }
    }

    fn one_half(&mut self, half: Half, d: Gpr, a: Gpr, b: Gpr) {
        match half {
            Half::Lower => self.mul(W64, d, a, b),
            Half::Upper => self.mul_upper(Signs::UnsignedUnsigned, d, a, b),
        }
    }

    /// Both halves, if the other one is wanted next.
    fn both_halves(&mut self, half: Half, pc: u32, octets: &[u8; 16]) -> bool {
        let (Three { d, a, b, .. }, rest) = Three::with_rest(self.registers, octets);
        let half = half.other();
        let Some((second, wanted)) = self.second_after(pc, rest, half.octet()) else { return false };
        // The factors must be the same, and still there.
        let factors = (wanted.a, wanted.b);
        if factors != (a, b) && factors != (b, a) || d == a || d == b || d == wanted.d {
            return false;
        }
        let other_d = if second.is_behind_store { UPPER } else { wanted.d };
        self.asm.mov(W64, UPPER, a);
        match half {
            Half::Upper => self.asm.mulx(other_d, d, b),
            Half::Lower => self.asm.mulx(d, other_d, b),
        }
        self.begin_pair(pc, second, Work::Product { half, d: other_d, a, b });
        true
    }

    /// A sum, whose carry is kept if it is wanted next.
    #[inline(always)]
    pub(super) fn sum(&mut self, step: &Step<'_>) {
        let (Three { d, a, b, .. }, rest) = Three::with_rest(self.registers, step.octets());
        let is_pair = 1 + step.skip == THREE_LEN_BYTES
            && (rest[0] == octet::SET_BELOW || is_store(rest[0]))
            && self.sum_and_carry(step.position, step.octets());
        if !is_pair {
            self.add(W64, d, a, b);
        }
    }

    /// A sum whose carry is kept, if that is what the comparison is for: it finds the sum below what was added.
    #[inline(never)]
    fn sum_and_carry(&mut self, pc: u32, octets: &[u8; 16]) -> bool {
        let (Three { d, a, b, .. }, rest) = Three::with_rest(self.registers, octets);
        let Some((second, wanted)) = self.second_after(pc, rest, octet::SET_BELOW) else { return false };
        let (sum, added) = (wanted.a, wanted.b);
        if sum != d || added == d || (added != a && added != b) {
            return false;
        }
        if d == b {
            self.asm.alu(Alu::Add, W64, d, a);
        } else {
            self.copy(d, a);
            self.asm.alu(Alu::Add, W64, d, b);
        }
        self.begin_pair(pc, second, Work::Carry { sum, added });
        true
    }

    /// A comparison; nothing is to be compared if the sum has left the carry.
    #[inline(always)]
    pub(super) fn set_below(&mut self, step: &Step<'_>) {
        let d = self.registers.of_field(step.third());
        if self.second.pc == step.position {
            self.asm.set(Condition::Below, d);
            self.asm.movzx8(d, d);
        } else {
            let [a, b] = [step.low(), step.high()].map(|field| self.registers.of_field(field));
            self.set(Condition::Below, d, a, b);
        }
    }

    /// What has this opcode and is next after the instruction at `pc`, or next after a store; `rest` is what stands
    /// behind the instruction. Zeros, which are past the end of the code, are neither.
    #[inline(always)]
    fn second_after(&self, pc: u32, rest: &[u8; 13], opcode: u8) -> Option<(Second, Three)> {
        let next = pc + THREE_LEN_BYTES;
        let is_behind_store = is_store(rest[0]);
        let distance = if is_behind_store { 1 + u32::from(self.program.skip(next)) } else { 0 };
        let three = Three::of(self.registers, rest.get(distance as usize..)?.first_chunk()?);
        (three.opcode == opcode).then_some((Second { pc: next + distance, is_behind_store }, three))
    }

    /// Notes that the instruction at `pc` did work for what comes after it.
    fn begin_pair(&mut self, pc: u32, second: Second, work: Work) {
        if second.is_behind_store {
            self.second_entries.push(SecondEntry { pc: pc + THREE_LEN_BYTES, work });
        }
        self.second_entries.push(SecondEntry { pc: second.pc, work });
        self.second = second;
    }

    /// Writes the second entries.
    pub(super) fn finish_second_entries(&mut self) {
        for SecondEntry { pc, work } in mem::take(&mut self.second_entries) {
            let Some(offset) = self.positions.offset(pc) else { continue };
            let here = self.position();
            match work {
                Work::Product { half, d, a, b } => self.one_half(half, d, a, b),
                Work::Carry { sum, added } => self.asm.alu(Alu::Cmp, W64, sum, added),
            }
            self.asm.jump(offset);
            self.positions.push_second_entry(pc, here);
        }
    }
}
