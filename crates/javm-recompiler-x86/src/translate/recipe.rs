//! Which instruction is translated how: a line each, by family, in the order of the interpreter.
//!
//! What goes the same way goes through one place of the machine's: a processor foresees where it leads much better than
//! which of 140 opcodes comes next.

use javm_isa::{Opcode, OpcodeTable};

use super::divide::Part::{self, Quotient, Remainder};
use super::memory::Store;
use super::multiply::Signs;
use super::pairs::Half;
use crate::asm::Access::*;
use crate::asm::Condition::*;
use crate::asm::Shift::{Rol, Ror, Sar, Shl, Shr};
use crate::asm::Width::{W32, W64};
use crate::asm::{Access, Alu, Condition, Shift, Width};

/// A way to translate an instruction, and what is particular to it.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Recipe {
    Panic,
    HostCall,
    Nothing,
    Jump,
    LoadImmJump,
    JumpInd,
    LoadImmJumpInd,
    BranchImm(Condition),
    Branch(Condition),
    LoadImm,
    LoadImm64,
    MoveReg,
    Cmov(Condition),
    CmovImm(Condition),
    Access(Access),
    AccessInd(Access),
    StoreImm(Store),
    StoreImmInd(Store),
    CountSetBits(Width),
    LeadingZeroBits(Width),
    TrailingZeroBits(Width),
    SignExtend8,
    SignExtend16,
    ZeroExtend16,
    ReverseBytes,
    AddImm(Width),
    NegAddImm(Width),
    MulImm(Width),
    LogicImm(Alu),
    SetImm(Condition),
    ShiftImm(Shift, Width),
    ShiftImmAlt(Shift, Width),
    Add32,
    Add64,
    Sub(Width),
    Mul32,
    Half(Half),
    Divide(Width, IsSigned, Part),
    MulUpper(Signs),
    Shift(Shift, Width),
    Logic(Alu),
    AndInv,
    OrInv,
    Xnor,
    Set(Condition),
    Pick(Condition),
}

/// Of a division: do its operands have a sign?
pub(super) type IsSigned = bool;

/// The recipes of all octets where an instruction may start.
pub(super) type Recipes = [Recipe; 256];

/// Those of a table.
pub(super) const fn recipes(table: OpcodeTable) -> &'static Recipes {
    match table {
        OpcodeTable::Gp07 => &GP_07,
        OpcodeTable::JamV1 => &JAM_V1,
    }
}

static GP_07: Recipes = by_octet(OpcodeTable::Gp07);
static JAM_V1: Recipes = by_octet(OpcodeTable::JamV1);

const fn by_octet(table: OpcodeTable) -> Recipes {
    let mut recipes = [Recipe::Panic; 256];
    let mut octet = 0;
    while octet < recipes.len() {
        if let Some(opcode) = table.opcode(octet as u8) {
            recipes[octet] = recipe(opcode);
        }
        octet += 1;
    }
    recipes
}

