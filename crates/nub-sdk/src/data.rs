//! DataCaps: octets too many for a value, up to 4 GiB, of which only pages that are not zero take space.

use crate::{Output, Selector, code, host};

/// Octets of a page, in which views are mapped.
pub const PAGE_BYTES: u32 = 4096;

/// Why a DataCap did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataError {
    /// A slot, selector or flag is out of range.
    BadArgument,
    /// There is no capability of that kind.
    NoCapability,
    /// More octets or views than allowed.
    TooLong,
    /// A code this SDK does not know.
    Unexpected,
}

impl DataError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::BadArgument => "data: argument out of range",
            Self::NoCapability => "data: no such capability",
            Self::TooLong => "data: too long",
            Self::Unexpected => "data: unexpected answer",
        }
    }

    fn from_code(answer: u64) -> Self {
        match answer {
            code::BAD_ARGUMENT => Self::BadArgument,
            code::NO_CAPABILITY => Self::NoCapability,
            code::TOO_LONG => Self::TooLong,
            _ => Self::Unexpected,
        }
    }

    /// Success, or what the code says.
    fn check(answer: u64) -> Result<(), Self> {
        if answer == 0 { Ok(()) } else { Err(Self::from_code(answer)) }
    }
}

impl Output for DataError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// Places a DataCap of zeros into a slot, replacing what was there.
///
/// # Errors
/// [`DataError::BadArgument`] above 2³² octets.
pub fn new(slot: u8, size_bytes: u64) -> Result<(), DataError> {
    DataError::check(host::data_new(slot, size_bytes))
}

/// How many octets a DataCap has.
///
/// # Errors
/// [`DataError::NoCapability`].
pub fn size(from: Selector) -> Result<u64, DataError> {
    count(host::data_size(from))
}

/// Copies octets of a DataCap, from `offset` on, into `out`; gives how many there were.
///
/// # Errors
/// [`DataError::NoCapability`], [`DataError::TooLong`].
pub fn read(from: Selector, offset: u64, out: &mut [u8]) -> Result<usize, DataError> {
    count(host::data_read(from, offset, out)).map(|copied| copied as usize)
}

/// Changes octets of the DataCap in a slot. Copies of it elsewhere stay as they are.
///
/// # Errors
/// [`DataError::NoCapability`]; [`DataError::TooLong`] past its end.
pub fn write(slot: u8, offset: u64, octets: &[u8]) -> Result<(), DataError> {
    DataError::check(host::data_write(slot, offset, octets))
}

/// Maps pages of a DataCap, as it is now, at pages `at_page` and following of the program's memory, where they
/// can be read until the call ends, and gives their octets.
///
/// # Errors
/// [`DataError::BadArgument`] if the DataCap has no such pages or the program's memory there is in use;
/// [`DataError::TooLong`] with 64 views.
#[allow(unsafe_code)]
pub fn map(
    from: Selector,
    first_page: u32,
    page_count: u32,
    at_page: u32,
) -> Result<&'static [u8], DataError> {
    DataError::check(host::data_map(from, first_page, page_count, at_page))?;
    // SAFETY: the view was just mapped, and only `host::data_unmap`, which is unsafe, ends it before the call.
    Ok(unsafe { host::view(at_page, page_count as usize * PAGE_BYTES as usize) })
}

/// A count, or what the code says. Counts are at most 2³².
fn count(answer: u64) -> Result<u64, DataError> {
    if answer <= 1 << 32 { Ok(answer) } else { Err(DataError::from_code(answer)) }
}
