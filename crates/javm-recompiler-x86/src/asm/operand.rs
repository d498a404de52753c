//! What instructions operate on.

/// A general-purpose register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Gpr {
    Rax,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
}

impl Gpr {
    /// All of them, by number.
    #[cfg(test)]
    pub const ALL: [Gpr; 16] = [
        Self::Rax,
        Self::Rcx,
        Self::Rdx,
        Self::Rbx,
        Self::Rsp,
        Self::Rbp,
        Self::Rsi,
        Self::Rdi,
        Self::R8,
        Self::R9,
        Self::R10,
        Self::R11,
        Self::R12,
        Self::R13,
        Self::R14,
        Self::R15,
    ];

    /// The number's low three bits: what ModRM and SIB hold.
    pub(super) const fn low(self) -> u8 {
        self as u8 & 7
    }

    /// The number's high bit: what REX and VEX hold.
    pub(super) const fn high(self) -> u8 {
        self as u8 >> 3
    }
}

/// How many bits an operation works on. The upper half of a 32-bit result is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    W32,
    W64,
}

/// A memory operand: base, index without scale, displacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mem {
    /// The base register.
    pub base: Option<Gpr>,
    /// The index register, which cannot be rsp; only with a base.
    pub index: Option<Gpr>,
    /// The displacement.
    pub disp: i32,
    /// Is the address relative to the window, which the segment `gs` begins with?
    pub is_in_window: bool,
    /// Is the sum taken modulo 2^32, before the window's address is added?
    pub is_address_32: bool,
}

impl Mem {
    /// `[base + disp]`.
    pub const fn at(base: Gpr, disp: i32) -> Mem {
        Mem { base: Some(base), index: None, disp, is_in_window: false, is_address_32: false }
    }

    /// `[base + index]`.
    pub const fn indexed(base: Gpr, index: Gpr) -> Mem {
        Mem { index: Some(index), ..Mem::at(base, 0) }
    }

    /// The window's octet at `base + disp` modulo 2^32.
    pub const fn in_window(base: Gpr, disp: i32) -> Mem {
        Mem { is_in_window: true, is_address_32: true, ..Mem::at(base, disp) }
    }

    /// Without taking the sum modulo 2^32.
    pub const fn of_64_bits(self) -> Mem {
        Mem { is_address_32: false, ..self }
    }

    /// The window's octet at `address`.
    pub const fn in_window_at(address: u32) -> Mem {
        // Displacements are sign-extended, if addresses have more than 32 bits.
        Mem { is_address_32: address > i32::MAX as u32, ..Mem::from_window(address as i32) }
    }

    /// The octet at a distance from the start of the window, before it if negative.
    pub const fn from_window(disp: i32) -> Mem {
        Mem { base: None, index: None, disp, is_in_window: true, is_address_32: false }
    }
}

/// A condition after a comparison of `a` with `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Condition {
    /// a <u b, or a borrow.
    Below = 2,
    /// a ≥u b.
    AboveEqual = 3,
    /// a = b, or zero.
    Equal = 4,
    /// a ≠ b, or not zero.
    NotEqual = 5,
    /// a ≤u b.
    BelowEqual = 6,
    /// a >u b.
    Above = 7,
    /// a <s b.
    Less = 12,
    /// a ≥s b.
    GreaterEqual = 13,
    /// a ≤s b.
    LessEqual = 14,
    /// a >s b.
    Greater = 15,
}

impl Condition {
    /// All of them.
    #[cfg(test)]
    pub const ALL: [Condition; 10] = [
        Self::Below,
        Self::AboveEqual,
        Self::Equal,
        Self::NotEqual,
        Self::BelowEqual,
        Self::Above,
        Self::Less,
        Self::GreaterEqual,
        Self::LessEqual,
        Self::Greater,
    ];
}
