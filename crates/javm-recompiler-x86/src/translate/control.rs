//! Blocks, exits, jumps and branches with fixed targets.

use javm_isa::Step;

use crate::asm::Width::W64;
use crate::asm::{Alu, Condition, Gpr};
use crate::registers::{SCRATCH, UPPER};

use super::Translator;
use super::paths::Mark;

const LINE_LEN_BYTES: u32 = 64;

/// Where a jump leads.
enum Destination {
    /// To a block that has begun here in the machine code.
    Block(u32),
    /// To this position further on, and a block if one begins there.
    Ahead(u32),
    /// To no block: a panic.
    Nowhere,
}

/// The most that a charge's octet takes from the gas.
const MAX_SHORT_CHARGE: u32 = i8::MAX as u32;

/// Where in a charge its amount is: after REX, opcode and ModRM.
const AMOUNT_AT_BYTES: u32 = 3;

/// How long the machine code of a charge is: the subtraction of an octet, and the jump if there was not enough. A jump to
/// where more is charged, and a `nop`, take as much.
pub(crate) const CHARGE_LEN_BYTES: u32 = AMOUNT_AT_BYTES + 1 + 6;

/// The longest loop that is put at the start of a line if it does not fit what is left of one.
const MAX_LINE_INSTRUCTION_COUNT: u32 = 10;

impl Translator<'_> {
    /// Begins the block at `pc`. Gives where in the machine code it begins; there is the charge, if there is one, whose
    /// amount [`end_block`](Self::end_block) knows.
    #[inline(always)]
    pub fn begin_block(&mut self, pc: u32, is_on_a_line: bool, is_charged: bool) -> u32 {
        if is_on_a_line {
            // Processors fetch, and keep what they have decoded, by lines of 64 octets.
            self.asm.nops(LINE_LEN_BYTES - self.position() % LINE_LEN_BYTES);
        }
        let start = self.position();
        if is_charged {
            self.last_target_back = u32::MAX;
            let end = self.asm.charge(self.registers.gas);
            self.leave_later(end, pc, self.prologue.out_of_gas);
        }
        start
    }

    /// Ends the block of so many instructions that began at `pc` and `start`, after `mark`, with its last step.
    #[inline(always)]
    pub fn end_block(&mut self, last: &Step<'_>, start: u32, count: u32, is_charged: bool, mark: &Mark) {
        if !last.is_defined() {
            self.positions.mark_trap(last.position);
        }
        self.positions.end_block(count as usize);
        if is_charged && count <= MAX_SHORT_CHARGE {
            self.asm.patch_u8(start + AMOUNT_AT_BYTES, count as u8);
        } else if is_charged {
            self.charge_on_path(start, count, mark.rare_path_count);
        }
    }

    /// Is the block at `pc`, of so many instructions, that began at `start` and ends here, a short loop on more lines
    /// than it need be?
    #[inline(always)]
    pub fn is_loop_off_a_line(&self, (pc, start): (u32, u32), count: u32) -> bool {
        self.last_target_back == pc && count <= MAX_LINE_INSTRUCTION_COUNT && self.is_off_a_line(start)
    }

    /// Is what begins at `start` and ends here on more lines than it need be?
    fn is_off_a_line(&self, start: u32) -> bool {
        let used = start % LINE_LEN_BYTES;
        used != 0 && used + (self.position() - start) > LINE_LEN_BYTES
    }

    pub(super) fn panic(&mut self, pc: u32) {
        self.asm.mov_imm_u32(UPPER, pc);
        self.asm.jump(self.prologue.panic);
    }

    pub(super) fn host_call(&mut self, number: i32, pc: u32) {
        self.asm.mov_imm_u64(UPPER, u64::from(number as u32) << 32 | u64::from(pc));
        let end = self.asm.lea_relative(SCRATCH);
        self.asm.jump(self.prologue.host_call);
        self.asm.patch_distance(end, self.position());
    }

    pub(super) fn jump(&mut self, target: Option<u32>, pc: u32) {
        match self.destination(target, pc) {
            Destination::Block(head) => self.asm.jump(head),
            Destination::Ahead(target) => {
                let end = self.asm.jump_forward();
                self.jump_later(end, target, pc);
            }
            Destination::Nowhere => self.panic(pc),
        }
    }

    fn jump_if(&mut self, condition: Condition, target: Option<u32>, pc: u32) {
        match self.destination(target, pc) {
            Destination::Block(head) => self.asm.jump_if(condition, head),
            Destination::Ahead(target) => {
                let end = self.asm.jump_if_forward(condition);
                self.jump_later(end, target, pc);
            }
            Destination::Nowhere => {
                let end = self.asm.jump_if_forward(condition);
                self.leave_later(end, pc, self.prologue.panic);
            }
        }
    }

    /// Where a jump at `pc` leads. All blocks up to there have begun.
    #[inline(always)]
    fn destination(&mut self, target: Option<u32>, pc: u32) -> Destination {
        match target {
            Some(target) if target > pc => Destination::Ahead(target),
            Some(target) => {
                self.last_target_back = target;
                self.head(target.into()).map_or(Destination::Nowhere, Destination::Block)
            }
            None => Destination::Nowhere,
        }
    }

    pub(super) fn branch(&mut self, condition: Condition, a: Gpr, b: Gpr, target: Option<u32>, pc: u32) {
        self.asm.alu(Alu::Cmp, W64, a, b);
        self.jump_if(condition, target, pc);
    }

    pub(super) fn branch_imm(
        &mut self,
        condition: Condition,
        a: Gpr,
        (x, target): (i32, Option<u32>),
        pc: u32,
    ) {
        self.compare_imm(a, x);
        self.jump_if(condition, target, pc);
    }
}
