//! What the machine that code runs on is known to have beyond the baseline.

/// Optional instructions that the code may use, and what rsp may hold. Whoever compiles answers for the machine having
/// them at the privilege where the code runs. Part of the key of any cache of code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Features {
    /// `popcnt`.
    pub popcnt: bool,
    /// `lzcnt`.
    pub lzcnt: bool,
    /// `tzcnt`, which comes with BMI1.
    pub tzcnt: bool,
    /// `andn`, of BMI1.
    pub bmi1: bool,
    /// `shlx`, `shrx`, `sarx`, `rorx`, `mulx`.
    pub bmi2: bool,
    /// rsp may hold any number, at full speed. So it is on processors; KVM without hardware behind it emulates whatever
    /// runs while rsp is no canonical address. Says which [`RegisterMap`](crate::RegisterMap) the code has.
    pub free_rsp: bool,
}

impl Features {
    /// What every x86-64 machine has, and nothing else.
    pub const BASELINE: Features =
        Features { popcnt: false, lzcnt: false, tzcnt: false, bmi1: false, bmi2: false, free_rsp: false };

    /// Everything this crate can use.
    pub const ALL: Features =
        Features { popcnt: true, lzcnt: true, tzcnt: true, bmi1: true, bmi2: true, free_rsp: true };
}
