//! Loads, and stores of registers.

use super::encoding::{Encoding, Op};
use super::operand::Width::W64;
use super::{Asm, Gpr, Mem};

/// Which octets of memory, and how they become the 64 bits of a register; or which of a register's go to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Access {
    LoadU8,
    LoadI8,
    LoadU16,
    LoadI16,
    LoadU32,
    LoadI32,
    LoadU64,
    StoreU8,
    StoreU16,
    StoreU32,
    StoreU64,
}

/// The prefix that makes an operation one of 16 bits.
const OPERAND_16: u8 = 0x66;

impl Access {
    /// All of them.
    #[cfg(test)]
    pub const ALL: [Access; 11] = [
        Self::LoadU8,
        Self::LoadI8,
        Self::LoadU16,
        Self::LoadI16,
        Self::LoadU32,
        Self::LoadI32,
        Self::LoadU64,
        Self::StoreU8,
        Self::StoreU16,
        Self::StoreU32,
        Self::StoreU64,
    ];

    pub(super) const fn op(self) -> Op {
        match self {
            Self::LoadU8 => Op::two(0xB6),
            Self::LoadI8 => Op::two(0xBE).of_width(W64),
            Self::LoadU16 => Op::two(0xB7),
            Self::LoadI16 => Op::two(0xBF).of_width(W64),
            Self::LoadU32 => Op::one(0x8B),
            Self::LoadI32 => Op::one(0x63).of_width(W64),
            Self::LoadU64 => Op::one(0x8B).of_width(W64),
            Self::StoreU8 => Op::one(0x88),
            Self::StoreU16 => Op::one(0x89).prefixed(OPERAND_16),
            Self::StoreU32 => Op::one(0x89),
            Self::StoreU64 => Op::one(0x89).of_width(W64),
        }
    }
}

impl Asm {
    /// `mov`, `movzx`, `movsx` or `movsxd` of `reg` from or to `[mem]`.
    #[inline(always)]
    pub fn access(&mut self, access: Access, reg: Gpr, mem: Mem) {
        self.put(Encoding::memory(access.op(), reg as u8, mem));
    }
}
