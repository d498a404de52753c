//! What two registers leave in an encoding, made beforehand for all of them.

use super::Gpr;

/// REX, opcode and ModRM of a `mov` of 64 bits.
const COPY: u32 = 0x00C0_8948;
pub(super) const COPY_LEN_BYTES: u8 = 3;

/// What registers leave in an encoding, from the octet on that holds their high bits: a REX or the second one of a VEX.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields(u32);

impl Fields {
    /// As base it has to have a displacement: without one it means something else.
    const NEEDS_DISPLACEMENT: u32 = 1 << 8;
    /// As base it has to have a SIB.
    const NEEDS_SIB: u32 = 1 << 9;
    /// Flags that stand where nothing is to be filled in.
    const FLAGS: u32 = Self::NEEDS_DISPLACEMENT | Self::NEEDS_SIB;

    /// With so many octets of opcode, or more of a VEX.
    const fn new(reg: Gpr, rm: Gpr, opcode_len_bytes: u32) -> Fields {
        let high = (reg.high() << 2 | rm.high()) as u32;
        let low = (reg.low() << 3 | rm.low()) as u32;
        Fields(high | low << (8 + 8 * opcode_len_bytes))
    }

    const fn memory(reg: Gpr, base: Gpr, opcode_len_bytes: u32) -> Fields {
        let Fields(registers) = Fields::new(reg, base, opcode_len_bytes);
        match base.low() {
            4 => Fields(registers | Self::NEEDS_SIB),
            5 => Fields(registers | Self::NEEDS_DISPLACEMENT),
            _ => Fields(registers),
        }
    }

    const fn displaced(self) -> Fields {
        Fields(self.0 & !Self::NEEDS_DISPLACEMENT)
    }

    const fn vex(reg: Gpr, rm: Gpr) -> Fields {
        let Fields(registers) = Fields::new(reg, rm, 2);
        Fields((registers & !7) | (registers & 7) << 5)
    }

    /// What to fill in.
    #[inline(always)]
    pub fn bits(self) -> u32 {
        self.0 & !Self::FLAGS
    }

    #[inline(always)]
    pub fn needs_displacement(self) -> u32 {
        (self.0 / Self::NEEDS_DISPLACEMENT) & 1
    }

    #[inline(always)]
    pub fn needs_sib(self) -> u32 {
        (self.0 / Self::NEEDS_SIB) & 1
    }
}

/// Which of two registers goes where, and how far ModRM is from the high bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Roles {
    /// `reg` the second, `rm` the first.
    SecondFirst,
    /// `rm` the first.
    First,
    /// `reg` the first, the memory at the second.
    Memory,
    /// The same with an opcode of two octets.
    MemoryOfTwo,
    /// The same with one, where there is a displacement in any case.
    Displaced,
    /// `reg` the first, `rm` the second, in a VEX.
    Vex,
}

/// Two registers in all their roles.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    roles: [Fields; 6],
    /// All of `mov first, second`, 64 bits.
    pub(super) copy: u32,
    /// Are they the same?
    pub is_same: bool,
}

impl Pair {
    /// Of a first and a second register.
    pub const fn new(first: Gpr, second: Gpr) -> Pair {
        let mut roles = [Fields(0); 6];
        roles[Roles::SecondFirst as usize] = Fields::new(second, first, 1);
        roles[Roles::First as usize] = Fields::new(Gpr::Rax, first, 1);
        roles[Roles::Memory as usize] = Fields::memory(first, second, 1);
        roles[Roles::MemoryOfTwo as usize] = Fields::memory(first, second, 2);
        roles[Roles::Displaced as usize] = Fields::memory(first, second, 1).displaced();
        roles[Roles::Vex as usize] = Fields::vex(first, second);
        let Fields(copied) = roles[Roles::SecondFirst as usize];
        Pair { roles, copy: COPY | copied, is_same: first as u8 == second as u8 }
    }

    #[inline(always)]
    pub(super) fn fields(&self, roles: Roles) -> Fields {
        self.roles[roles as usize]
    }
}

/// All pairs: the first register is the low four bits of the index, the second those above.
pub type Pairs = [Pair; 256];
