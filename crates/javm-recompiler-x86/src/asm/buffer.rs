//! Where instructions are put.

use alloc::vec::Vec;

use super::encoding::Encoding;

/// The most that one instruction writes, what is not part of it included.
const SLACK_BYTES: usize = 24;

/// What is zeroed ahead: so little that it is still in the processor's cache when code is put there.
const CHUNK_BYTES: usize = 1 << 12;

/// A few instructions, at most eight octets together.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    octets: u64,
    len_bytes: u32,
}

impl Made {
    /// None.
    pub const NOTHING: Made = Made { octets: 0, len_bytes: 0 };
}

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
    /// Nothing so far, in the memory of `octets`, whatever they are: all that becomes code is written first.
    pub fn in_memory_of(octets: Vec<u8>) -> Asm {
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
        self.put_if(true, encoding);
    }

    /// Appends an instruction or does not: without a branch, since what is beyond the end is overwritten.
    #[inline(always)]
    pub(super) fn put_if(&mut self, is_wanted: bool, encoding: Encoding) {
        let start = self.len_bytes as usize;
        if let Some(room) = self.octets.get_mut(start..start + SLACK_BYTES) {
            room[..8].copy_from_slice(&encoding.head.to_le_bytes());
            let tail_start = (encoding.head_len_bytes & 15) as usize;
            if encoding.has_tail
                && let Some(tail) = room.get_mut(tail_start..tail_start + 8)
            {
                tail.copy_from_slice(&encoding.tail.to_le_bytes());
            }
        }
        self.len_bytes += if is_wanted { encoding.len_bytes() } else { 0 };
    }

    /// Appends at most three octets, seven and four, each with its length.
    #[inline(always)]
    pub(super) fn put_three(
        &mut self,
        (first, first_len): (u32, u32),
        (head, head_len): (u64, u32),
        (tail, tail_len): (u32, u32),
    ) {
        debug_assert!(first_len <= 3 && head_len <= 8 && tail_len <= 4);
        let start = self.len_bytes as usize;
        if let Some(room) = self.octets.get_mut(start..start + SLACK_BYTES) {
            // The masks say that all are within.
            let (head_at, tail_at) = ((first_len & 7) as usize, ((first_len + head_len) & 15) as usize);
            room[..4].copy_from_slice(&first.to_le_bytes());
            room[head_at..head_at + 8].copy_from_slice(&head.to_le_bytes());
            room[tail_at..tail_at + 4].copy_from_slice(&tail.to_le_bytes());
        }
        self.len_bytes += first_len + head_len + tail_len;
    }

    /// What `emit` appends, at most eight octets, to be appended later instead.
    pub fn made(&mut self, emit: impl FnOnce(&mut Asm)) -> Made {
        let start = self.len_bytes;
        emit(self);
        let made = self.octets.get(start as usize..).and_then(|octets| octets.first_chunk());
        let len_bytes = self.len_bytes - start;
        debug_assert!(len_bytes <= u64::BITS / 8);
        self.len_bytes = start;
        Made { octets: made.map_or(0, |octets| u64::from_le_bytes(*octets)), len_bytes }
    }

    /// Appends what was made before.
    #[inline(always)]
    pub fn put_made(&mut self, made: Made) {
        self.put(Encoding { head: made.octets, head_len_bytes: made.len_bytes, ..Encoding::EMPTY });
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

    /// What was appended after a position.
    #[cfg(test)]
    pub fn since(&self, position: u32) -> &[u8] {
        &self.octets[position as usize..self.len_bytes as usize]
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
