//! Other contracts: calling one through a Ref, and what came with this call.

use crate::{Output, code, host};

/// Names a capability: one of the Instance's own slots, or one passed with this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Selector(pub u16);

impl Selector {
    /// The Instance's own slot of that number.
    pub const fn slot(number: u8) -> Self {
        Self(number as u16)
    }

    /// The capability passed at that index, from 0.
    pub const fn passed(index: u8) -> Self {
        Self(code::PASSED + index as u16)
    }
}

/// Why a call gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The callee ran, or should have, and failed; what it changed is undone.
    Failed {
        /// Its status, as in a receipt: 1 reverted, 2 panicked, 3 faulted, 4 out of gas, 5 limit exceeded,
        /// 6 no such target, 8 no such endpoint, 11 busy.
        status: u8,
        /// The length of its message in octets, to be read with [`output_read`].
        output_len_bytes: usize,
    },
    /// The selector names no Ref.
    NoCapability,
    /// The Ref lacks the right to call, or a passed capability the right to be handed on.
    NoRight,
    /// Arguments or the list of passed capabilities are longer than allowed.
    TooLong,
    /// The endpoint or a selector is out of range.
    BadArgument,
    /// The output is not of the type that was asked for.
    BadOutput,
    /// The Instance does not exist any more.
    Gone,
    /// A code this SDK does not know.
    Unexpected,
}

impl CallError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Failed { .. } => "call: the callee failed",
            Self::NoCapability => "call: no such capability",
            Self::NoRight => "call: the capability lacks the right",
            Self::TooLong => "call: arguments too long",
            Self::BadArgument => "call: selector or endpoint out of range",
            Self::BadOutput => "call: the output is of another type",
            Self::Gone => "call: the instance is gone",
            Self::Unexpected => "call: unexpected answer",
        }
    }
}

impl Output for CallError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// Calls `endpoint` of the Instance behind `target` with `args`, at most `gas` of what is left, and copies of
/// the `passed` capabilities. Gives the length of its output in octets, to be read with [`output_read`].
///
/// # Errors
/// [`CallError`]. An Instance on the call stack, the caller included, is busy.
pub fn call(
    target: Selector,
    endpoint: u16,
    args: &[u8],
    gas: u64,
    passed: &[Selector],
) -> Result<usize, CallError> {
    let (answer, output_len_bytes) = host::call(target, endpoint, args, gas, passed);
    let output_len_bytes = output_len_bytes as usize;
    match answer {
        0 => Ok(output_len_bytes),
        code::NO_CAPABILITY => Err(CallError::NoCapability),
        code::NO_RIGHT => Err(CallError::NoRight),
        code::TOO_LONG => Err(CallError::TooLong),
        code::BAD_ARGUMENT => Err(CallError::BadArgument),
        code::GONE => Err(CallError::Gone),
        status if status <= u64::from(u8::MAX) => {
            Err(CallError::Failed { status: status as u8, output_len_bytes })
        }
        _ => Err(CallError::Unexpected),
    }
}

/// Copies the output of the last call, from `offset` octets on, into `out`; gives how many octets were copied.
pub fn output_read(out: &mut [u8], offset: usize) -> usize {
    host::output_read(out, offset) as usize
}

/// How many capabilities came with this call.
pub fn passed_count() -> usize {
    host::passed_count() as usize
}
