//! What instructions operate on.

/// A general-purpose register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Gpr {
    Rax,
    Rcx,
    Rdx,
    Rbx,
    #[allow(dead_code, reason = "named for its number; the code never touches it")]
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
    pub base: Gpr,
    /// The index register, which cannot be rsp.
    pub index: Option<Gpr>,
    /// The displacement.
    pub disp: i32,
}

impl Mem {
    /// `[base + disp]`.
    pub const fn at(base: Gpr, disp: i32) -> Mem {
        Mem { base, index: None, disp }
    }

    /// `[base + index]`.
    pub const fn indexed(base: Gpr, index: Gpr) -> Mem {
        Mem { base, index: Some(index), disp: 0 }
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
