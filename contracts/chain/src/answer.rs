//! What `before` returns.

use nub_sdk::chain::{ADMISSION_BYTES, Event, admission};

use crate::Failure;
use crate::bank::Error;

/// Octets of arguments for which a small buffer does.
const SMALL_ARGS_BYTES: usize = 1024;
/// The most octets of an output by the default parameters.
const OUTPUT_BYTES_MAX: usize = 64 << 10;

/// An event that may run.
pub struct Admitted<'a> {
    /// The event. Its origin, target and arguments stay.
    pub event: &'a Event<'a>,
    /// The most gas it may use.
    pub gas_limit: u64,
}

/// Ends the call with the admission as its output.
pub fn give(admitted: &Admitted) -> Result<(), Failure> {
    if admitted.event.args.len() <= SMALL_ARGS_BYTES {
        give_in::<{ SMALL_ARGS_BYTES + ADMISSION_BYTES }>(admitted)
    } else {
        give_in::<OUTPUT_BYTES_MAX>(admitted)
    }
}

/// Not inlined, so that the large buffer costs stack only where it is needed.
#[inline(never)]
fn give_in<const N: usize>(admitted: &Admitted) -> Result<(), Failure> {
    let Admitted { event, gas_limit } = *admitted;
    let mut out = [0; N];
    let len_bytes = admission(&mut out, event.origin, event.target, event.args, gas_limit);
    let octets = len_bytes.and_then(|len_bytes| out.get(..len_bytes)).ok_or(Error::ArgumentsTooLong)?;
    nub_sdk::ret(octets)
}
