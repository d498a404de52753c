//! Values and their octets: SCALE, with a name for every type so that tools can read them.
//!
//! - [`Typed`]: the name, and the size where it is the same for all values
//! - [`Encode`] and [`Decode`]: to and from octets; a reference is decoded where its octets lie
//! - [`Name`]: names put together at compile time
//! - [`Writer`]: where octets go
//!
//! `#[derive(Scale)]` gives all three traits to a struct or enum; `#[derive(Encode)]` the first two, for one that
//! borrows.

mod compound;
mod dynamic;
mod name;
mod primitive;
#[allow(unsafe_code)]
mod writer;

pub use name::Name;
pub use writer::{STACK_BYTES, Writer, with_read, with_written};

use crate::{Args, ArgsError};
use alloc::vec::Vec;

/// A type with a name, as a TypeDef has it.
pub trait Typed {
    /// The size of every value in octets; `None` if values differ.
    const SIZE: Option<usize>;
    /// The name: that of Rust for integers, arrays, tuples, `Vec`, `Option`, `String`; else the type's own name and
    /// its parts (`docs/spec/image.md`).
    const NAME: Name;
}

/// A value that has octets.
pub trait Encode: Typed {
    /// How many octets.
    fn size_bytes(&self) -> usize;

    /// Writes exactly that many.
    fn encode_to(&self, out: &mut Writer<'_>);

    /// Hands the octets to `then`: where they lie if they lie anywhere, else written to the stack, or to the heap
    /// if there are more than [`STACK_BYTES`].
    #[inline]
    fn with_octets<R>(&self, then: impl FnOnce(&[u8]) -> R) -> R {
        with_written(self.size_bytes(), |out| self.encode_to(out), then)
    }

    /// The octets of several values in a row, where they lie as such.
    #[doc(hidden)]
    #[inline]
    fn octets_of(_: &[Self]) -> Option<&[u8]>
    where
        Self: Sized,
    {
        None
    }
}

/// A value made of octets.
pub trait Decode<'a>: Typed + Sized {
    /// Takes one.
    ///
    /// # Errors
    /// [`ArgsError`].
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError>;

    /// Takes `N` in a row.
    #[doc(hidden)]
    #[inline]
    fn decode_array<const N: usize>(args: &mut Args<'a>) -> Result<[Self; N], ArgsError> {
        let mut items = [const { None }; N];
        for item in &mut items {
            *item = Some(Self::decode(args)?);
        }
        Ok(items.map(|item| item.unwrap_or_else(|| crate::host::stop())))
    }

    /// Takes `count` in a row.
    #[doc(hidden)]
    #[inline]
    fn decode_vec(args: &mut Args<'a>, count: usize) -> Result<Vec<Self>, ArgsError> {
        // Whoever sends the octets says how many values there are; what comes is bounded by the octets.
        let mut items = Vec::with_capacity(count.min(args.rest().len()));
        for _ in 0..count {
            items.push(Self::decode(args)?);
        }
        Ok(items)
    }
}

/// What may be kept in storage or come back from a call: values that borrow nothing.
pub trait Stored: Encode + for<'a> Decode<'a> {}

impl<T: Encode + for<'a> Decode<'a>> Stored for T {}

/// The sum of two sizes, where both are fixed.
pub const fn sum(first: Option<usize>, second: Option<usize>) -> Option<usize> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first + second),
        _ => None,
    }
}

/// The size of the values of a type that are encoded in a row, if it is fixed; 0 if not.
pub const fn fixed_or_zero(size: Option<usize>) -> usize {
    match size {
        Some(size) => size,
        None => 0,
    }
}

/// All of `octets` as one value.
///
/// # Errors
/// [`ArgsError`]; octets that remain are [`ArgsError::TooLong`].
#[inline]
pub fn decode_all<'a, T: Decode<'a>>(octets: &'a [u8]) -> Result<T, ArgsError> {
    let mut args = Args::new(octets);
    let value = T::decode(&mut args)?;
    args.finish()?;
    Ok(value)
}

/// A value's octets.
pub fn encode<T: Encode + ?Sized>(value: &T) -> Vec<u8> {
    value.with_octets(<[u8]>::to_vec)
}
