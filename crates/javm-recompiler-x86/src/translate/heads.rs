//! Where blocks begin in the machine code, by their positions in the program.

use alloc::{vec, vec::Vec};

/// The blocks so far that may be jumped to: a bit for each position, and for 64 of them how many blocks begin
/// before.
#[derive(Debug)]
pub(super) struct Heads {
    words: Vec<Word>,
    /// In how many of the words `before` is right.
    ready_count: usize,
    heads: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Word {
    bits: u64,
    before: u32,
}

impl Heads {
    /// None, for code of this length.
    pub fn new(code_len_bytes: u32) -> Heads {
        let words = vec![Word::default(); code_len_bytes as usize / 64 + 1];
        Heads { words, ready_count: 0, heads: Vec::new() }
    }

    /// A block begins at `pc`, beyond those before, and at `head` in the machine code.
    pub fn push(&mut self, pc: u32, head: u32) {
        let index = pc as usize / 64;
        let before = self.heads.len() as u32;
        for word in self.words.iter_mut().take(index + 1).skip(self.ready_count) {
            word.before = before;
        }
        self.ready_count = self.ready_count.max(index + 1);
        if let Some(word) = self.words.get_mut(index) {
            word.bits |= 1 << (pc % 64);
        }
        self.heads.push(head);
    }

    /// Where the block that begins at `pc` is in the machine code.
    #[inline]
    pub fn get(&self, pc: u32) -> Option<u32> {
        let word = self.words.get(pc as usize / 64)?;
        let bit = 1 << (pc % 64);
        if word.bits & bit == 0 {
            return None;
        }
        let index = word.before + (word.bits & (bit - 1)).count_ones();
        self.heads.get(index as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_by_position() {
        let pcs = [0, 1, 63, 64, 200, 201, 640, 703];
        let mut heads = Heads::new(704);
        for (index, &pc) in (0..).zip(&pcs) {
            assert_eq!(heads.get(pc), None);
            heads.push(pc, 1000 + index);
            for other in 0..1000 {
                let place = pcs[..=index as usize].iter().position(|&pc| pc == other);
                assert_eq!(heads.get(other), place.map(|place| 1000 + place as u32));
            }
        }
    }
}