pub(super) const fn recipe(opcode: Opcode) -> Recipe {
    match opcode {
        // Exits
        Opcode::Trap | Opcode::Sbrk => Recipe::Panic,
        Opcode::Ecalli => Recipe::HostCall,

        // No effect
        Opcode::Unlikely | Opcode::Fallthrough => Recipe::Nothing,

        // Jumps
        Opcode::Jump => Recipe::Jump,
        Opcode::LoadImmJump => Recipe::LoadImmJump,
        Opcode::JumpInd => Recipe::JumpInd,
        Opcode::LoadImmJumpInd => Recipe::LoadImmJumpInd,

        // Branches on a register and an immediate
        Opcode::BranchEqImm => Recipe::BranchImm(Equal),
        Opcode::BranchNeImm => Recipe::BranchImm(NotEqual),
        Opcode::BranchLtUImm => Recipe::BranchImm(Below),
        Opcode::BranchLeUImm => Recipe::BranchImm(BelowEqual),
        Opcode::BranchGeUImm => Recipe::BranchImm(AboveEqual),
        Opcode::BranchGtUImm => Recipe::BranchImm(Above),
        Opcode::BranchLtSImm => Recipe::BranchImm(Less),
        Opcode::BranchLeSImm => Recipe::BranchImm(LessEqual),
        Opcode::BranchGeSImm => Recipe::BranchImm(GreaterEqual),
        Opcode::BranchGtSImm => Recipe::BranchImm(Greater),

        // Branches on two registers
        Opcode::BranchEq => Recipe::Branch(Equal),
        Opcode::BranchNe => Recipe::Branch(NotEqual),
        Opcode::BranchLtU => Recipe::Branch(Below),
        Opcode::BranchLtS => Recipe::Branch(Less),
        Opcode::BranchGeU => Recipe::Branch(AboveEqual),
        Opcode::BranchGeS => Recipe::Branch(GreaterEqual),

        // Constants and moves
        Opcode::LoadImm => Recipe::LoadImm,
        Opcode::LoadImm64 => Recipe::LoadImm64,
        Opcode::MoveReg => Recipe::MoveReg,
        Opcode::CmovIz => Recipe::Cmov(Equal),
        Opcode::CmovNz => Recipe::Cmov(NotEqual),
        Opcode::CmovIzImm => Recipe::CmovImm(Equal),
        Opcode::CmovNzImm => Recipe::CmovImm(NotEqual),

        // Loads: at an immediate, then at a register plus an immediate
        Opcode::LoadU8 => Recipe::Access(LoadU8),
        Opcode::LoadI8 => Recipe::Access(LoadI8),
        Opcode::LoadU16 => Recipe::Access(LoadU16),
        Opcode::LoadI16 => Recipe::Access(LoadI16),
        Opcode::LoadU32 => Recipe::Access(LoadU32),
        Opcode::LoadI32 => Recipe::Access(LoadI32),
        Opcode::LoadU64 => Recipe::Access(LoadU64),
        Opcode::LoadIndU8 => Recipe::AccessInd(LoadU8),
        Opcode::LoadIndI8 => Recipe::AccessInd(LoadI8),
        Opcode::LoadIndU16 => Recipe::AccessInd(LoadU16),
        Opcode::LoadIndI16 => Recipe::AccessInd(LoadI16),
        Opcode::LoadIndU32 => Recipe::AccessInd(LoadU32),
        Opcode::LoadIndI32 => Recipe::AccessInd(LoadI32),
        Opcode::LoadIndU64 => Recipe::AccessInd(LoadU64),

        // Stores: of a register, then of an immediate
        Opcode::StoreU8 => Recipe::Access(StoreU8),
        Opcode::StoreU16 => Recipe::Access(StoreU16),
        Opcode::StoreU32 => Recipe::Access(StoreU32),
        Opcode::StoreU64 => Recipe::Access(StoreU64),
        Opcode::StoreIndU8 => Recipe::AccessInd(StoreU8),
        Opcode::StoreIndU16 => Recipe::AccessInd(StoreU16),
        Opcode::StoreIndU32 => Recipe::AccessInd(StoreU32),
        Opcode::StoreIndU64 => Recipe::AccessInd(StoreU64),
        Opcode::StoreImmU8 => Recipe::StoreImm(Store::U8),
        Opcode::StoreImmU16 => Recipe::StoreImm(Store::U16),
        Opcode::StoreImmU32 => Recipe::StoreImm(Store::U32),
        Opcode::StoreImmU64 => Recipe::StoreImm(Store::U64),
        Opcode::StoreImmIndU8 => Recipe::StoreImmInd(Store::U8),
        Opcode::StoreImmIndU16 => Recipe::StoreImmInd(Store::U16),
        Opcode::StoreImmIndU32 => Recipe::StoreImmInd(Store::U32),
        Opcode::StoreImmIndU64 => Recipe::StoreImmInd(Store::U64),

        // Bits of one register
        Opcode::CountSetBits64 => Recipe::CountSetBits(W64),
        Opcode::CountSetBits32 => Recipe::CountSetBits(W32),
        Opcode::LeadingZeroBits64 => Recipe::LeadingZeroBits(W64),
        Opcode::LeadingZeroBits32 => Recipe::LeadingZeroBits(W32),
        Opcode::TrailingZeroBits64 => Recipe::TrailingZeroBits(W64),
        Opcode::TrailingZeroBits32 => Recipe::TrailingZeroBits(W32),
        Opcode::SignExtend8 => Recipe::SignExtend8,
        Opcode::SignExtend16 => Recipe::SignExtend16,
        Opcode::ZeroExtend16 => Recipe::ZeroExtend16,
        Opcode::ReverseBytes => Recipe::ReverseBytes,

        // A register and an immediate: sums, products, logic, comparisons
        Opcode::AddImm32 => Recipe::AddImm(W32),
        Opcode::AddImm64 => Recipe::AddImm(W64),
        Opcode::NegAddImm32 => Recipe::NegAddImm(W32),
        Opcode::NegAddImm64 => Recipe::NegAddImm(W64),
        Opcode::MulImm32 => Recipe::MulImm(W32),
        Opcode::MulImm64 => Recipe::MulImm(W64),
        Opcode::AndImm => Recipe::LogicImm(Alu::And),
        Opcode::XorImm => Recipe::LogicImm(Alu::Xor),
        Opcode::OrImm => Recipe::LogicImm(Alu::Or),
        Opcode::SetLtUImm => Recipe::SetImm(Below),
        Opcode::SetLtSImm => Recipe::SetImm(Less),
        Opcode::SetGtUImm => Recipe::SetImm(Above),
        Opcode::SetGtSImm => Recipe::SetImm(Greater),

        // A register shifted by an immediate, then ("alt") an immediate shifted by a register
        Opcode::ShloLImm32 => Recipe::ShiftImm(Shl, W32),
        Opcode::ShloRImm32 => Recipe::ShiftImm(Shr, W32),
        Opcode::SharRImm32 => Recipe::ShiftImm(Sar, W32),
        Opcode::RotR32Imm => Recipe::ShiftImm(Ror, W32),
        Opcode::ShloLImm64 => Recipe::ShiftImm(Shl, W64),
        Opcode::ShloRImm64 => Recipe::ShiftImm(Shr, W64),
        Opcode::SharRImm64 => Recipe::ShiftImm(Sar, W64),
        Opcode::RotR64Imm => Recipe::ShiftImm(Ror, W64),
        Opcode::ShloLImmAlt32 => Recipe::ShiftImmAlt(Shl, W32),
        Opcode::ShloRImmAlt32 => Recipe::ShiftImmAlt(Shr, W32),
        Opcode::SharRImmAlt32 => Recipe::ShiftImmAlt(Sar, W32),
        Opcode::RotR32ImmAlt => Recipe::ShiftImmAlt(Ror, W32),
        Opcode::ShloLImmAlt64 => Recipe::ShiftImmAlt(Shl, W64),
        Opcode::ShloRImmAlt64 => Recipe::ShiftImmAlt(Shr, W64),
        Opcode::SharRImmAlt64 => Recipe::ShiftImmAlt(Sar, W64),
        Opcode::RotR64ImmAlt => Recipe::ShiftImmAlt(Ror, W64),

        // Two registers: sums, products, quotients
        Opcode::Add32 => Recipe::Add32,
        Opcode::Sub32 => Recipe::Sub(W32),
        Opcode::Mul32 => Recipe::Mul32,
        Opcode::DivU32 => Recipe::Divide(W32, false, Quotient),
        Opcode::DivS32 => Recipe::Divide(W32, true, Quotient),
        Opcode::RemU32 => Recipe::Divide(W32, false, Remainder),
        Opcode::RemS32 => Recipe::Divide(W32, true, Remainder),
        Opcode::Add64 => Recipe::Add64,
        Opcode::Sub64 => Recipe::Sub(W64),
        Opcode::Mul64 => Recipe::Half(Half::Lower),
        Opcode::DivU64 => Recipe::Divide(W64, false, Quotient),
        Opcode::DivS64 => Recipe::Divide(W64, true, Quotient),
        Opcode::RemU64 => Recipe::Divide(W64, false, Remainder),
        Opcode::RemS64 => Recipe::Divide(W64, true, Remainder),
        Opcode::MulUpperSS => Recipe::MulUpper(Signs::SignedSigned),
        Opcode::MulUpperUU => Recipe::Half(Half::Upper),
        Opcode::MulUpperSU => Recipe::MulUpper(Signs::SignedUnsigned),

        // Two registers: shifts and rotations
        Opcode::ShloL32 => Recipe::Shift(Shl, W32),
        Opcode::ShloR32 => Recipe::Shift(Shr, W32),
        Opcode::SharR32 => Recipe::Shift(Sar, W32),
        Opcode::ShloL64 => Recipe::Shift(Shl, W64),
        Opcode::ShloR64 => Recipe::Shift(Shr, W64),
        Opcode::SharR64 => Recipe::Shift(Sar, W64),
        Opcode::RotL64 => Recipe::Shift(Rol, W64),
        Opcode::RotL32 => Recipe::Shift(Rol, W32),
        Opcode::RotR64 => Recipe::Shift(Ror, W64),
        Opcode::RotR32 => Recipe::Shift(Ror, W32),

        // Two registers: logic and comparisons
        Opcode::And => Recipe::Logic(Alu::And),
        Opcode::Xor => Recipe::Logic(Alu::Xor),
        Opcode::Or => Recipe::Logic(Alu::Or),
        Opcode::AndInv => Recipe::AndInv,
        Opcode::OrInv => Recipe::OrInv,
        Opcode::Xnor => Recipe::Xnor,
        Opcode::SetLtU => Recipe::Set(Below),
        Opcode::SetLtS => Recipe::Set(Less),
        Opcode::Max => Recipe::Pick(Less),
        Opcode::MaxU => Recipe::Pick(Below),
        Opcode::Min => Recipe::Pick(Greater),
        Opcode::MinU => Recipe::Pick(Above),
    }
}
