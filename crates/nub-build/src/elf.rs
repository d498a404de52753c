//! What a guest image must be for Hyperlight to load it, read from its ELF headers.

/// What is wrong with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// A header points outside the file.
    #[error("it is cut short")]
    Truncated,
    /// It does not begin as a 64-bit little-endian ELF file for x86-64 does.
    #[error("it is not a 64-bit x86 ELF file")]
    NotElf,
    /// It cannot be loaded anywhere but at a fixed address.
    #[error("it is not position-independent")]
    NotPie,
    /// It wants an operating system's loader.
    #[error("it asks for a dynamic loader")]
    Interpreter,
    /// Hyperlight would not know where to enter it.
    #[error("it has no entry point")]
    NoEntry,
    /// Hyperlight's loader refuses an image that does not say which version it was built for.
    #[error("it lacks the `hyperlight-version` note")]
    NoVersionNote,
}

/// The facts about an image that loading depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestElf {
    /// Its type is ET_DYN.
    pub position_independent: bool,
    /// It has a PT_INTERP segment.
    pub interpreter: bool,
    /// Its entry point, relative to where it is loaded.
    pub entry: u64,
    /// Some section is named after Hyperlight's version note.
    pub version_note: bool,
}

const MACHINE_X86_64: u16 = 62;
const TYPE_SHARED_OBJECT: u16 = 3;
const SEGMENT_INTERPRETER: u32 = 3;
const VERSION_NOTE_SECTION: &[u8] = b".note.hyperlight-version\0";

impl GuestElf {
    /// Reads the headers.
    ///
    /// # Errors
    /// [`ElfError::NotElf`] or [`ElfError::Truncated`].
    pub fn parse(file: &[u8]) -> Result<GuestElf, ElfError> {
        // Magic number, 64 bits, little-endian.
        if file.get(..6) != Some(b"\x7fELF\x02\x01") || u16_at(file, 18)? != MACHINE_X86_64 {
            return Err(ElfError::NotElf);
        }
        let segments = Table { offset: u64_at(file, 32)?, size: u16_at(file, 54)?, count: u16_at(file, 56)? };
        let mut interpreter = false;
        for index in 0..segments.count {
            interpreter |= u32_at(file, segments.entry(index)?)? == SEGMENT_INTERPRETER;
        }
        Ok(GuestElf {
            position_independent: u16_at(file, 16)? == TYPE_SHARED_OBJECT,
            interpreter,
            entry: u64_at(file, 24)?,
            version_note: file.windows(VERSION_NOTE_SECTION.len()).any(|bytes| bytes == VERSION_NOTE_SECTION),
        })
    }

    /// Whether Hyperlight can load it.
    ///
    /// # Errors
    /// The first [`ElfError`] that applies.
    pub fn check(self) -> Result<(), ElfError> {
        let checks = [
            (self.position_independent, ElfError::NotPie),
            (!self.interpreter, ElfError::Interpreter),
            (self.entry != 0, ElfError::NoEntry),
            (self.version_note, ElfError::NoVersionNote),
        ];
        checks.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, error)| Err(*error))
    }
}

/// A table of headers: entries of `size` bytes from `offset` on.
struct Table {
    offset: u64,
    size: u16,
    count: u16,
}

impl Table {
    fn entry(&self, index: u16) -> Result<usize, ElfError> {
        let offset = self.offset.checked_add(u64::from(self.size) * u64::from(index));
        offset.and_then(|offset| usize::try_from(offset).ok()).ok_or(ElfError::Truncated)
    }
}

fn bytes_at<const N: usize>(file: &[u8], offset: usize) -> Result<[u8; N], ElfError> {
    let end = offset.checked_add(N).ok_or(ElfError::Truncated)?;
    file.get(offset..end).and_then(|bytes| bytes.try_into().ok()).ok_or(ElfError::Truncated)
}

fn u16_at(file: &[u8], offset: usize) -> Result<u16, ElfError> {
    bytes_at(file, offset).map(u16::from_le_bytes)
}

fn u32_at(file: &[u8], offset: usize) -> Result<u32, ElfError> {
    bytes_at(file, offset).map(u32::from_le_bytes)
}

fn u64_at(file: &[u8], offset: usize) -> Result<u64, ElfError> {
    bytes_at(file, offset).map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 64-byte ELF header and one program header of the type `segment`.
    fn image(file_type: u16, entry: u64, segment: u32) -> Vec<u8> {
        let mut file = vec![0; 64 + 56];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[16..18].copy_from_slice(&file_type.to_le_bytes());
        file[18..20].copy_from_slice(&MACHINE_X86_64.to_le_bytes());
        file[24..32].copy_from_slice(&entry.to_le_bytes());
        file[32..40].copy_from_slice(&64u64.to_le_bytes());
        file[54..56].copy_from_slice(&56u16.to_le_bytes());
        file[56..58].copy_from_slice(&1u16.to_le_bytes());
        file[64..68].copy_from_slice(&segment.to_le_bytes());
        file
    }

    fn with_note(mut file: Vec<u8>) -> Vec<u8> {
        file.extend_from_slice(VERSION_NOTE_SECTION);
        file
    }

    fn verdict(file: &[u8]) -> Result<(), ElfError> {
        GuestElf::parse(file).and_then(GuestElf::check)
    }

    #[test]
    fn a_loadable_image_passes() {
        assert_eq!(verdict(&with_note(image(TYPE_SHARED_OBJECT, 0x1000, 1))), Ok(()));
    }

    #[test]
    fn what_hyperlight_cannot_load_is_named() {
        assert_eq!(verdict(&with_note(image(2, 0x1000, 1))), Err(ElfError::NotPie));
        assert_eq!(
            verdict(&with_note(image(TYPE_SHARED_OBJECT, 0x1000, SEGMENT_INTERPRETER))),
            Err(ElfError::Interpreter)
        );
        assert_eq!(verdict(&with_note(image(TYPE_SHARED_OBJECT, 0, 1))), Err(ElfError::NoEntry));
        assert_eq!(verdict(&image(TYPE_SHARED_OBJECT, 0x1000, 1)), Err(ElfError::NoVersionNote));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let file = image(TYPE_SHARED_OBJECT, 0x1000, 1);
        for length in 0..68 {
            assert!(GuestElf::parse(&file[..length]).is_err(), "{length} bytes");
        }
        let mut far = file.clone();
        far[32..40].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(GuestElf::parse(&far), Err(ElfError::Truncated));
        assert_eq!(GuestElf::parse(b"#!/bin/sh"), Err(ElfError::NotElf));
    }
}
