//! The Gray Paper's natural-number encoding, as used in the blob's header.

/// Why no number could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VarintError {
    /// The octets end inside the number.
    UnexpectedEnd,
    /// A shorter encoding of the same number exists.
    NotShortest,
}

/// Reads one number from the front of `octets`; gives it and the octets after it.
///
/// The count of leading one bits of the first octet is the number of octets that follow; these hold
/// the low bits, little-endian, and what is left of the first octet the high bits.
pub(crate) fn read(octets: &[u8]) -> Result<(u64, &[u8]), VarintError> {
    let (&first, rest) = octets.split_first().ok_or(VarintError::UnexpectedEnd)?;
    let following = first.leading_ones();
    let (low_octets, rest) = rest.split_at_checked(following as usize).ok_or(VarintError::UnexpectedEnd)?;
    let low = low_octets.iter().rev().fold(0u64, |value, &octet| value << 8 | u64::from(octet));
    // With seven or eight leading ones the first octet has no bits left.
    let high = if following < 7 { u64::from(first) & ((1 << (7 - following)) - 1) } else { 0 };
    let value = if following < 8 { high << (8 * following) | low } else { low };
    if following > 0 && value < 1 << (7 * following) {
        return Err(VarintError::NotShortest);
    }
    Ok((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_length() {
        assert_eq!(read(&[0]), Ok((0, &[][..])));
        assert_eq!(read(&[127, 9]), Ok((127, &[9][..])));
        assert_eq!(read(&[0x80, 0x80]), Ok((128, &[][..])));
        assert_eq!(read(&[0xBF, 0xFF]), Ok((0x3FFF, &[][..])));
        assert_eq!(read(&[0xC0, 0x00, 0x40]), Ok((0x4000, &[][..])));
        assert_eq!(read(&[0xFE, 0, 0, 0, 0, 0, 0, 2]), Ok((1 << 49, &[][..])));
        assert_eq!(read(&[0xFF; 9]), Ok((u64::MAX, &[][..])));
        assert_eq!(read(&[0xFF, 0, 0, 0, 0, 0, 0, 0, 1]), Ok((1 << 56, &[][..])));
    }

    #[test]
    fn refuses_a_longer_encoding_than_needed() {
        assert_eq!(read(&[0x80, 127]), Err(VarintError::NotShortest));
        assert_eq!(read(&[0xC0, 0xFF, 0x3F]), Err(VarintError::NotShortest));
        assert_eq!(read(&[0xFF, 0, 0, 0, 0, 0, 0, 0, 0]), Err(VarintError::NotShortest));
    }

    #[test]
    fn refuses_a_cut_number() {
        assert_eq!(read(&[]), Err(VarintError::UnexpectedEnd));
        assert_eq!(read(&[0x80]), Err(VarintError::UnexpectedEnd));
        assert_eq!(read(&[0xFF, 1, 2, 3, 4, 5, 6, 7]), Err(VarintError::UnexpectedEnd));
    }
}
