//! Where instructions are put.

use alloc::vec::Vec;

use super::encoding::Encoding;

/// The most that one instruction writes, what is not part of it included.
const SLACK_BYTES: usize = 24;

/// What is zeroed ahead: so little that it is still in the processor's cache when code is put there.
const CHUNK_BYTES: usize = 1 << 12;

/// Machine code in the making. Its methods, one an instruction, are in the files of the families.
///
/// There must be room for what is appended: [`reserve`](Self::reserve) makes it for many instructions at once. What
/// finds none is lost, and [`is_whole`](Self::is_whole) tells.
#[derive(Debug)]
pub struct Asm {
    /// The code, then octets that are not part of it.
    octets: Vec<u8>,
    len_bytes: u32,
}

impl Asm {
    /// Nothing so far, in the memory of `octets`.
    pub fn in_memory_of(mut octets: Vec<u8>) -> Asm {
        octets.clear();
        Asm { octets, len_bytes: 0 }
    }

    /// The position of the next instruction.
    #[inline(always)]
    pub fn position(&self) -> u32 {
        self.len_bytes
    }

    /// The code.
    pub fn finish(mut self) -> Vec<u8> {
        self.octets.truncate(self.len_bytes as usize);
        self.octets
    }

    /// Appends an instruction.
    #[inline(always)]
    pub(super) fn put(&mut self, encoding: Encoding) {
        let start = self.len_bytes as usize;
        if let Some(room) = self.octets.get_mut(start..start + SLACK_BYTES) {
            room[..8].copy_from_slice(&encoding.head.to_le_bytes());
            let tail_start = (encoding.head_len_bytes & 15) as usize;
            if let Some(tail) = room.get_mut(tail_start..tail_start + 8) {
                tail.copy_from_slice(&encoding.tail.to_le_bytes());
            }
        }
        self.len_bytes += encoding.len_bytes();
    }

    /// Makes room for so many octets of instructions.
    #[inline]
    pub fn reserve(&mut self, len_bytes: u32) {
        let needed = self.len_bytes as usize + len_bytes as usize + SLACK_BYTES;
        if needed > self.octets.len() {
            self.octets.resize(needed + CHUNK_BYTES, 0);
        }
    }

    /// Was there room for all that was appended?
    pub fn is_whole(&self) -> bool {
        self.len_bytes as usize + SLACK_BYTES <= self.octets.len()
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
