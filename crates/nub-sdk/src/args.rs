//! Taking arguments apart: SCALE for fixed-size values is their little-endian octets, one after the other.

use crate::Output;

/// The arguments not yet taken.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    rest: &'a [u8],
}

/// Why arguments are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgsError {
    /// They end before the value that was asked for.
    TooShort,
    /// Octets remain after the last value.
    TooLong,
    /// Octets are no value of the type that was asked for.
    Invalid,
}

impl ArgsError {
    /// The message a contract reverts with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::TooShort => "arguments are too short",
            Self::TooLong => "arguments are too long",
            Self::Invalid => "arguments are malformed",
        }
    }
}

impl Output for ArgsError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

impl<'a> Args<'a> {
    /// All of `octets`.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// Takes `len_bytes` octets.
    ///
    /// # Errors
    /// [`ArgsError::TooShort`]; nothing is taken.
    #[inline]
    pub fn take(&mut self, len_bytes: usize) -> Result<&'a [u8], ArgsError> {
        let (taken, rest) = self.rest.split_at_checked(len_bytes).ok_or(ArgsError::TooShort)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes `N` octets, where they lie.
    ///
    /// # Errors
    /// [`ArgsError::TooShort`]; nothing is taken.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], ArgsError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(ArgsError::TooShort)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes one octet.
    ///
    /// # Errors
    /// [`ArgsError::TooShort`].
    #[inline]
    pub fn u8(&mut self) -> Result<u8, ArgsError> {
        self.array().map(|&[octet]| octet)
    }

    /// Takes a `u16`, little-endian.
    ///
    /// # Errors
    /// [`ArgsError::TooShort`].
    #[inline]
    pub fn u16(&mut self) -> Result<u16, ArgsError> {
        self.array().map(|octets| u16::from_le_bytes(*octets))
    }

    /// Takes a `u32`, little-endian.
    ///
    /// # Errors
    /// [`ArgsError::TooShort`].
    #[inline]
    pub fn u32(&mut self) -> Result<u32, ArgsError> {
        self.array().map(|octets| u32::from_le_bytes(*octets))
    }

    /// Takes a `u64`, little-endian.
    ///
    /// # Errors
    /// [`ArgsError::TooShort`].
    #[inline]
    pub fn u64(&mut self) -> Result<u64, ArgsError> {
        self.array().map(|octets| u64::from_le_bytes(*octets))
    }

    /// Takes a `u128`, little-endian.
    ///
    /// # Errors
    /// [`ArgsError::TooShort`].
    #[inline]
    pub fn u128(&mut self) -> Result<u128, ArgsError> {
        self.array().map(|octets| u128::from_le_bytes(*octets))
    }

    /// Takes a compact number below 2³², as SCALE puts it before a list. Longer forms of it than the shortest
    /// are taken too; the kernel never writes them.
    ///
    /// # Errors
    /// [`ArgsError::TooShort`]; also [`ArgsError::TooLong`] if the number is 2³² or above.
    pub fn compact(&mut self) -> Result<usize, ArgsError> {
        let first = *self.rest.first().ok_or(ArgsError::TooShort)?;
        match first & 3 {
            0 => self.u8().map(|number| usize::from(number >> 2)),
            1 => self.u16().map(|number| usize::from(number >> 2)),
            2 => self.u32().map(|number| (number >> 2) as usize),
            _ if first == 3 => {
                self.u8()?;
                self.u32().map(|number| number as usize)
            }
            _ => Err(ArgsError::TooLong),
        }
    }

    /// Takes a SCALE list of octets: their number, compact, and the octets.
    ///
    /// # Errors
    /// [`ArgsError`] as for [`compact`](Self::compact) and [`take`](Self::take).
    pub fn list(&mut self) -> Result<&'a [u8], ArgsError> {
        let len_bytes = self.compact()?;
        self.take(len_bytes)
    }

    /// Everything that was not taken.
    #[inline]
    pub const fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Checks that everything was taken.
    ///
    /// # Errors
    /// [`ArgsError::TooLong`].
    #[inline]
    pub const fn finish(self) -> Result<(), ArgsError> {
        if self.rest.is_empty() { Ok(()) } else { Err(ArgsError::TooLong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_in_order_and_little_endian() {
        let mut args = Args::new(&[1, 2, 0, 3, 0, 0, 0, 4, 5, 6]);
        assert_eq!(args.u8(), Ok(1));
        assert_eq!(args.u16(), Ok(2));
        assert_eq!(args.u32(), Ok(3));
        assert_eq!(args.finish(), Err(ArgsError::TooLong));
        assert_eq!(args.array(), Ok(&[4, 5]));
        assert_eq!(args.rest(), [6]);
        assert_eq!(args.take(1), Ok(&[6][..]));
        assert_eq!(args.finish(), Ok(()));
    }

    #[test]
    fn a_value_that_does_not_fit_takes_nothing() {
        let mut args = Args::new(&[9; 15]);
        assert_eq!(args.u128(), Err(ArgsError::TooShort));
        assert_eq!(args.take(16), Err(ArgsError::TooShort));
        assert_eq!(args.rest().len(), 15);
        assert_eq!(args.u64(), Ok(0x0909_0909_0909_0909));
    }

    #[test]
    fn a_list_has_a_compact_length() {
        assert_eq!(Args::new(&[8, 5, 6, 7]).list(), Ok(&[5, 6][..]));
        assert_eq!(Args::new(&[0xfd, 0xff]).compact(), Ok(0x3fff));
        assert_eq!(Args::new(&[2, 0, 1, 0]).compact(), Ok(0x4000));
        assert_eq!(Args::new(&[3, 0, 0, 0, 0x40]).compact(), Ok(1 << 30));
        assert_eq!(Args::new(&[7, 0, 0, 0, 0, 1]).compact(), Err(ArgsError::TooLong));
        assert_eq!(Args::new(&[2, 0, 1]).compact(), Err(ArgsError::TooShort));
        assert_eq!(Args::new(&[]).compact(), Err(ArgsError::TooShort));
        assert_eq!(Args::new(&[12, 5, 6]).list(), Err(ArgsError::TooShort));
    }
}
