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
use crate::asm::{Alu, Condition, Gpr, Made};
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
    /// Where in the machine code what comes first leads then.
    offset: u32,
    work: Work,
}

/// The second of the pair under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Second {
    /// Its position in the program; the greatest if there is none.
    pc: u32,
    /// Its code.
    code: Made,
    /// What the first did for it.
    work: Work,
}

impl Second {
    pub const NONE: Second =
        Second { pc: u32::MAX, code: Made::NOTHING, work: Work::Carry { sum: Gpr::Rax, added: Gpr::Rax } };
}

/// What may be the second of a pair.
struct Candidate {
    pc: u32,
    /// Is there a store before it?
    is_behind_store: bool,
    wanted: Three,
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
pub(super) mod octet {
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

    pub const ADD: u8 = of(Opcode::Add64);
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
    /// Is the instruction at `pc` the second of a pair? Then its code is put.
    #[inline(always)]
    pub(super) fn second_of_pair(&mut self, pc: u32) -> bool {
        if self.second.pc != pc {
            return false;
        }
        let Second { code, work, .. } = self.second;
        self.second_entries.push(SecondEntry { pc, offset: self.position(), work });
        self.asm.put_made(code);
        true
    }

    /// Half a product; both if the other one is wanted next. What is handed on are plain numbers: the step stays in
    /// machine registers.
    #[inline(never)]
    pub(super) fn half_or_both(&mut self, half: Half, pc: u32, skip: u32, octets: &[u8; 16]) {
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
        let Some(Candidate { pc: second, is_behind_store, wanted }) =
            self.second_after(pc, rest, half.octet())
        else {
            return false;
        };
        // The factors must be the same, and still there.
        let factors = (wanted.a, wanted.b);
        if factors != (a, b) && factors != (b, a) || d == a || d == b || d == wanted.d {
            return false;
        }
        let other_d = if is_behind_store { UPPER } else { wanted.d };
        self.asm.mov(W64, UPPER, a);
        match half {
            Half::Upper => self.asm.mulx(other_d, d, b),
            Half::Lower => self.asm.mulx(d, other_d, b),
        }
        let rest = self.asm.made(|asm| asm.copy(wanted.d, other_d));
        self.begin_pair(
            pc,
            Second { pc: second, code: rest, work: Work::Product { half, d: other_d, a, b } },
        );
        true
    }

    /// A sum whose carry is kept, if the comparison for it is next, or next after a store.
    #[inline(always)]
    pub(super) fn sum_with_carry(&mut self, step: &Step<'_>) -> bool {
        let octets = step.octets();
        octets[0] == octet::ADD && {
            let distance = if is_store(octets[3]) { 1 + step.next_skip() } else { 0 };
            octets[((THREE_LEN_BYTES + distance) & 15) as usize] == octet::SET_BELOW
                && 1 + step.skip == THREE_LEN_BYTES
                && self.sum_and_carry(step.position, octets)
        }
    }

    /// A sum whose carry is kept, if that is what the comparison is for: it finds the sum below what was added.
    #[inline(never)]
    pub(super) fn sum_and_carry(&mut self, pc: u32, octets: &[u8; 16]) -> bool {
        let (Three { d, a, b, .. }, rest) = Three::with_rest(self.registers, octets);
        let Some(Candidate { pc: second, wanted, .. }) = self.second_after(pc, rest, octet::SET_BELOW) else {
            return false;
        };
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
        let carry = self.asm.made(|asm| {
            asm.set(Condition::Below, wanted.d);
            asm.movzx8(wanted.d, wanted.d);
        });
        self.begin_pair(pc, Second { pc: second, code: carry, work: Work::Carry { sum, added } });
        true
    }

    /// What has this opcode and is next after the instruction at `pc`, or next after a store; `rest` is what stands
    /// behind the instruction. Zeros, which are past the end of the code, are neither.
    #[inline(always)]
    fn second_after(&self, pc: u32, rest: &[u8; 13], opcode: u8) -> Option<Candidate> {
        let next = pc + THREE_LEN_BYTES;
        let is_behind_store = is_store(rest[0]);
        let distance = if is_behind_store { 1 + u32::from(self.program.skip(next)) } else { 0 };
        let wanted = Three::of(self.registers, rest.get(distance as usize..)?.first_chunk()?);
        (wanted.opcode == opcode).then_some(Candidate { pc: next + distance, is_behind_store, wanted })
    }

    /// Notes that the instruction at `pc`, whose code ends here, did work for what comes after it.
    fn begin_pair(&mut self, pc: u32, second: Second) {
        let next = pc + THREE_LEN_BYTES;
        if second.pc != next {
            let offset = self.position();
            self.second_entries.push(SecondEntry { pc: next, offset, work: second.work });
        }
        self.second = second;
    }

    /// Writes the second entries.
    pub(super) fn finish_second_entries(&mut self) {
        for SecondEntry { pc, offset, work } in mem::take(&mut self.second_entries) {
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
