//! Where instructions are put.

use alloc::vec::Vec;

use super::encoding::Encoding;

/// The most that one instruction writes, what is not part of it included.
const SLACK_BYTES: usize = 24;

/// Machine code in the making. Its methods, one an instruction, are in the files of the families.
#[derive(Debug, Default)]
pub struct Asm {
    /// The code, then octets that are not part of it.
    octets: Vec<u8>,
    len_bytes: u32,
}

impl Asm {
    /// An empty buffer with room for `capacity_bytes`.
    pub fn with_capacity(capacity_bytes: usize) -> Asm {
        Asm { octets: alloc::vec![0; capacity_bytes + SLACK_BYTES], len_bytes: 0 }
    }

    /// The position of the next instruction.
    #[inline(always)]
    pub fn position(&self) -> u32 {
        self.len_bytes
    }

    /// The code.
    pub fn finish(mut self) -> Vec<u8> {
        self.octets.truncate(self.len_bytes as usize);
        self.octets.shrink_to_fit();
        self.octets
    }

    /// Appends an instruction.
    #[inline(always)]
    pub(super) fn put(&mut self, encoding: Encoding) {
        let start = self.len_bytes as usize;
        if start + SLACK_BYTES > self.octets.len() {
            self.grow();
        }
        if let Some(room) = self.octets.get_mut(start..start + SLACK_BYTES) {
            room[..8].copy_from_slice(&encoding.head.to_le_bytes());
            let tail_start = (encoding.head_len_bytes & 15) as usize;
            if let Some(tail) = room.get_mut(tail_start..tail_start + 8) {
                tail.copy_from_slice(&encoding.tail.to_le_bytes());
            }
        }
        self.len_bytes += encoding.len_bytes();
    }

    /// Makes room for an instruction.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let len_bytes = (self.octets.len() * 2).max(self.len_bytes as usize + SLACK_BYTES);
        self.octets.resize(len_bytes, 0);
    }

    /// Forgets what comes after a position.
    pub fn rewind(&mut self, position: u32) {
        self.len_bytes = position;
    }

    /// Appends octets that are not instructions.
    pub fn data(&mut self, value: u64) {
        self.put(Encoding::EMPTY.imm64(value));
    }

    /// Points the 32-bit distance that ends at `end` at `target`.
    #[inline]
    pub fn patch_distance(&mut self, end: u32, target: u32) {
        self.patch_u32(end - 4, target.wrapping_sub(end));
    }

    /// Overwrites an octet.
    #[inline]
    pub fn patch_u8(&mut self, position: u32, value: u8) {
        if let Some(octet) = self.octets.get_mut(position as usize) {
            *octet = value;
        }
    }

    /// Overwrites ten octets by a `jmp`, whose distance is to be patched and ends behind five of them, and a `nop`.
    pub fn patch_jump_and_nop(&mut self, position: u32) {
        let start = position as usize;
        if let Some(field) = self.octets.get_mut(start..start + 10) {
            field.copy_from_slice(&[0xE9, 0, 0, 0, 0, 0x0F, 0x1F, 0x44, 0, 0]);
        }
    }

    /// Overwrites four octets.
    #[inline]
    pub fn patch_u32(&mut self, position: u32, value: u32) {
        let start = position as usize;
        if let Some(field) = self.octets.get_mut(start..start + 4) {
            field.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// Points the 8-bit distance that ends at `end` here; the target is less than 128 octets away.
    pub fn patch_short(&mut self, end: u32) {
        let distance = self.position() - end;
        debug_assert!(distance < 128);
        if let Some(field) = self.octets.get_mut(end as usize - 1) {
            *field = distance as u8;
        }
    }
}
