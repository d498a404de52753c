//! Loads.

use super::encoding::{Encoding, Op};
use super::operand::Width::{W32, W64};
use super::{Asm, Gpr, Mem};

/// How a value in memory becomes 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
}

impl Load {
    /// All of them.
    #[cfg(test)]
    pub const ALL: [Load; 7] = [Self::U8, Self::I8, Self::U16, Self::I16, Self::U32, Self::I32, Self::U64];
}

impl Asm {
    /// `mov`, `movzx`, `movsx` or `movsxd d, [mem]`
    #[inline(always)]
    pub fn load(&mut self, load: Load, d: Gpr, mem: Mem) {
        let (width, op) = match load {
            Load::U8 => (W32, Op::two(0xB6)),
            Load::I8 => (W64, Op::two(0xBE)),
            Load::U16 => (W32, Op::two(0xB7)),
            Load::I16 => (W64, Op::two(0xBF)),
            Load::U32 => (W32, Op::one(0x8B)),
            Load::I32 => (W64, Op::one(0x63)),
            Load::U64 => (W64, Op::one(0x8B)),
        };
        self.put(Encoding::memory(width, op, d as u8, mem));
    }
}
