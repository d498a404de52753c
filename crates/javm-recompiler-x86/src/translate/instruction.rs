//! Which instruction is translated how: a line each, by family, in the order of the interpreter.

use javm_isa::{Instruction, Opcode};

use super::Translator;
use super::divide::Part::{Quotient, Remainder};
use super::memory::Store;
use super::multiply::Signs;
use crate::asm::Condition::*;
use crate::asm::Shift::{Rol, Ror, Sar, Shl, Shr};
use crate::asm::Width::{W32, W64};
use crate::asm::{Alu, Load};
use crate::registers::gpr;

impl Translator {
    /// Translates the instruction at `pc`.
    pub fn instruction(&mut self, instruction: &Instruction, pc: u32) {
        let &Instruction { opcode, target, .. } = instruction;
        let (a, b, d) = (gpr(instruction.a), gpr(instruction.b), gpr(instruction.d));
        // Immediates are sign-extended from 32 bits, but for that of `load_imm_64`.
        let (wide_x, x, y) = (instruction.x, instruction.x as i32, instruction.y as i32);
        match opcode {
            // Exits
            Opcode::Trap | Opcode::Sbrk => self.panic(pc),
            Opcode::Ecalli => self.host_call(x, pc),

            // No effect
            Opcode::Unlikely | Opcode::Fallthrough => {}

            // Jumps
            Opcode::Jump => self.jump(target, pc),
            Opcode::LoadImmJump => {
                self.load_imm(a, wide_x);
                self.jump(target, pc);
            }
            Opcode::JumpInd => self.jump_ind(a, x, pc),
            Opcode::LoadImmJumpInd => self.load_imm_jump_ind(a, b, wide_x, y, pc),

            // Branches on a register and an immediate
            Opcode::BranchEqImm => self.branch_imm(Equal, a, x, target, pc),
            Opcode::BranchNeImm => self.branch_imm(NotEqual, a, x, target, pc),
            Opcode::BranchLtUImm => self.branch_imm(Below, a, x, target, pc),
            Opcode::BranchLeUImm => self.branch_imm(BelowEqual, a, x, target, pc),
            Opcode::BranchGeUImm => self.branch_imm(AboveEqual, a, x, target, pc),
            Opcode::BranchGtUImm => self.branch_imm(Above, a, x, target, pc),
            Opcode::BranchLtSImm => self.branch_imm(Less, a, x, target, pc),
            Opcode::BranchLeSImm => self.branch_imm(LessEqual, a, x, target, pc),
            Opcode::BranchGeSImm => self.branch_imm(GreaterEqual, a, x, target, pc),
            Opcode::BranchGtSImm => self.branch_imm(Greater, a, x, target, pc),

            // Branches on two registers
            Opcode::BranchEq => self.branch(Equal, a, b, target, pc),
            Opcode::BranchNe => self.branch(NotEqual, a, b, target, pc),
            Opcode::BranchLtU => self.branch(Below, a, b, target, pc),
            Opcode::BranchLtS => self.branch(Less, a, b, target, pc),
            Opcode::BranchGeU => self.branch(AboveEqual, a, b, target, pc),
            Opcode::BranchGeS => self.branch(GreaterEqual, a, b, target, pc),

            // Constants and moves
            Opcode::LoadImm64 | Opcode::LoadImm => self.load_imm(a, wide_x),
            Opcode::MoveReg => self.move_reg(d, a),
            Opcode::CmovIz => self.cmov(Equal, d, a, b),
            Opcode::CmovNz => self.cmov(NotEqual, d, a, b),
            Opcode::CmovIzImm => self.cmov_imm(Equal, a, b, wide_x),
            Opcode::CmovNzImm => self.cmov_imm(NotEqual, a, b, wide_x),

            // Loads: at an immediate, then at a register plus an immediate
            Opcode::LoadU8 => self.load(Load::U8, a, x),
            Opcode::LoadI8 => self.load(Load::I8, a, x),
            Opcode::LoadU16 => self.load(Load::U16, a, x),
            Opcode::LoadI16 => self.load(Load::I16, a, x),
            Opcode::LoadU32 => self.load(Load::U32, a, x),
            Opcode::LoadI32 => self.load(Load::I32, a, x),
            Opcode::LoadU64 => self.load(Load::U64, a, x),
            Opcode::LoadIndU8 => self.load_ind(Load::U8, a, b, x),
            Opcode::LoadIndI8 => self.load_ind(Load::I8, a, b, x),
            Opcode::LoadIndU16 => self.load_ind(Load::U16, a, b, x),
            Opcode::LoadIndI16 => self.load_ind(Load::I16, a, b, x),
            Opcode::LoadIndU32 => self.load_ind(Load::U32, a, b, x),
            Opcode::LoadIndI32 => self.load_ind(Load::I32, a, b, x),
            Opcode::LoadIndU64 => self.load_ind(Load::U64, a, b, x),

            // Stores: of a register, then of an immediate
            Opcode::StoreU8 => self.store(Store::U8, a, x),
            Opcode::StoreU16 => self.store(Store::U16, a, x),
            Opcode::StoreU32 => self.store(Store::U32, a, x),
            Opcode::StoreU64 => self.store(Store::U64, a, x),
            Opcode::StoreIndU8 => self.store_ind(Store::U8, a, b, x),
            Opcode::StoreIndU16 => self.store_ind(Store::U16, a, b, x),
            Opcode::StoreIndU32 => self.store_ind(Store::U32, a, b, x),
            Opcode::StoreIndU64 => self.store_ind(Store::U64, a, b, x),
            Opcode::StoreImmU8 => self.store_imm(Store::U8, y, x),
            Opcode::StoreImmU16 => self.store_imm(Store::U16, y, x),
            Opcode::StoreImmU32 => self.store_imm(Store::U32, y, x),
            Opcode::StoreImmU64 => self.store_imm(Store::U64, y, x),
            Opcode::StoreImmIndU8 => self.store_imm_ind(Store::U8, y, a, x),
            Opcode::StoreImmIndU16 => self.store_imm_ind(Store::U16, y, a, x),
            Opcode::StoreImmIndU32 => self.store_imm_ind(Store::U32, y, a, x),
            Opcode::StoreImmIndU64 => self.store_imm_ind(Store::U64, y, a, x),

            // Bits of one register
            Opcode::CountSetBits64 => self.count_set_bits(W64, d, a),
            Opcode::CountSetBits32 => self.count_set_bits(W32, d, a),
            Opcode::LeadingZeroBits64 => self.leading_zero_bits(W64, d, a),
            Opcode::LeadingZeroBits32 => self.leading_zero_bits(W32, d, a),
            Opcode::TrailingZeroBits64 => self.trailing_zero_bits(W64, d, a),
            Opcode::TrailingZeroBits32 => self.trailing_zero_bits(W32, d, a),
            Opcode::SignExtend8 => self.asm.movsx8(d, a),
            Opcode::SignExtend16 => self.asm.movsx16(d, a),
            Opcode::ZeroExtend16 => self.asm.movzx16(d, a),
            Opcode::ReverseBytes => self.reverse_bytes(d, a),

            // A register and an immediate: sums, products, logic, comparisons
            Opcode::AddImm32 => self.add_imm(W32, a, b, x),
            Opcode::AddImm64 => self.add_imm(W64, a, b, x),
            Opcode::NegAddImm32 => self.neg_add_imm(W32, a, b, x),
            Opcode::NegAddImm64 => self.neg_add_imm(W64, a, b, x),
            Opcode::MulImm32 => self.mul_imm(W32, a, b, x),
            Opcode::MulImm64 => self.mul_imm(W64, a, b, x),
            Opcode::AndImm => self.logic_imm(Alu::And, a, b, x),
            Opcode::XorImm => self.logic_imm(Alu::Xor, a, b, x),
            Opcode::OrImm => self.logic_imm(Alu::Or, a, b, x),
            Opcode::SetLtUImm => self.set_imm(Below, a, b, x),
            Opcode::SetLtSImm => self.set_imm(Less, a, b, x),
            Opcode::SetGtUImm => self.set_imm(Above, a, b, x),
            Opcode::SetGtSImm => self.set_imm(Greater, a, b, x),

            // A register shifted by an immediate, then ("alt") an immediate shifted by a register
            Opcode::ShloLImm32 => self.shift_imm(Shl, W32, a, b, wide_x),
            Opcode::ShloRImm32 => self.shift_imm(Shr, W32, a, b, wide_x),
            Opcode::SharRImm32 => self.shift_imm(Sar, W32, a, b, wide_x),
            Opcode::RotR32Imm => self.shift_imm(Ror, W32, a, b, wide_x),
            Opcode::ShloLImm64 => self.shift_imm(Shl, W64, a, b, wide_x),
            Opcode::ShloRImm64 => self.shift_imm(Shr, W64, a, b, wide_x),
            Opcode::SharRImm64 => self.shift_imm(Sar, W64, a, b, wide_x),
            Opcode::RotR64Imm => self.shift_imm(Ror, W64, a, b, wide_x),
            Opcode::ShloLImmAlt32 => self.shift_imm_alt(Shl, W32, a, b, wide_x),
            Opcode::ShloRImmAlt32 => self.shift_imm_alt(Shr, W32, a, b, wide_x),
            Opcode::SharRImmAlt32 => self.shift_imm_alt(Sar, W32, a, b, wide_x),
            Opcode::RotR32ImmAlt => self.shift_imm_alt(Ror, W32, a, b, wide_x),
            Opcode::ShloLImmAlt64 => self.shift_imm_alt(Shl, W64, a, b, wide_x),
            Opcode::ShloRImmAlt64 => self.shift_imm_alt(Shr, W64, a, b, wide_x),
            Opcode::SharRImmAlt64 => self.shift_imm_alt(Sar, W64, a, b, wide_x),
            Opcode::RotR64ImmAlt => self.shift_imm_alt(Ror, W64, a, b, wide_x),

            // Two registers: sums, products, quotients
            Opcode::Add32 => self.add(W32, d, a, b),
            Opcode::Sub32 => self.sub(W32, d, a, b),
            Opcode::Mul32 => self.mul(W32, d, a, b),
            Opcode::DivU32 => self.divide(W32, false, Quotient, d, a, b),
            Opcode::DivS32 => self.divide(W32, true, Quotient, d, a, b),
            Opcode::RemU32 => self.divide(W32, false, Remainder, d, a, b),
            Opcode::RemS32 => self.divide(W32, true, Remainder, d, a, b),
            Opcode::Add64 => self.add(W64, d, a, b),
            Opcode::Sub64 => self.sub(W64, d, a, b),
            Opcode::Mul64 => self.mul(W64, d, a, b),
            Opcode::DivU64 => self.divide(W64, false, Quotient, d, a, b),
            Opcode::DivS64 => self.divide(W64, true, Quotient, d, a, b),
            Opcode::RemU64 => self.divide(W64, false, Remainder, d, a, b),
            Opcode::RemS64 => self.divide(W64, true, Remainder, d, a, b),
            Opcode::MulUpperSS => self.mul_upper(Signs::SignedSigned, d, a, b),
            Opcode::MulUpperUU => self.mul_upper(Signs::UnsignedUnsigned, d, a, b),
            Opcode::MulUpperSU => self.mul_upper(Signs::SignedUnsigned, d, a, b),

            // Two registers: shifts and rotations
            Opcode::ShloL32 => self.shift(Shl, W32, d, a, b),
            Opcode::ShloR32 => self.shift(Shr, W32, d, a, b),
            Opcode::SharR32 => self.shift(Sar, W32, d, a, b),
            Opcode::ShloL64 => self.shift(Shl, W64, d, a, b),
            Opcode::ShloR64 => self.shift(Shr, W64, d, a, b),
            Opcode::SharR64 => self.shift(Sar, W64, d, a, b),
            Opcode::RotL64 => self.shift(Rol, W64, d, a, b),
            Opcode::RotL32 => self.shift(Rol, W32, d, a, b),
            Opcode::RotR64 => self.shift(Ror, W64, d, a, b),
            Opcode::RotR32 => self.shift(Ror, W32, d, a, b),

            // Two registers: logic and comparisons
            Opcode::And => self.logic(Alu::And, d, a, b),
            Opcode::Xor => self.logic(Alu::Xor, d, a, b),
            Opcode::Or => self.logic(Alu::Or, d, a, b),
            Opcode::AndInv => self.and_inv(d, a, b),
            Opcode::OrInv => self.or_inv(d, a, b),
            Opcode::Xnor => self.xnor(d, a, b),
            Opcode::SetLtU => self.set(Below, d, a, b),
            Opcode::SetLtS => self.set(Less, d, a, b),
            Opcode::Max => self.pick(Less, d, a, b),
            Opcode::MaxU => self.pick(Below, d, a, b),
            Opcode::Min => self.pick(Greater, d, a, b),
            Opcode::MinU => self.pick(Above, d, a, b),
        }
    }
}
