//! A path: up to 64 nibbles.

use crate::codec::take;
use crate::error::DecodeError;
use alloc::vec::Vec;
use core::fmt;

/// The longest path: a key of 32 bytes.
pub const PATH_NIBBLES_MAX: usize = 64;

/// A sequence of up to 64 nibbles. Ordered like the keys they are part of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Path {
    count: u8,
    /// High nibble first, zero past the end.
    packed: [u8; PATH_NIBBLES_MAX / 2],
}

impl Path {
    /// No nibbles.
    pub const EMPTY: Self = Self { count: 0, packed: [0; PATH_NIBBLES_MAX / 2] };

    /// The nibbles of up to 32 bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let mut path = Self { count: 2 * bytes.len() as u8, ..Self::EMPTY };
        path.packed[..bytes.len()].copy_from_slice(bytes);
        path
    }

    /// Number of nibbles.
    pub fn len(&self) -> usize {
        self.count.into()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The nibble at an index below [`Self::len`].
    pub fn nibble(&self, index: usize) -> u8 {
        debug_assert!(index < self.len());
        let byte = self.packed[index / 2];
        if index.is_multiple_of(2) { byte >> 4 } else { byte & 0xf }
    }

    /// The nibbles in order.
    pub fn nibbles(&self) -> impl Iterator<Item = u8> + '_ {
        (0..self.len()).map(|index| self.nibble(index))
    }

    /// Appends a nibble; `None` if that would be more than 64.
    pub(crate) fn push(&mut self, nibble: u8) -> Option<()> {
        let index = self.len();
        let byte = self.packed.get_mut(index / 2)?;
        *byte |= if index.is_multiple_of(2) { nibble << 4 } else { nibble };
        self.count += 1;
        Some(())
    }

    /// Appends nibbles; `None` if that would be more than 64.
    pub(crate) fn extend(&mut self, nibbles: impl IntoIterator<Item = u8>) -> Option<()> {
        nibbles.into_iter().try_for_each(|nibble| self.push(nibble))
    }

    /// The nibbles from index `from` on.
    pub(crate) fn skip(&self, from: usize) -> Self {
        let mut rest = Self::EMPTY;
        let _fits = rest.extend(self.nibbles().skip(from));
        rest
    }

    /// The first `count` nibbles.
    pub(crate) fn first(&self, count: usize) -> Self {
        let mut head = Self::EMPTY;
        let _fits = head.extend(self.nibbles().take(count));
        head
    }

    /// How many nibbles it shares with `key` from nibble `depth` of it on.
    pub(crate) fn shared_with(&self, key: &Self, depth: usize) -> usize {
        self.nibbles().zip(key.nibbles().skip(depth)).take_while(|(a, b)| a == b).count()
    }

    /// The bytes, if there is a whole number of them.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.count.is_multiple_of(2).then(|| &self.packed[..self.len() / 2])
    }

    pub(crate) fn encode_to(&self, out: &mut Vec<u8>) {
        out.push(self.count);
        out.extend_from_slice(&self.packed[..self.len().div_ceil(2)]);
    }

    pub(crate) fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let count = take(input, 1)?[0];
        if usize::from(count) > PATH_NIBBLES_MAX {
            return Err(DecodeError::PathTooLong(count));
        }
        let bytes = take(input, usize::from(count).div_ceil(2))?;
        let mut path = Self { count, ..Self::EMPTY };
        path.packed[..bytes.len()].copy_from_slice(bytes);
        if count % 2 == 1 && path.packed[usize::from(count) / 2] & 0xf != 0 {
            return Err(DecodeError::PathPadding);
        }
        Ok(path)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Path(")?;
        self.nibbles().try_for_each(|nibble| write!(f, "{nibble:x}"))?;
        f.write_str(")")
    }
}
