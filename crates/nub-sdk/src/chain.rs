//! What a Chain Instance is asked and may do.
//!
//! Its endpoint 65534 (`before`) takes an [`Event`] and returns an [`admission`]; its endpoint 65535 (`after`)
//! takes the same event, a status and the gas it used. Both are called by nobody with a zero badge. So is every
//! query, which changes nothing; and an event whose origin `before` lets be zero, so it must not.

use crate::{Args, ArgsError, Badge, InstanceId, Output, caller, code, host};

/// Octets of an [`admission`] beside its arguments.
pub const ADMISSION_BYTES: usize = 32 + 32 + 4 + 8;

/// A message from outside the machine, as the block has it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The Instance it is for.
    pub target: &'a InstanceId,
    /// The endpoint.
    pub endpoint: u16,
    /// Arguments.
    pub args: &'a [u8],
    /// The most gas it may use.
    pub gas_limit: u64,
    /// Ids of the Instances it names, 32 octets each.
    pub refs: &'a [u8],
    /// Who sends it, as it says itself.
    pub origin: &'a Badge,
    /// What should prove that.
    pub authentication: &'a [u8],
}

impl<'a> Event<'a> {
    /// Takes an event from arguments.
    ///
    /// # Errors
    /// [`ArgsError`].
    pub fn take(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        Ok(Self {
            target: args.array()?,
            endpoint: args.u16()?,
            args: args.list()?,
            gas_limit: args.u64()?,
            refs: {
                let count = args.compact()?;
                args.take(count.checked_mul(32).ok_or(ArgsError::TooShort)?)?
            },
            origin: args.array()?,
            authentication: args.list()?,
        })
    }
}

/// Writes how an event is to run into `out`; gives how many octets that took, `None` if it does not fit. The
/// gas limit may not be above the event's own.
pub fn admission(
    out: &mut [u8],
    origin: &Badge,
    target: &InstanceId,
    args: &[u8],
    gas_limit: u64,
) -> Option<usize> {
    let (length, length_bytes) = compact(args.len())?;
    let parts: [&[u8]; 5] = [origin, target, &length[..length_bytes], args, &gas_limit.to_le_bytes()];
    let mut at = 0;
    for part in parts {
        let end = at + part.len();
        out.get_mut(at..end)?.copy_from_slice(part);
        at = end;
    }
    Some(at)
}

/// A compact number, at most four octets; `None` from 2³⁰ on.
fn compact(number: usize) -> Option<([u8; 4], usize)> {
    match u32::try_from(number).ok()? {
        number @ 0..0x40 => Some(((number << 2).to_le_bytes(), 1)),
        number @ 0x40..0x4000 => Some(((number << 2 | 1).to_le_bytes(), 2)),
        number @ 0x4000..0x4000_0000 => Some(((number << 2 | 2).to_le_bytes(), 4)),
        _ => None,
    }
}

/// Whether the kernel itself may be calling: nobody called, with a zero badge.
pub fn called_by_kernel() -> bool {
    caller().is_none() && crate::badge() == [0; 32]
}

/// Why the parameters stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamsError {
    /// A right is missing.
    NoRight,
    /// More octets or views than allowed.
    TooLong,
    /// A slot, selector or flag is out of range.
    BadArgument,
    /// A code this SDK does not know.
    Unexpected,
}

impl ParamsError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoRight => "params: a right is missing",
            Self::TooLong => "params: too long",
            Self::BadArgument => "params: argument out of range",
            Self::Unexpected => "params: unexpected answer",
        }
    }

    fn from_code(answer: u64) -> Self {
        match answer {
            code::NO_RIGHT => Self::NoRight,
            code::TOO_LONG => Self::TooLong,
            code::BAD_ARGUMENT => Self::BadArgument,
            _ => Self::Unexpected,
        }
    }

    /// Success, or what the code says.
    fn check(answer: u64) -> Result<(), Self> {
        if answer == 0 { Ok(()) } else { Err(Self::from_code(answer)) }
    }
}

impl Output for ParamsError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// Sets the chain's parameters, SCALE-encoded, from the block of that height on. For the Chain Instance only.
///
/// # Errors
/// [`ParamsError`].
pub fn set_params(params: &[u8], height: u64) -> Result<(), ParamsError> {
    ParamsError::check(host::set_params(params, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compact() {
        for number in [0, 0x3f, 0x40, 0x3fff, 0x4000, 0x3fff_ffff] {
            let (octets, len_bytes) = compact(number).unwrap();
            assert_eq!(Args::new(&octets[..len_bytes]).compact(), Ok(number));
        }
        assert_eq!(compact(0x4000_0000), None);
    }

    #[test]
    fn an_admission_that_does_not_fit_is_none() {
        let mut out = [0; 74];
        assert_eq!(admission(&mut out, &[1; 32], &[2; 32], &[9], 7), Some(74));
        assert_eq!((&out[..32], &out[32..64]), (&[1; 32][..], &[2; 32][..]));
        assert_eq!(out[64..], [4, 9, 7, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(admission(&mut out[..73], &[1; 32], &[2; 32], &[9], 7), None);
    }
}
