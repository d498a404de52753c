//! What the processor is known to have beyond the baseline.

/// Optional instructions that the code may use. Whoever compiles answers for the processor having them at
/// the privilege where the code runs. Part of the key of any cache of code.
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
}

impl Features {
    /// What every x86-64 processor has, and nothing else.
    pub const BASELINE: Features =
        Features { popcnt: false, lzcnt: false, tzcnt: false, bmi1: false, bmi2: false };

    /// Everything this crate can use.
    pub const ALL: Features = Features { popcnt: true, lzcnt: true, tzcnt: true, bmi1: true, bmi2: true };
}
