//! What an instruction wants to access.

use crate::{Access, AccessKind, Instruction, Opcode, REGISTER_COUNT, Reg};

impl Instruction {
    /// The access this instruction makes with these registers, `None` if it makes none.
    ///
    /// For an engine that learns of a fault from the hardware: this and [`classify`](crate::classify) say
    /// what it means, whatever address the hardware reports.
    pub fn access(&self, registers: &[u64; REGISTER_COUNT]) -> Option<Access> {
        let (kind, len_bytes, base) = self.access_shape()?;
        let base = base.map_or(0, |reg| registers[reg.index()]);
        Some(Access { address: base.wrapping_add(self.x) as u32, len_bytes, kind })
    }

    /// Kind, length in octets and base register, if any, of the access; the offset is always `x`.
    fn access_shape(&self) -> Option<(AccessKind, u32, Option<Reg>)> {
        use AccessKind::{Load, Store};
        Some(match self.opcode {
            Opcode::LoadU8 | Opcode::LoadI8 => (Load, 1, None),
            Opcode::LoadU16 | Opcode::LoadI16 => (Load, 2, None),
            Opcode::LoadU32 | Opcode::LoadI32 => (Load, 4, None),
            Opcode::LoadU64 => (Load, 8, None),
            Opcode::LoadIndU8 | Opcode::LoadIndI8 => (Load, 1, Some(self.b)),
            Opcode::LoadIndU16 | Opcode::LoadIndI16 => (Load, 2, Some(self.b)),
            Opcode::LoadIndU32 | Opcode::LoadIndI32 => (Load, 4, Some(self.b)),
            Opcode::LoadIndU64 => (Load, 8, Some(self.b)),
            Opcode::StoreU8 | Opcode::StoreImmU8 => (Store, 1, None),
            Opcode::StoreU16 | Opcode::StoreImmU16 => (Store, 2, None),
            Opcode::StoreU32 | Opcode::StoreImmU32 => (Store, 4, None),
            Opcode::StoreU64 | Opcode::StoreImmU64 => (Store, 8, None),
            Opcode::StoreIndU8 => (Store, 1, Some(self.b)),
            Opcode::StoreIndU16 => (Store, 2, Some(self.b)),
            Opcode::StoreIndU32 => (Store, 4, Some(self.b)),
            Opcode::StoreIndU64 => (Store, 8, Some(self.b)),
            Opcode::StoreImmIndU8 => (Store, 1, Some(self.a)),
            Opcode::StoreImmIndU16 => (Store, 2, Some(self.a)),
            Opcode::StoreImmIndU32 => (Store, 4, Some(self.a)),
            Opcode::StoreImmIndU64 => (Store, 8, Some(self.a)),
            _ => return None,
        })
    }
}
