//! Why a frame stops before its next instruction.

use alloc::string::ToString;
use javm_interpreter::Meter;
use nub_abi::Status;
use nub_abi::error::Abort;

/// A frame cannot go on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The program's doing: its frame fails with this status and its changes are undone.
    Fail(Status),
    /// The node's problem: the whole operation is given up and nothing is recorded.
    Abort(Abort),
}

impl From<Abort> for Stop {
    fn from(abort: Abort) -> Self {
        Self::Abort(abort)
    }
}

/// The kernel is not as it must be: never a verdict.
pub(crate) fn invariant(what: &str) -> Abort {
    Abort::Invariant(what.to_string())
}

/// Charges `gas`, or stops with `OutOfGas`.
pub(crate) fn charge(meter: &mut Meter, gas: u64) -> Result<(), Stop> {
    match meter.gas_left.checked_sub(gas) {
        Some(left) => {
            meter.gas_left = left;
            Ok(())
        }
        None => Err(Stop::Fail(Status::OutOfGas)),
    }
}

/// The price of `count` units at `each`; saturates, which no limit can pay.
pub(crate) fn price(each: u64, count: usize) -> u64 {
    each.saturating_mul(count as u64)
}
