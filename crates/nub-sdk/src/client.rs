//! Typed calls: what `#[contract]` and `#[interface]` make their `…Ref` types of.

use crate::codec::{Encode, Stored, decode_all, with_read};
use crate::{CallError, Selector, call, host};

/// A Ref to call through, how much gas a call may use, and what is passed with it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'p> {
    /// The Ref.
    pub selector: Selector,
    /// The most gas a call may use, of what is left.
    pub gas: u64,
    /// The capabilities passed.
    pub passed: &'p [Selector],
}

impl Target<'static> {
    /// With all the gas there is, and nothing passed.
    pub const fn new(selector: Selector) -> Self {
        Self { selector, gas: u64::MAX, passed: &[] }
    }
}

impl Target<'_> {
    /// Calls an endpoint with encoded arguments and decodes its output.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::BadOutput`] if the output is of another type.
    #[inline]
    pub fn invoke<A: Encode, T: Stored>(&self, endpoint: u16, args: &A) -> Result<T, CallError> {
        let output_len_bytes =
            args.with_octets(|octets| call(self.selector, endpoint, octets, self.gas, self.passed))?;
        output(output_len_bytes)
    }
}

/// The output of the last call, which has this length, as a value.
///
/// # Errors
/// [`CallError::BadOutput`].
#[inline]
#[allow(unsafe_code)]
pub fn output<T: Stored>(len_bytes: usize) -> Result<T, CallError> {
    match T::SIZE {
        Some(0) => decode_all(&[]),
        Some(size) if size != len_bytes => return Err(CallError::BadOutput),
        // SAFETY: the kernel writes as many octets as it says, of those there are.
        _ => unsafe {
            with_read(
                T::SIZE.unwrap_or(len_bytes),
                |room| host::output_read_uninit(room, 0),
                |octets, _| decode_all(octets),
            )
        },
    }
    .map_err(|_| CallError::BadOutput)
}
