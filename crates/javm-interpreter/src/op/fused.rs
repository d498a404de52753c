//! Two to four instructions in one handler: fewer indirect jumps where they are common neighbours.
//!
//! What leads to the first of a sequence names the sequence's handler, what leads to the others their own (or that of
//! a sequence that starts there), so a jump into its midst, a stop between two, and resuming there are as ever.

use javm_isa::Opcode;

use super::sequences::*;
use super::{control, memory, registers};
use crate::{Memory, step::Handler};

/// The first number that is no opcode's own.
const FIRST: usize = Opcode::ALL.len();

macro_rules! fused {
    ($($handler:ident $($module:ident::$op:ident)+;)*) => {
        /// The sequences, in the order of their handlers.
        const SEQUENCES: &[&[Opcode]] = &[$(&[$(Opcode::$op),+]),*];

        /// Enters their handlers.
        #[allow(unused_assignments, reason = "the last one")]
        pub(super) const fn fill<M: Memory>(table: &mut [Handler<M>; 256]) {
            let mut number = FIRST;
            $(
                table[number] = $handler::<M, $($module::$op),+>;
                number += 1;
            )*
        }
    };
}

// Chosen by counting what runs in compiled Rust (sums, hashes, products of long numbers, walks over memory): first the
// sixty pairs that save the most, then longer ones. Sequences that begin with the same two lie together.
fused! {
    pair registers::Add64 registers::Add64;
    pair_branch registers::Add64 control::BranchLtU;
    pair_branch registers::Add64 control::BranchNe;
    pair registers::Add64 memory::LoadIndU64;
    quad registers::Add64 memory::LoadIndU64 registers::Add64 memory::LoadIndU64;
    quad registers::Add64 memory::LoadIndU64 registers::Add64 registers::Xor;
    pair registers::Add64 registers::SetLtU;
    quad registers::Add64 registers::SetLtU memory::LoadIndU64 registers::Add64;
    pair registers::Add64 registers::ShloRImm64;
    pair registers::Add64 memory::StoreIndU64;
    quad registers::Add64 memory::StoreIndU64 registers::AddImm64 memory::LoadIndU64;
    quad registers::Add64 memory::StoreIndU64 memory::LoadIndU64 registers::Add64;
    quad registers::Add64 memory::StoreIndU64 memory::LoadIndU64 memory::LoadIndU64;
    pair registers::Add64 registers::Xor;
    pair registers::AddImm32 registers::Add64;
    quad_branch registers::AddImm32 registers::Add64 registers::MoveReg control::BranchNeImm;
    pair_branch registers::AddImm64 control::BranchLtU;
    pair_branch registers::AddImm64 control::BranchNe;
    pair_branch registers::AddImm64 control::BranchNeImm;
    pair registers::AddImm64 memory::LoadIndU64;
    pair registers::AddImm64 memory::StoreIndU32;
    quad_branch registers::AddImm64 memory::StoreIndU32 registers::AddImm64 control::BranchNeImm;
    pair registers::AddImm64 memory::StoreIndU64;
    pair registers::And registers::And;
    quad registers::And registers::And registers::And registers::And;
    pair registers::And memory::StoreIndU64;
    pair registers::AndInv registers::Xor;
    quad registers::AndInv registers::Xor memory::StoreIndU64 registers::AndInv;
    pair_branch memory::LoadIndI32 control::BranchGeU;
    pair memory::LoadIndU64 registers::Add64;
    quad memory::LoadIndU64 registers::Add64 registers::AddImm64 memory::StoreIndU64;
    quad memory::LoadIndU64 registers::Add64 memory::LoadIndU64 registers::Add64;
    quad memory::LoadIndU64 registers::Add64 registers::SetLtU registers::Add64;
    quad memory::LoadIndU64 registers::Add64 memory::StoreIndU64 memory::LoadIndU64;
    quad memory::LoadIndU64 registers::Add64 memory::StoreIndU64 registers::RotR64Imm;
    quad memory::LoadIndU64 registers::Add64 memory::StoreIndU64 registers::SetLtU;
    pair memory::LoadIndU64 registers::AddImm64;
    pair memory::LoadIndU64 registers::And;
    pair memory::LoadIndU64 memory::LoadIndU64;
    quad memory::LoadIndU64 memory::LoadIndU64 registers::Add64 memory::LoadIndU64;
    quad memory::LoadIndU64 memory::LoadIndU64 registers::Add64 memory::StoreIndU64;
    quad memory::LoadIndU64 memory::LoadIndU64 memory::LoadIndU64 registers::AddImm64;
    quad memory::LoadIndU64 memory::LoadIndU64 memory::LoadIndU64 memory::LoadIndU64;
    pair memory::LoadIndU64 registers::Mul64;
    pair memory::LoadIndU64 registers::MulUpperUU;
    quad memory::LoadIndU64 registers::Or memory::StoreIndU64 memory::LoadIndU64;
    pair memory::LoadIndU64 registers::RotR64Imm;
    quad memory::LoadIndU64 registers::RotR64Imm memory::LoadIndU64 registers::RotR64Imm;
    quad memory::LoadIndU64 registers::RotR64Imm registers::RotR64Imm memory::LoadIndU64;
    pair memory::LoadIndU64 registers::ShloLImm64;
    pair memory::LoadIndU64 memory::StoreIndU64;
    quad memory::LoadIndU64 memory::StoreIndU64 memory::LoadIndU64 memory::StoreIndU64;
    pair memory::LoadIndU64 registers::Xor;
    quad memory::LoadIndU64 registers::Xor memory::LoadIndU64 registers::Xor;
    quad memory::LoadIndU64 registers::Xor memory::StoreIndU64 memory::LoadIndU64;
    pair memory::LoadIndU8 registers::AddImm64;
    quad_branch memory::LoadIndU8 registers::AddImm64 registers::Add64 control::BranchNe;
    pair_branch registers::MoveReg control::BranchNeImm;
    pair registers::Mul64 registers::Add64;
    quad registers::Mul64 registers::Mul64 registers::Add64 registers::SetLtU;
    pair registers::Mul64 memory::StoreIndU64;
    quad registers::Mul64 memory::StoreIndU64 registers::MulUpperUU memory::StoreIndU64;
    pair registers::MulUpperUU registers::Add64;
    quad registers::MulUpperUU memory::LoadIndU64 registers::Add64 memory::StoreIndU64;
    pair registers::MulUpperUU registers::Mul64;
    pair registers::MulUpperUU memory::StoreIndU64;
    quad registers::MulUpperUU memory::StoreIndU64 registers::Mul64 memory::StoreIndU64;
    pair registers::Or memory::StoreIndU64;
    pair registers::RotR64Imm memory::LoadIndU64;
    quad registers::RotR64Imm memory::LoadIndU64 registers::RotR64Imm registers::RotR64Imm;
    pair registers::RotR64Imm registers::RotR64Imm;
    quad registers::RotR64Imm registers::RotR64Imm registers::RotR64Imm memory::LoadIndU64;
    quad registers::RotR64Imm memory::StoreIndU64 registers::RotR64Imm registers::RotR64Imm;
    pair registers::RotR64Imm registers::Xor;
    pair registers::SetLtU registers::Add64;
    pair registers::SetLtU memory::LoadIndU64;
    quad registers::SetLtU memory::LoadIndU64 registers::Add64 memory::StoreIndU64;
    quad registers::ShloLImm64 registers::Add64 registers::SetLtU registers::Add64;
    pair registers::ShloLImm64 registers::Or;
    quad registers::ShloLImm64 registers::Or registers::AndImm registers::Add64;
    quad registers::ShloLImm64 registers::ShloRImm64 registers::Or memory::StoreIndU64;
    quad registers::ShloRImm64 memory::LoadIndU64 registers::ShloLImm64 registers::Or;
    pair registers::ShloRImm64 registers::Or;
    quad registers::ShloRImm64 registers::ShloLImm64 registers::Or registers::Add64;
    pair memory::StoreImmIndU8 registers::Add64;
    quad_branch memory::StoreImmIndU8 registers::Add64 registers::Add64 control::BranchLtU;
    pair memory::StoreIndU64 registers::AddImm64;
    quad_branch memory::StoreIndU64 registers::AddImm64 registers::AddImm64 control::BranchLtU;
    pair memory::StoreIndU64 registers::AndInv;
    quad memory::StoreIndU64 registers::AndInv registers::AndInv registers::Xor;
    pair memory::StoreIndU64 memory::LoadIndU64;
    quad memory::StoreIndU64 memory::LoadIndU64 registers::Add64 memory::StoreIndU64;
    quad memory::StoreIndU64 memory::LoadIndU64 registers::And memory::StoreIndU64;
    quad memory::StoreIndU64 memory::LoadIndU64 memory::LoadIndU64 registers::Add64;
    quad memory::StoreIndU64 memory::LoadIndU64 registers::Xor memory::StoreIndU64;
    pair memory::StoreIndU64 registers::Mul64;
    quad memory::StoreIndU64 registers::Mul64 memory::StoreIndU64 registers::Mul64;
    pair memory::StoreIndU64 registers::MulUpperUU;
    quad memory::StoreIndU64 registers::MulUpperUU memory::StoreIndU64 registers::Mul64;
    quad memory::StoreIndU64 registers::MulUpperUU memory::StoreIndU64 registers::MulUpperUU;
    pair memory::StoreIndU64 registers::RotR64Imm;
    pair memory::StoreIndU64 registers::SetLtU;
    quad memory::StoreIndU64 registers::SetLtU memory::LoadIndU64 registers::Add64;
    pair memory::StoreIndU64 memory::StoreIndU64;
    quad memory::StoreIndU64 memory::StoreIndU64 memory::StoreIndU64 memory::StoreIndU64;
    pair memory::StoreIndU64 registers::Xor;
    quad_branch memory::StoreIndU8 registers::AddImm64 registers::AddImm64 control::BranchNe;
    pair registers::Xor memory::LoadIndU64;
    quad registers::Xor memory::LoadIndU64 memory::LoadIndU64 registers::Xor;
    quad registers::Xor memory::LoadIndU64 registers::Xor registers::Xor;
    pair registers::Xor registers::RotR64Imm;
    pair registers::Xor memory::StoreIndU64;
    quad registers::Xor memory::StoreIndU64 memory::LoadIndU64 registers::Xor;
    quad registers::Xor memory::StoreIndU64 registers::Xor memory::StoreIndU64;
    pair registers::Xor registers::Xor;
    quad registers::Xor registers::Xor registers::Xor memory::LoadIndU64;
}

