//! Pairs of instructions of which the first does the other's work too: the two halves of a product, a sum and its carry.
//!
//! They are neighbours, or a store stands between. It may fault, so until the second comes its result waits, in rdx or
//! in the carry flag, which stores leave alone. A run can begin at the second all the same, or at the store: such a
//! position has a second entry, behind all instructions, that does first what the first of the pair would have done.

use core::mem;

use javm_isa::{Opcode, Step};

use super::Translator;
use super::instruction::register;
use super::multiply::Signs;
use crate::asm::Width::W64;
use crate::asm::{Alu, Condition, Gpr};
use crate::registers::{UPPER, gpr};

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

    fn opcode(self) -> Opcode {
        match self {
            Self::Lower => Opcode::Mul64,
            Self::Upper => Opcode::MulUpperUU,
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

/// Destination and sources.
#[inline(always)]
fn operands(step: &Step<'_>) -> (Gpr, Gpr, Gpr) {
    (register(step.third()), register(step.low()), register(step.high()))
}

#[inline(always)]
fn is_store(opcode: Opcode) -> bool {
    use Opcode::*;
    matches!(opcode, StoreIndU8 | StoreIndU16 | StoreIndU32 | StoreIndU64)
}

impl Translator<'_> {
    /// Half a product; both if the other one is wanted next.
    pub(super) fn half(&mut self, half: Half, step: &Step<'_>) {
        let (d, a, b) = operands(step);
        if self.second.pc == step.position {
            if self.second.is_behind_store {
                self.asm.mov(W64, d, UPPER);
            }
        } else if !self.features.bmi2 || !self.both_halves(half, step) {
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
    fn both_halves(&mut self, half: Half, step: &Step<'_>) -> bool {
        let (d, a, b) = operands(step);
        let half = half.other();
        let Some(second) = self.second_after(step, half.opcode()) else { return false };
        let wanted = self.program.instruction_at(second.pc, self.table);
        let (wanted_d, factors) = (gpr(wanted.d), (gpr(wanted.a), gpr(wanted.b)));
        // The factors must be the same, and still there.
        if factors != (a, b) && factors != (b, a) || d == a || d == b || d == wanted_d {
            return false;
        }
        let other_d = if second.is_behind_store { UPPER } else { wanted_d };
        self.asm.mov(W64, UPPER, a);
        match half {
            Half::Upper => self.asm.mulx(other_d, d, b),
            Half::Lower => self.asm.mulx(d, other_d, b),
        }
        self.begin_pair(step, second, Work::Product { half, d: other_d, a, b });
        true
    }

    /// A sum, whose carry is kept if it is wanted next.
    #[inline(always)]
    pub(super) fn sum(&mut self, step: &Step<'_>) {
        let (d, a, b) = operands(step);
        let second = self.second_after(step, Opcode::SetLtU);
        if !second.is_some_and(|second| self.sum_and_carry(step, second)) {
            self.add(W64, d, a, b);
        }
    }

    /// A sum whose carry is kept, if that is what the comparison is for: it finds the sum below what was added.
    fn sum_and_carry(&mut self, step: &Step<'_>, second: Second) -> bool {
        let (d, a, b) = operands(step);
        let wanted = self.program.instruction_at(second.pc, self.table);
        let (sum, added) = (gpr(wanted.a), gpr(wanted.b));
        if sum != d || added == d || (added != a && added != b) {
            return false;
        }
        if d == b {
            self.asm.alu(Alu::Add, W64, d, a);
        } else {
            self.copy(d, a);
            self.asm.alu(Alu::Add, W64, d, b);
        }
        self.begin_pair(step, second, Work::Carry { sum, added });
        true
    }

    /// A comparison; nothing is to be compared if the sum has left the carry.
    #[inline(always)]
    pub(super) fn set_below(&mut self, step: &Step<'_>) {
        let (d, a, b) = operands(step);
        if self.second.pc == step.position {
            self.asm.set(Condition::Below, d);
            self.asm.movzx8(d, d);
        } else {
            self.set(Condition::Below, d, a, b);
        }
    }

    /// Where the instruction with this opcode is, if it is the next, or the next after a store.
    #[inline(always)]
    fn second_after(&self, step: &Step<'_>, opcode: Opcode) -> Option<Second> {
        let next = step.next_position();
        let next_opcode = self.program.opcode_at(next, self.table)?;
        let is_behind_store = is_store(next_opcode);
        if !is_behind_store {
            return (next_opcode == opcode).then_some(Second { pc: next, is_behind_store });
        }
        let pc = self.program.next_position(next);
        (self.program.opcode_at(pc, self.table) == Some(opcode)).then_some(Second { pc, is_behind_store })
    }

    /// Notes that work was done for what comes after the step.
    fn begin_pair(&mut self, step: &Step<'_>, second: Second, work: Work) {
        if second.is_behind_store {
            self.second_entries.push(SecondEntry { pc: step.next_position(), work });
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
