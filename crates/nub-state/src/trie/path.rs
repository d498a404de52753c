//! A path: up to 64 nibbles.

use crate::codec::take;
use crate::error::DecodeError;
use alloc::vec::Vec;
use core::fmt;

/// The longest path: a key of 32 bytes.
pub const PATH_NIBBLES_MAX: usize = 64;

/// Words of sixteen nibbles in the longest.
const WORDS: usize = PATH_NIBBLES_MAX / 16;

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
        let mut rest = Self { count: self.len().saturating_sub(from) as u8, ..Self::EMPTY };
        for (word, octets) in self.words_from(from).into_iter().zip(rest.packed.as_chunks_mut::<8>().0) {
            *octets = word.to_be_bytes();
        }
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
        let most = self.len().min(key.len().saturating_sub(depth));
        if most == 0 {
            return 0;
        }
        let differing = self.words_from(0).into_iter().zip(key.words_from(depth)).map(|(a, b)| a ^ b);
        let mut shared = 0;
        for bits in differing {
            shared += bits.leading_zeros() as usize / 4;
            if bits != 0 {
                break;
            }
        }
        shared.min(most)
    }

    /// The nibbles from index `from` on, sixteen a word, zeros behind.
    fn words_from(&self, from: usize) -> [u64; WORDS] {
        let (octets, _) = self.packed.as_chunks::<8>();
        let word = |index: usize| octets.get(index).map_or(0, |octets| u64::from_be_bytes(*octets));
        let (words, bits) = (from / 16, 4 * (from % 16) as u32);
        core::array::from_fn(|index| {
            let at = index + words;
            // What a shift by all bits would give is zero.
            word(at) << bits | word(at + 1).checked_shr(64 - bits).unwrap_or(0)
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path() -> impl Strategy<Value = Path> {
        // Few values, so that paths share much.
        let nibble = prop_oneof![8 => Just(0u8), 8 => Just(1), 1 => 0u8..16];
        prop::collection::vec(nibble, 0..=PATH_NIBBLES_MAX).prop_map(|nibbles| {
            let mut path = Path::EMPTY;
            path.extend(nibbles).unwrap();
            path
        })
    }

    proptest! {
        #[test]
        fn words_of_nibbles_are_the_nibbles(a in path(), b in path(), from in 0usize..70) {
            let rest: Vec<u8> = a.nibbles().skip(from).collect();
            let skipped = a.skip(from);
            let mut by_nibbles = Path::EMPTY;
            by_nibbles.extend(rest.iter().copied()).unwrap();
            prop_assert_eq!(skipped, by_nibbles);
            let shared = b.nibbles().zip(rest).take_while(|(left, right)| left == right).count();
            prop_assert_eq!(b.shared_with(&a, from), shared);
            prop_assert_eq!(by_nibbles.shared_with(&a, from), by_nibbles.len());
        }
    }
}
