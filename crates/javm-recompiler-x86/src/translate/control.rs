//! Blocks, exits, jumps and branches with fixed targets.

use crate::asm::Width::W64;
use crate::asm::{Alu, Condition, Gpr};
use crate::registers::{GAS, SCRATCH, UPPER};

use super::Translator;

impl Translator {
    /// Charges for the block at `pc`, or leaves.
    pub fn start_block(&mut self, pc: u32, cost: u32) {
        if let Some(head) = self.heads.get_mut(pc as usize) {
            *head = self.asm.position();
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
        match target.filter(|&target| self.targets.contains(target)) {
            None => self.panic(pc),
            Some(target) => match self.head(target) {
                Some(head) => self.asm.jump(head),
                None => {
                    let end = self.asm.jump_forward();
                    self.jump_later(end, target);
                }
            },
        }
    }

    fn jump_if(&mut self, condition: Condition, target: Option<u32>, pc: u32) {
        match target.filter(|&target| self.targets.contains(target)) {
            None => {
                let end = self.asm.jump_if_forward(condition);
                self.leave_later(end, pc, self.prologue.panic);
            }
            Some(target) => match self.head(target) {
                Some(head) => self.asm.jump_if(condition, head),
                None => {
                    let end = self.asm.jump_if_forward(condition);
                    self.jump_later(end, target);
                }
            },
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
