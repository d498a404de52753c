//! Which instruction is translated how: a line each, by family, in the order of the interpreter.

use javm_isa::{Instruction, Opcode, Step};

use super::Translator;
use super::divide::Part::{Quotient, Remainder};
use super::memory::Store;
use super::multiply::Signs;
use super::pairs::Half;
use crate::asm::Condition::*;
use crate::asm::Shift::{Rol, Ror, Sar, Shl, Shr};
use crate::asm::Width::{W32, W64};
use crate::asm::{Alu, Load};

/// Immediates are sign-extended from 32 bits.
#[inline(always)]
fn wide(x: i32) -> u64 {
    i64::from(x) as u64
}

impl Translator<'_> {
    /// Translates a step.
    #[inline(always)]
    pub fn instruction(&mut self, step: &Step<'_>) {
        let (o, pc) = (step, step.position);
        let registers = self.registers;
        let (low, high) = (|| registers.of_field(o.low()), || registers.of_field(o.high()));
        let third = || registers.of_field(o.third());
        match step.opcode() {
            // Exits
            Opcode::Trap | Opcode::Sbrk => self.panic(pc),
            Opcode::Ecalli => self.host_call(o.only_immediate(), pc),

            // No effect
            Opcode::Unlikely | Opcode::Fallthrough => {}

            // Jumps
            Opcode::Jump => self.jump(o.only_target(), pc),
            Opcode::LoadImmJump => {
                let (x, target) = o.immediate_and_target();
                self.load_imm(low(), wide(x));
                self.jump(target, pc);
            }
            Opcode::JumpInd => self.jump_ind(low(), o.immediate(), pc),
            Opcode::LoadImmJumpInd => {
                let Instruction { x, y, .. } = o.instruction();
                self.load_imm_jump_ind(low(), high(), x, y as i32, pc);
            }

            // Branches on a register and an immediate
            Opcode::BranchEqImm => self.branch_imm(Equal, low(), o.immediate_and_target(), pc),
            Opcode::BranchNeImm => self.branch_imm(NotEqual, low(), o.immediate_and_target(), pc),
            Opcode::BranchLtUImm => self.branch_imm(Below, low(), o.immediate_and_target(), pc),
            Opcode::BranchLeUImm => self.branch_imm(BelowEqual, low(), o.immediate_and_target(), pc),
            Opcode::BranchGeUImm => self.branch_imm(AboveEqual, low(), o.immediate_and_target(), pc),
            Opcode::BranchGtUImm => self.branch_imm(Above, low(), o.immediate_and_target(), pc),
            Opcode::BranchLtSImm => self.branch_imm(Less, low(), o.immediate_and_target(), pc),
            Opcode::BranchLeSImm => self.branch_imm(LessEqual, low(), o.immediate_and_target(), pc),
            Opcode::BranchGeSImm => self.branch_imm(GreaterEqual, low(), o.immediate_and_target(), pc),
            Opcode::BranchGtSImm => self.branch_imm(Greater, low(), o.immediate_and_target(), pc),

            // Branches on two registers
            Opcode::BranchEq => self.branch(Equal, low(), high(), o.target(), pc),
            Opcode::BranchNe => self.branch(NotEqual, low(), high(), o.target(), pc),
            Opcode::BranchLtU => self.branch(Below, low(), high(), o.target(), pc),
            Opcode::BranchLtS => self.branch(Less, low(), high(), o.target(), pc),
            Opcode::BranchGeU => self.branch(AboveEqual, low(), high(), o.target(), pc),
            Opcode::BranchGeS => self.branch(GreaterEqual, low(), high(), o.target(), pc),

            // Constants and moves
            Opcode::LoadImm => self.load_imm(low(), wide(o.immediate())),
            Opcode::LoadImm64 => self.load_imm(low(), o.instruction().x),
            Opcode::MoveReg => self.move_reg(low(), high()),
            Opcode::CmovIz => self.cmov(Equal, third(), low(), high()),
            Opcode::CmovNz => self.cmov(NotEqual, third(), low(), high()),
            Opcode::CmovIzImm => self.cmov_imm(Equal, low(), high(), wide(o.immediate())),
            Opcode::CmovNzImm => self.cmov_imm(NotEqual, low(), high(), wide(o.immediate())),

            // Loads: at an immediate, then at a register plus an immediate
            Opcode::LoadU8 => self.load(Load::U8, low(), o.immediate()),
            Opcode::LoadI8 => self.load(Load::I8, low(), o.immediate()),
            Opcode::LoadU16 => self.load(Load::U16, low(), o.immediate()),
            Opcode::LoadI16 => self.load(Load::I16, low(), o.immediate()),
            Opcode::LoadU32 => self.load(Load::U32, low(), o.immediate()),
            Opcode::LoadI32 => self.load(Load::I32, low(), o.immediate()),
            Opcode::LoadU64 => self.load(Load::U64, low(), o.immediate()),
            Opcode::LoadIndU8 => self.load_ind(Load::U8, low(), high(), o.immediate()),
            Opcode::LoadIndI8 => self.load_ind(Load::I8, low(), high(), o.immediate()),
            Opcode::LoadIndU16 => self.load_ind(Load::U16, low(), high(), o.immediate()),
            Opcode::LoadIndI16 => self.load_ind(Load::I16, low(), high(), o.immediate()),
            Opcode::LoadIndU32 => self.load_ind(Load::U32, low(), high(), o.immediate()),
            Opcode::LoadIndI32 => self.load_ind(Load::I32, low(), high(), o.immediate()),
            Opcode::LoadIndU64 => self.load_ind(Load::U64, low(), high(), o.immediate()),

            // Stores: of a register, then of an immediate
            Opcode::StoreU8 => self.store(Store::U8, low(), o.immediate()),
            Opcode::StoreU16 => self.store(Store::U16, low(), o.immediate()),
            Opcode::StoreU32 => self.store(Store::U32, low(), o.immediate()),
            Opcode::StoreU64 => self.store(Store::U64, low(), o.immediate()),
            Opcode::StoreIndU8 => self.store_ind(Store::U8, low(), high(), o.immediate()),
            Opcode::StoreIndU16 => self.store_ind(Store::U16, low(), high(), o.immediate()),
            Opcode::StoreIndU32 => self.store_ind(Store::U32, low(), high(), o.immediate()),
            Opcode::StoreIndU64 => self.store_ind(Store::U64, low(), high(), o.immediate()),
            Opcode::StoreImmU8 => self.store_imm(Store::U8, o.instruction()),
            Opcode::StoreImmU16 => self.store_imm(Store::U16, o.instruction()),
            Opcode::StoreImmU32 => self.store_imm(Store::U32, o.instruction()),
            Opcode::StoreImmU64 => self.store_imm(Store::U64, o.instruction()),
            Opcode::StoreImmIndU8 => self.store_imm_ind(Store::U8, o.instruction()),
            Opcode::StoreImmIndU16 => self.store_imm_ind(Store::U16, o.instruction()),
            Opcode::StoreImmIndU32 => self.store_imm_ind(Store::U32, o.instruction()),
            Opcode::StoreImmIndU64 => self.store_imm_ind(Store::U64, o.instruction()),

            // Bits of one register
            Opcode::CountSetBits64 => self.count_set_bits(W64, low(), high()),
            Opcode::CountSetBits32 => self.count_set_bits(W32, low(), high()),
            Opcode::LeadingZeroBits64 => self.leading_zero_bits(W64, low(), high()),
            Opcode::LeadingZeroBits32 => self.leading_zero_bits(W32, low(), high()),
            Opcode::TrailingZeroBits64 => self.trailing_zero_bits(W64, low(), high()),
            Opcode::TrailingZeroBits32 => self.trailing_zero_bits(W32, low(), high()),
            Opcode::SignExtend8 => self.asm.movsx8(low(), high()),
            Opcode::SignExtend16 => self.asm.movsx16(low(), high()),
            Opcode::ZeroExtend16 => self.asm.movzx16(low(), high()),
            Opcode::ReverseBytes => self.reverse_bytes(low(), high()),

            // A register and an immediate: sums, products, logic, comparisons
            Opcode::AddImm32 => self.add_imm(W32, low(), high(), o.immediate()),
            Opcode::AddImm64 => self.add_imm(W64, low(), high(), o.immediate()),
            Opcode::NegAddImm32 => self.neg_add_imm(W32, low(), high(), o.immediate()),
            Opcode::NegAddImm64 => self.neg_add_imm(W64, low(), high(), o.immediate()),
            Opcode::MulImm32 => self.mul_imm(W32, low(), high(), o.immediate()),
            Opcode::MulImm64 => self.mul_imm(W64, low(), high(), o.immediate()),
            Opcode::AndImm => self.logic_imm(Alu::And, low(), high(), o.immediate()),
            Opcode::XorImm => self.logic_imm(Alu::Xor, low(), high(), o.immediate()),
            Opcode::OrImm => self.logic_imm(Alu::Or, low(), high(), o.immediate()),
            Opcode::SetLtUImm => self.set_imm(Below, low(), high(), o.immediate()),
            Opcode::SetLtSImm => self.set_imm(Less, low(), high(), o.immediate()),
            Opcode::SetGtUImm => self.set_imm(Above, low(), high(), o.immediate()),
            Opcode::SetGtSImm => self.set_imm(Greater, low(), high(), o.immediate()),

            // A register shifted by an immediate, then ("alt") an immediate shifted by a register
            Opcode::ShloLImm32 => self.shift_imm(Shl, W32, low(), high(), wide(o.immediate())),
            Opcode::ShloRImm32 => self.shift_imm(Shr, W32, low(), high(), wide(o.immediate())),
            Opcode::SharRImm32 => self.shift_imm(Sar, W32, low(), high(), wide(o.immediate())),
            Opcode::RotR32Imm => self.shift_imm(Ror, W32, low(), high(), wide(o.immediate())),
            Opcode::ShloLImm64 => self.shift_imm(Shl, W64, low(), high(), wide(o.immediate())),
            Opcode::ShloRImm64 => self.shift_imm(Shr, W64, low(), high(), wide(o.immediate())),
            Opcode::SharRImm64 => self.shift_imm(Sar, W64, low(), high(), wide(o.immediate())),
            Opcode::RotR64Imm => self.shift_imm(Ror, W64, low(), high(), wide(o.immediate())),
            Opcode::ShloLImmAlt32 => self.shift_imm_alt(Shl, W32, low(), high(), wide(o.immediate())),
            Opcode::ShloRImmAlt32 => self.shift_imm_alt(Shr, W32, low(), high(), wide(o.immediate())),
            Opcode::SharRImmAlt32 => self.shift_imm_alt(Sar, W32, low(), high(), wide(o.immediate())),
            Opcode::RotR32ImmAlt => self.shift_imm_alt(Ror, W32, low(), high(), wide(o.immediate())),
            Opcode::ShloLImmAlt64 => self.shift_imm_alt(Shl, W64, low(), high(), wide(o.immediate())),
            Opcode::ShloRImmAlt64 => self.shift_imm_alt(Shr, W64, low(), high(), wide(o.immediate())),
            Opcode::SharRImmAlt64 => self.shift_imm_alt(Sar, W64, low(), high(), wide(o.immediate())),
            Opcode::RotR64ImmAlt => self.shift_imm_alt(Ror, W64, low(), high(), wide(o.immediate())),

            // Two registers: sums, products, quotients
            Opcode::Add32 => self.add(W32, third(), low(), high()),
            Opcode::Sub32 => self.sub(W32, third(), low(), high()),
            Opcode::Mul32 => self.mul(W32, third(), low(), high()),
            Opcode::DivU32 => self.divide(W32, false, Quotient, third(), low(), high()),
            Opcode::DivS32 => self.divide(W32, true, Quotient, third(), low(), high()),
            Opcode::RemU32 => self.divide(W32, false, Remainder, third(), low(), high()),
            Opcode::RemS32 => self.divide(W32, true, Remainder, third(), low(), high()),
            Opcode::Add64 => self.sum(step),
            Opcode::Sub64 => self.sub(W64, third(), low(), high()),
            Opcode::Mul64 => self.half(Half::Lower, step),
            Opcode::DivU64 => self.divide(W64, false, Quotient, third(), low(), high()),
            Opcode::DivS64 => self.divide(W64, true, Quotient, third(), low(), high()),
            Opcode::RemU64 => self.divide(W64, false, Remainder, third(), low(), high()),
            Opcode::RemS64 => self.divide(W64, true, Remainder, third(), low(), high()),
            Opcode::MulUpperSS => self.mul_upper(Signs::SignedSigned, third(), low(), high()),
            Opcode::MulUpperUU => self.half(Half::Upper, step),
            Opcode::MulUpperSU => self.mul_upper(Signs::SignedUnsigned, third(), low(), high()),

            // Two registers: shifts and rotations
            Opcode::ShloL32 => self.shift(Shl, W32, third(), low(), high()),
            Opcode::ShloR32 => self.shift(Shr, W32, third(), low(), high()),
            Opcode::SharR32 => self.shift(Sar, W32, third(), low(), high()),
            Opcode::ShloL64 => self.shift(Shl, W64, third(), low(), high()),
            Opcode::ShloR64 => self.shift(Shr, W64, third(), low(), high()),
            Opcode::SharR64 => self.shift(Sar, W64, third(), low(), high()),
            Opcode::RotL64 => self.shift(Rol, W64, third(), low(), high()),
            Opcode::RotL32 => self.shift(Rol, W32, third(), low(), high()),
            Opcode::RotR64 => self.shift(Ror, W64, third(), low(), high()),
            Opcode::RotR32 => self.shift(Ror, W32, third(), low(), high()),

            // Two registers: logic and comparisons
            Opcode::And => self.logic(Alu::And, third(), low(), high()),
            Opcode::Xor => self.logic(Alu::Xor, third(), low(), high()),
            Opcode::Or => self.logic(Alu::Or, third(), low(), high()),
            Opcode::AndInv => self.and_inv(third(), low(), high()),
            Opcode::OrInv => self.or_inv(third(), low(), high()),
            Opcode::Xnor => self.xnor(third(), low(), high()),
            Opcode::SetLtU => self.set_below(step),
            Opcode::SetLtS => self.set(Less, third(), low(), high()),
            Opcode::Max => self.pick(Less, third(), low(), high()),
            Opcode::MaxU => self.pick(Below, third(), low(), high()),
            Opcode::Min => self.pick(Greater, third(), low(), high()),
            Opcode::MinU => self.pick(Above, third(), low(), high()),
        }
    }
}
