//! Register names.

/// How many registers the machine has.
pub const REGISTER_COUNT: usize = 13;

/// One of the thirteen registers: a type that cannot name a fourteenth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Reg {
    #[default]
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
    R11,
    R12,
}

impl Reg {
    /// All registers in order.
    pub const ALL: [Reg; REGISTER_COUNT] = [
        Self::R0,
        Self::R1,
        Self::R2,
        Self::R3,
        Self::R4,
        Self::R5,
        Self::R6,
        Self::R7,
        Self::R8,
        Self::R9,
        Self::R10,
        Self::R11,
        Self::R12,
    ];

    /// The register that a field of an instruction names: every value above 12 names r12.
    #[inline(always)]
    pub const fn clamped(field: u8) -> Reg {
        const LAST: u8 = REGISTER_COUNT as u8 - 1;
        Self::ALL[if field > LAST { LAST } else { field } as usize]
    }

    /// Its place in a register file, 0 to 12.
    #[inline(always)]
    pub const fn index(self) -> usize {
        self as usize
    }
}
