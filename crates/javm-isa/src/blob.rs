//! The container: jump table, code and bitmask (PVM.md §1).

use alloc::vec::Vec;

use crate::varint::{self, VarintError};

/// The longest code accepted, in octets, so that positions and record indices fit 32 bits.
pub const MAX_CODE_LEN_BYTES: u64 = 0x7FFF_FFFF;

/// How many octets past the end of the code and of the bitmask can be read, as zeros, without looking where the end
/// is: more than an instruction reads.
pub(crate) const PADDING_LEN_BYTES: usize = 16;

/// Which part of a blob was being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BlobPart {
    /// The number of jump-table entries.
    #[error("jump-table length")]
    JumpTableLen,
    /// The size of a jump-table entry.
    #[error("jump-table entry size")]
    JumpTableEntrySize,
    /// The number of code octets.
    #[error("code length")]
    CodeLen,
    /// The jump table.
    #[error("jump table")]
    JumpTable,
    /// The code.
    #[error("code")]
    Code,
    /// The bitmask.
    #[error("bitmask")]
    Bitmask,
}

/// Why a blob is not a program. The blob's author is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BlobError {
    /// The blob ends inside a part.
    #[error("the blob ends inside its {part}")]
    UnexpectedEnd {
        /// The part that was being read.
        part: BlobPart,
    },
    /// A length in the header is not in its shortest form.
    #[error("the {part} is not in its shortest form")]
    LengthNotShortest {
        /// The length that was being read.
        part: BlobPart,
    },
    /// The code is longer than [`MAX_CODE_LEN_BYTES`].
    #[error("code of {len_bytes} octets is longer than {MAX_CODE_LEN_BYTES}")]
    CodeTooLong {
        /// The length that the header claims.
        len_bytes: u64,
    },
    /// A bit of the bitmask's last octet beyond the code's end is set.
    #[error("the bitmask's padding is not zero")]
    BitmaskPadding,
    /// Octets remain after the bitmask.
    #[error("{len_bytes} octets remain after the bitmask")]
    TrailingOctets {
        /// How many.
        len_bytes: usize,
    },
}

/// A program as its blob has it: nothing about its instructions is known yet.
///
/// It holds as many octets as its blob, no more. A jump-table entry may have any size from 0 to 255
/// octets, as in the Gray Paper: entries of size 0 are all 0, and an entry whose value does not fit 64
/// bits is `u64::MAX`, which is never a branch target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The code, then [`PADDING_LEN_BYTES`] zeros.
    padded_code: Vec<u8>,
    code_len_bytes: u32,
    /// The bitmask, then [`PADDING_LEN_BYTES`] zeros.
    padded_bitmask: Vec<u8>,
    jump_table: Vec<u8>,
    jump_table_entry_count: u64,
    jump_table_entry_len_bytes: u8,
}

impl Program {
    /// Reads a blob: count of jump-table entries, size of an entry, code length, jump table, code,
    /// bitmask; every octet must be used.
    ///
    /// # Errors
    /// A [`BlobError`] for every octet string that is not exactly one blob. Lengths are checked
    /// against the octets there are before anything is allocated.
    pub fn parse(blob: &[u8]) -> Result<Program, BlobError> {
        let (jump_table_entry_count, rest) = read_len(blob, BlobPart::JumpTableLen)?;
        let (&jump_table_entry_len_bytes, rest) =
            rest.split_first().ok_or(BlobError::UnexpectedEnd { part: BlobPart::JumpTableEntrySize })?;
        let (code_len_bytes, rest) = read_len(rest, BlobPart::CodeLen)?;
        if code_len_bytes > MAX_CODE_LEN_BYTES {
            return Err(BlobError::CodeTooLong { len_bytes: code_len_bytes });
        }
        let jump_table_len_bytes =
            u128::from(jump_table_entry_count) * u128::from(jump_table_entry_len_bytes);
        let (jump_table, rest) = take(rest, jump_table_len_bytes, BlobPart::JumpTable)?;
        let (code, rest) = take(rest, code_len_bytes.into(), BlobPart::Code)?;
        let (bitmask, rest) = take(rest, code_len_bytes.div_ceil(8).into(), BlobPart::Bitmask)?;
        if !rest.is_empty() {
            return Err(BlobError::TrailingOctets { len_bytes: rest.len() });
        }
        let used_bits = code_len_bytes % 8;
        if used_bits != 0 && bitmask.last().is_some_and(|&last| last >> used_bits != 0) {
            return Err(BlobError::BitmaskPadding);
        }
        Ok(Program {
            padded_code: padded(code),
            code_len_bytes: code.len() as u32,
            padded_bitmask: padded(bitmask),
            jump_table: jump_table.to_vec(),
            jump_table_entry_count,
            jump_table_entry_len_bytes,
        })
    }

    /// The code octets.
    #[inline]
    pub fn code(&self) -> &[u8] {
        self.padded_code.get(..self.code_len_bytes as usize).unwrap_or_default()
    }

    /// The octets from `position` on, those past the end of the code as zeros.
    #[inline(always)]
    pub(crate) fn octets_at(&self, position: u64) -> Option<&[u8; PADDING_LEN_BYTES]> {
        let position = usize::try_from(position).ok()?;
        self.padded_code.get(position..position + PADDING_LEN_BYTES)?.first_chunk()
    }

