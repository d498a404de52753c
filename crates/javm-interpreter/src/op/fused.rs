//! Two instructions in one handler: half as many indirect jumps where they are common neighbours.
//!
//! The first record of a pair has the pair's handler, the second its own, so a jump to the second, a stop between
//! the two, and resuming there are as ever.

use javm_isa::Opcode;

use super::{control, memory, pair, pair_branch, registers};
use crate::{Memory, step::Handler};

/// The first number that is no opcode's own.
const FIRST: usize = Opcode::ALL.len();

macro_rules! pairs {
    (
        ops { $($first_module:ident::$first:ident $second_module:ident::$second:ident;)* }
        branches { $($op_module:ident::$op:ident $branch:ident;)* }
    ) => {
        /// The pairs, in the order of their handlers.
        const PAIRS: &[(Opcode, Opcode)] =
            &[$((Opcode::$first, Opcode::$second),)* $((Opcode::$op, Opcode::$branch),)*];

        /// Enters their handlers.
        #[allow(unused_assignments, reason = "the last one")]
        pub(super) const fn fill<M: Memory>(table: &mut [Handler<M>; 256]) {
            let mut number = FIRST;
            $(
                table[number] = pair::<M, $first_module::$first, $second_module::$second>;
                number += 1;
            )*
            $(
                table[number] = pair_branch::<M, $op_module::$op, control::$branch>;
                number += 1;
            )*
        }
    };
}

pairs! {
    ops {
        // What compiled code is mostly made of: the stack, sums, logic
        memory::LoadIndU64 memory::LoadIndU64;
        memory::LoadIndU64 memory::StoreIndU64;
        memory::LoadIndU64 registers::Add64;
        memory::LoadIndU64 registers::Xor;
        memory::LoadIndU64 registers::AddImm64;
        memory::StoreIndU64 memory::LoadIndU64;
        memory::StoreIndU64 memory::StoreIndU64;
        memory::StoreIndU64 registers::Add64;
        memory::StoreIndU64 registers::Xor;
        memory::StoreIndU64 registers::AddImm64;
        registers::Add64 memory::LoadIndU64;
        registers::Add64 memory::StoreIndU64;
        registers::Add64 registers::Add64;
        registers::Add64 registers::Xor;
        registers::Add64 registers::AddImm64;
        registers::Xor memory::LoadIndU64;
        registers::Xor memory::StoreIndU64;
        registers::Xor registers::Add64;
        registers::Xor registers::Xor;
        registers::Xor registers::AddImm64;
        registers::AddImm64 memory::LoadIndU64;
        registers::AddImm64 memory::StoreIndU64;
        registers::AddImm64 registers::Add64;
        registers::AddImm64 registers::Xor;
        registers::AddImm64 registers::AddImm64;
        // Rotations, as in BLAKE2b and Keccak
        registers::RotR64Imm registers::RotR64Imm;
        registers::RotR64Imm memory::LoadIndU64;
        registers::RotR64Imm memory::StoreIndU64;
        registers::RotR64Imm registers::Xor;
        registers::RotR64Imm registers::Add64;
        registers::RotR64Imm registers::AndInv;
        registers::Xor registers::RotR64Imm;
        memory::LoadIndU64 registers::RotR64Imm;
        memory::StoreIndU64 registers::RotR64Imm;
        registers::AndInv registers::Xor;
        registers::AndInv registers::AndInv;
        memory::StoreIndU64 registers::AndInv;
        registers::Xor registers::AndInv;
        // Carries and products of long numbers
        registers::Add64 registers::SetLtU;
        registers::SetLtU registers::Add64;
        registers::SetLtU memory::LoadIndU64;
        registers::SetLtU memory::StoreIndU64;
        memory::StoreIndU64 registers::SetLtU;
        memory::LoadIndU64 registers::SetLtU;
        memory::StoreIndU64 registers::Mul64;
        memory::LoadIndU64 registers::Mul64;
        registers::Mul64 memory::StoreIndU64;
        registers::Mul64 registers::MulUpperUU;
        registers::MulUpperUU registers::Mul64;
        registers::MulUpperUU memory::StoreIndU64;
        memory::StoreIndU64 registers::MulUpperUU;
        memory::LoadIndU64 registers::MulUpperUU;
        // Fields of words
        memory::LoadIndU64 registers::And;
        registers::And memory::StoreIndU64;
        registers::And registers::And;
        registers::Or memory::StoreIndU64;
        memory::LoadIndU64 registers::Or;
        registers::ShloLImm64 registers::Or;
        registers::ShloRImm64 registers::Or;
        registers::ShloRImm64 registers::ShloLImm64;
        registers::Add64 registers::ShloRImm64;
        memory::LoadIndU64 registers::ShloLImm64;
        memory::LoadIndU64 registers::ShloRImm64;
        registers::ShloLImm64 registers::Add64;
        // Moves and constants
        registers::MoveReg registers::MoveReg;
        registers::Add64 registers::MoveReg;
        registers::MoveReg registers::AddImm32;
        registers::AddImm32 registers::Add64;
        registers::MoveReg memory::LoadIndU64;
        memory::LoadIndU64 registers::MoveReg;
        registers::LoadImm registers::LoadImm;
        registers::MoveReg registers::AddImm64;
        registers::AddImm64 registers::MoveReg;
        registers::LoadImm registers::MoveReg;
        registers::MoveReg registers::LoadImm;
        memory::StoreIndU64 registers::MoveReg;
        // Walks over memory
        memory::StoreIndU32 registers::AddImm64;
        registers::AddImm64 memory::StoreIndU32;
        memory::LoadIndU8 registers::AddImm64;
        registers::AddImm64 memory::LoadIndU8;
        memory::StoreImmIndU8 registers::Add64;
        memory::LoadIndU8 memory::StoreIndU8;
        memory::StoreIndU8 registers::AddImm64;
        registers::Add64 memory::LoadIndI32;
        memory::LoadIndU32 memory::LoadIndU32;
    }
    branches {
        registers::AddImm64 BranchNeImm;
        registers::AddImm64 BranchNe;
        registers::AddImm64 BranchLtU;
        registers::AddImm64 BranchEq;
        registers::AddImm64 BranchEqImm;
        registers::Add64 BranchNe;
        registers::Add64 BranchLtU;
        registers::MoveReg BranchNeImm;
        memory::LoadIndI32 BranchGeU;
        memory::LoadIndI32 BranchEqImm;
        memory::LoadIndU8 BranchEqImm;
        memory::LoadIndU8 BranchNeImm;
        memory::LoadIndU64 BranchNe;
        registers::SetLtU BranchNeImm;
        registers::And BranchNeImm;
        registers::AndImm BranchEqImm;
    }
}

const _: () = assert!(FIRST + PAIRS.len() <= 256);

/// By two opcodes: the handler's number, or 0.
static NUMBERS: [[u8; FIRST]; FIRST] = {
    let mut numbers = [[0; FIRST]; FIRST];
    let mut pair = 0;
    while pair < PAIRS.len() {
        let (first, second) = PAIRS[pair];
        numbers[first as usize][second as usize] = (FIRST + pair) as u8;
        pair += 1;
    }
    numbers
};

/// The handler of two instructions that follow each other in a block, if there is one.
pub(crate) fn fused(first: Opcode, second: Opcode) -> Option<u8> {
    Some(NUMBERS[first as usize][second as usize]).filter(|&number| number != 0)
}