const _: () = assert!(FIRST + SEQUENCES.len() <= 256);

/// By two opcodes: where the sequences that begin with them start, plus one, or 0.
static STARTS: [[u8; FIRST]; FIRST] = {
    let mut starts = [[0; FIRST]; FIRST];
    let (mut index, mut before) = (0, [FIRST; 2]);
    while index < SEQUENCES.len() {
        let two = [SEQUENCES[index][0] as usize, SEQUENCES[index][1] as usize];
        if two[0] != before[0] || two[1] != before[1] {
            assert!(starts[two[0]][two[1]] == 0, "sequences that begin alike lie apart");
            starts[two[0]][two[1]] = index as u8 + 1;
        }
        (index, before) = (index + 1, two);
    }
    starts
};

/// The most instructions in a sequence.
pub(crate) const LONGEST: usize = 4;

/// The sequences that `opcodes` begin with: their lengths, and the numbers of their handlers.
pub(crate) fn fused(opcodes: [Opcode; LONGEST]) -> impl Iterator<Item = (usize, u8)> {
    let start = usize::from(STARTS[opcodes[0] as usize][opcodes[1] as usize]).checked_sub(1);
    let candidates = start.map_or(&[][..], |start| &SEQUENCES[start..]);
    let numbers = FIRST + start.unwrap_or(0)..;
    candidates
        .iter()
        .zip(numbers)
        .take_while(move |(sequence, _)| sequence[..2] == opcodes[..2])
        .filter(move |(sequence, _)| opcodes.starts_with(sequence))
        .map(|(sequence, number)| (sequence.len(), number as u8))
}

#[cfg(test)]
mod tests;