    /// A bit for each octet of the code: does an instruction start there?
    fn bitmask(&self) -> &[u8] {
        self.padded_bitmask.get(..(self.code_len_bytes as usize).div_ceil(8)).unwrap_or_default()
    }

    /// 64 bits of the bitmask, from position 64 × `index` on; unset past the end.
    #[inline]
    pub fn starts_word(&self, index: u32) -> u64 {
        self.bits_from(index as usize * 8)
    }

    /// How many instructions start in the code.
    pub fn instruction_count(&self) -> u32 {
        let (words, rest) = self.bitmask().as_chunks();
        let whole: u32 = words.iter().map(|&octets| u64::from_le_bytes(octets).count_ones()).sum();
        whole + rest.iter().map(|octet| octet.count_ones()).sum::<u32>()
    }

    /// The bitmask's bits from an octet on.
    #[inline(always)]
    fn bits_from(&self, octet: usize) -> u64 {
        let octets = self.padded_bitmask.get(octet..octet + size_of::<u64>());
        octets.and_then(|octets| octets.first_chunk()).map_or(0, |octets| u64::from_le_bytes(*octets))
    }

    /// The length of the code in octets.
    #[inline]
    pub fn code_len_bytes(&self) -> u32 {
        self.code_len_bytes
    }

    /// Does an instruction start at `position`? `false` at and after the end of the code.
    #[inline]
    pub fn is_instruction_start(&self, position: u32) -> bool {
        self.padded_bitmask.get(position as usize / 8).is_some_and(|octet| octet >> (position % 8) & 1 == 1)
    }

    /// The positions where instructions start, in order.
    pub fn instruction_starts(&self) -> impl DoubleEndedIterator<Item = u32> {
        let octets = self.bitmask().iter().enumerate();
        octets.flat_map(|(index, &octet)| SetBits { first: index as u32 * 8, octet })
    }

    /// Bit n says whether an instruction starts at `position` + 1 + n, for 0 ≤ n ≤ 24 at least; past the
    /// end the bits are unset.
    #[inline(always)]
    pub(crate) fn starts_after(&self, position: u32) -> u64 {
        let next = position as usize + 1;
        self.bits_from(next / 8) >> (next % 8)
    }

    /// How many entries the jump table has; entries of size 0 cost no octets, so this may be huge.
    pub fn jump_table_entry_count(&self) -> u64 {
        self.jump_table_entry_count
    }

    /// The size of a jump-table entry in octets.
    pub fn jump_table_entry_len_bytes(&self) -> u8 {
        self.jump_table_entry_len_bytes
    }

    /// Entry `index` of the jump table, a position in the code if the program is any good;
    /// `u64::MAX` if it does not fit, `None` if there is no such entry.
    pub fn jump_table_entry(&self, index: u64) -> Option<u64> {
        if index >= self.jump_table_entry_count {
            return None;
        }
        let len_bytes = usize::from(self.jump_table_entry_len_bytes);
        let start = usize::try_from(index).ok()?.checked_mul(len_bytes);
        // With entries of size 0 the start may be anything: the entry is empty, and zero.
        let entry = if len_bytes == 0 { &[][..] } else { self.jump_table.get(start?..)?.get(..len_bytes)? };
        let (low, high) = entry.split_at(len_bytes.min(8));
        if high.iter().any(|&octet| octet != 0) {
            return Some(u64::MAX);
        }
        Some(low.iter().rev().fold(0, |value, &octet| value << 8 | u64::from(octet)))
    }
}

fn padded(octets: &[u8]) -> Vec<u8> {
    let mut padded = Vec::with_capacity(octets.len() + PADDING_LEN_BYTES);
    padded.extend_from_slice(octets);
    padded.extend_from_slice(&[0; PADDING_LEN_BYTES]);
    padded
}

/// The set bits of an octet of the bitmask, as positions.
struct SetBits {
    /// The position of the lowest bit.
    first: u32,
    octet: u8,
}

impl Iterator for SetBits {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let position = (self.octet != 0).then(|| self.first + self.octet.trailing_zeros());
        self.octet &= self.octet.wrapping_sub(1);
        position
    }
}

impl DoubleEndedIterator for SetBits {
    #[inline]
    fn next_back(&mut self) -> Option<u32> {
        let bit = self.octet.checked_ilog2()?;
        self.octet ^= 1 << bit;
        Some(self.first + bit)
    }
}

fn read_len(octets: &[u8], part: BlobPart) -> Result<(u64, &[u8]), BlobError> {
    varint::read(octets).map_err(|error| match error {
        VarintError::UnexpectedEnd => BlobError::UnexpectedEnd { part },
        VarintError::NotShortest => BlobError::LengthNotShortest { part },
    })
}

fn take(octets: &[u8], len_bytes: u128, part: BlobPart) -> Result<(&[u8], &[u8]), BlobError> {
    usize::try_from(len_bytes)
        .ok()
        .and_then(|len_bytes| octets.split_at_checked(len_bytes))
        .ok_or(BlobError::UnexpectedEnd { part })
}
