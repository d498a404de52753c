//! Blocks, exits, jumps and branches with fixed targets.

use javm_isa::Step;

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

impl Translator {
    /// Puts the block that comes next, a loop of so many instructions, on one line if it is likely to fit:
    /// processors fetch, and keep what they have decoded, by lines of 64 octets.
    pub fn keep_on_a_line(&mut self, instruction_count: u32) {
        /// Octets of a charge, and of an instruction, about.
        const CHARGE: u32 = 12;
        const EACH: u32 = 5;
        let used = self.asm.position() % LINE_LEN_BYTES;
        if used + CHARGE + EACH * instruction_count > LINE_LEN_BYTES {
            self.asm.nops(LINE_LEN_BYTES - used);
        }
    }

    /// Charges for the block that starts with this step, or leaves. It may be jumped to if it starts with an
    /// instruction.
    pub fn start_block(&mut self, step: &Step, cost: u32) {
        let pc = step.position;
        if step.opcode.is_some() {
            self.heads.push(pc, self.asm.position());
        }
        self.asm.alu_imm(Alu::Sub, W64, GAS, cost as i32);
        let end = self.asm.jump_if_forward(Condition::Below);
        self.leave_later(end, pc, self.prologue.out_of_gas);
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
    fn destination(&self, target: Option<u32>, pc: u32) -> Destination {
        match target {
            Some(target) if target > pc => Destination::Ahead(target),
            Some(target) => self.head(target.into()).map_or(Destination::Nowhere, Destination::Block),
            None => Destination::Nowhere,
        }
    }

    pub(super) fn branch(&mut self, condition: Condition, a: Gpr, b: Gpr, target: Option<u32>, pc: u32) {
        self.asm.alu(Alu::Cmp, W64, a, b);
        self.jump_if(condition, target, pc);
    }

    pub(super) fn branch_imm(&mut self, condition: Condition, a: Gpr, x: i32, target: Option<u32>, pc: u32) {
        self.compare_imm(a, x);
        self.jump_if(condition, target, pc);
    }
}
