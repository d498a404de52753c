//! Blocks, exits, jumps and branches with fixed targets.

use crate::asm::Width::W64;
use crate::asm::{Alu, Condition, Gpr};
use crate::registers::{GAS, SCRATCH, UPPER};

use super::Translator;

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

/// The most that a short charge takes from the gas.
pub(crate) const MAX_SHORT_CHARGE: u32 = i8::MAX as u32;

/// Where in a charge its amount is: after REX, opcode and ModRM.
const AMOUNT_AT_BYTES: u32 = 3;

/// How long the machine code of a charge is: the subtraction, whose amount takes one octet or four, and the jump.
pub(crate) const fn charge_len_bytes(cost: u32) -> u32 {
    AMOUNT_AT_BYTES + if cost > MAX_SHORT_CHARGE { 4 } else { 1 } + 6
}

impl Translator<'_> {
    /// Goes on where a line begins: processors fetch, and keep what they have decoded, by lines of 64 octets.
    pub fn begin_line(&mut self) {
        self.asm.nops(LINE_LEN_BYTES - self.asm.position() % LINE_LEN_BYTES);
    }

    /// Has the block at `pc`, whose code begins at `start` and ends here, jumped to itself, and is it on more lines
    /// than it need be?
    pub fn is_loop_off_a_line(&self, pc: u32, start: u32) -> bool {
        let used = start % LINE_LEN_BYTES;
        self.last_target_back == pc && used != 0 && used + (self.position() - start) > LINE_LEN_BYTES
    }

    /// Leaves room for the charge for the block that starts at `pc`: [`charge`](Self::charge) says how much.
    #[inline(always)]
    pub fn start_block(&mut self, pc: u32, is_long: bool) {
        self.last_target_back = u32::MAX;
        self.asm.alu_imm(Alu::Sub, W64, GAS, if is_long { i32::MAX } else { i32::from(i8::MAX) });
        let end = self.asm.jump_if_forward(Condition::Below);
        self.leave_later(end, pc, self.prologue.out_of_gas);
    }

    /// Charges `cost` for the block that started here.
    #[inline(always)]
    pub fn charge(&mut self, start: u32, cost: u32, is_long: bool) {
        if is_long {
            self.asm.patch_u32(start + AMOUNT_AT_BYTES, cost);
        } else {
            self.asm.patch_u8(start + AMOUNT_AT_BYTES, cost as u8);
        }
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
