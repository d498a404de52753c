//! From a recipe and the arguments to machine code.

use javm_isa::{Instruction, Step};

use super::Translator;
use super::recipe::Recipe;
use crate::asm::Width::{W32, W64};

/// Immediates are sign-extended from 32 bits.
#[inline(always)]
fn wide(x: i32) -> u64 {
    i64::from(x) as u64
}

impl Translator<'_> {
    /// Translates a step.
    #[inline(always)]
    pub fn instruction(&mut self, step: &Step<'_>) {
        if self.form(step) || self.second_of_pair(step.position) {
            return;
        }
        // The address taken is a copy's: so the step itself stays in machine registers.
        self.by_recipe(&{ *step });
    }

    /// Translates a step of any kind.
    #[inline(never)]
    pub(super) fn by_recipe(&mut self, step: &Step<'_>) {
        let (o, pc) = (step, step.position);
        let registers = self.registers;
        let (low, high) = (|| registers.of_field(o.low()), || registers.of_field(o.high()));
        let third = || registers.of_field(o.third());
        match self.recipes[usize::from(step.octets()[0])] {
            Recipe::Panic => self.panic(pc),
            Recipe::HostCall => self.host_call(o.only_immediate(), pc),
            Recipe::Nothing => {}

            Recipe::Jump => self.jump(o.only_target(), pc),
            Recipe::LoadImmJump => {
                let (x, target) = o.immediate_and_target();
                self.load_imm(low(), wide(x));
                self.jump(target, pc);
            }
            Recipe::JumpInd => self.jump_ind(low(), o.immediate(), pc),
            Recipe::LoadImmJumpInd => {
                let Instruction { x, y, .. } = o.instruction();
                self.load_imm_jump_ind(low(), high(), x, y as i32, pc);
            }
            Recipe::BranchImm(condition) => {
                self.branch_imm(condition, low(), o.immediate_and_target(), pc);
            }
            Recipe::Branch(condition) => self.branch(condition, low(), high(), o.target(), pc),

            Recipe::LoadImm => self.load_imm(low(), wide(o.immediate())),
            Recipe::LoadImm64 => self.load_imm(low(), o.instruction().x),
            Recipe::MoveReg => self.move_reg(low(), high()),
            Recipe::Cmov(condition) => self.cmov(condition, third(), low(), high()),
            Recipe::CmovImm(condition) => self.cmov_imm(condition, low(), high(), wide(o.immediate())),

            Recipe::AccessInd(access) => self.access_ind(access, low(), high(), o.immediate()),
            Recipe::Access(access) => self.access(access, low(), o.immediate()),
            Recipe::StoreImm(store) => self.store_imm(store, o.instruction()),
            Recipe::StoreImmInd(store) => self.store_imm_ind(store, o.instruction()),

            Recipe::CountSetBits(width) => self.count_set_bits(width, low(), high()),
            Recipe::LeadingZeroBits(width) => self.leading_zero_bits(width, low(), high()),
            Recipe::TrailingZeroBits(width) => self.trailing_zero_bits(width, low(), high()),
            Recipe::SignExtend8 => self.asm.movsx8(low(), high()),
            Recipe::SignExtend16 => self.asm.movsx16(low(), high()),
            Recipe::ZeroExtend16 => self.asm.movzx16(low(), high()),
            Recipe::ReverseBytes => self.reverse_bytes(low(), high()),

            Recipe::AddImm(width) => self.add_imm(width, low(), high(), o.immediate()),
            Recipe::NegAddImm(width) => self.neg_add_imm(width, low(), high(), o.immediate()),
            Recipe::MulImm(width) => self.mul_imm(width, low(), high(), o.immediate()),
            Recipe::LogicImm(op) => self.logic_imm(op, low(), high(), o.immediate()),
            Recipe::SetImm(condition) => self.set_imm(condition, low(), high(), o.immediate()),
            Recipe::ShiftImm(shift, width) => self.shift_imm(shift, width, low(), high(), o.immediate()),
            Recipe::ShiftImmAlt(shift, width) => {
                self.shift_imm_alt(shift, width, low(), high(), wide(o.immediate()));
            }

            Recipe::Add32 => self.add(W32, third(), low(), high()),
            Recipe::Sub(width) => self.sub(width, third(), low(), high()),
            Recipe::Mul32 => self.mul(W32, third(), low(), high()),
            Recipe::Half(half) => self.half_or_both(half, pc, step.skip, step.octets()),
            Recipe::Divide(width, is_signed, part) => {
                self.divide(width, is_signed, part, third(), low(), high());
            }
            Recipe::MulUpper(signs) => self.mul_upper(signs, third(), low(), high()),
            Recipe::Shift(shift, width) => self.shift(shift, width, third(), low(), high()),

            Recipe::Add64 => self.add(W64, third(), low(), high()),
            Recipe::Logic(op) => self.logic(op, third(), low(), high()),
            Recipe::AndInv => self.and_inv(third(), low(), high()),
            Recipe::OrInv => self.or_inv(third(), low(), high()),
            Recipe::Xnor => self.xnor(third(), low(), high()),
            Recipe::Set(condition) => self.set(condition, third(), low(), high()),
            Recipe::Pick(condition) => self.pick(condition, third(), low(), high()),
        }
    }
}
