//! Where the code of each instruction is: two octets each, and a record for each 64 octets of the program.

use alloc::vec::Vec;

use javm_isa::Program;

use crate::translate::CHARGE_LEN_BYTES;

/// An instruction of the program: where it is, where its code begins, what entering a block there costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its position in the program.
    pub pc: u32,
    /// Where in the machine code to enter for it, after the charge if a block starts here. That is where its code is,
    /// or, if the instruction before does some of its work, behind all instructions.
    pub offset: u32,
    /// The charge for entering a block here.
    pub cost: u32,
}

/// Octets of the program that one record is for: the bits of a word.
const WORD_BITS: u32 = u64::BITS;

/// Bits of an entry: how far the code is from that of the first instruction in the same word, the charge for a block
/// included.
const DISTANCE: u16 = (1 << 14) - 1;
/// Does a block start here, which is charged for?
const IS_CHARGED: u16 = 1 << 14;
/// Does the block end with this instruction?
const ENDS_BLOCK: u16 = 1 << 15;

/// A block of so many instructions is looked up, instead of walking to its end.
const LONG_BLOCK_COUNT: usize = 64;

/// What is known of 64 positions in the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Word {
    /// Where an instruction or an implicit trap is.
    bits: u64,
    /// How many of them are before.
    before: u32,
    /// Where the code of the first one begins.
    base: u32,
}

/// The positions of a program, by rising pc and offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Positions {
    words: Vec<Word>,
    entries: Vec<u16>,
    /// The last entry of each long block.
    long_ends: Vec<u32>,
    /// Where to enter for positions whose code wants something done before: pc and position in the machine code, by pc.
    second_entries: Vec<(u32, u32)>,
}

/// Positions in the making.
#[derive(Debug)]
pub(crate) struct PositionsBuilder {
    positions: Positions,
    /// Where the current word begins in the machine code, and where it ends in the program.
    base: u32,
    word_end: u32,
    /// How many words the program has.
    word_count: usize,
}

/// What [`PositionsBuilder::rewind`] goes back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    count: usize,
    base: u32,
    word_end: u32,
}

impl PositionsBuilder {
    /// With room for so many instructions.
    pub fn new(program: &Program, instruction_count: usize) -> PositionsBuilder {
        let word_count = (program.code_len_bytes() / WORD_BITS) as usize + 1;
        let positions = Positions {
            words: Vec::with_capacity(word_count),
            entries: Vec::with_capacity(instruction_count),
            long_ends: Vec::new(),
            second_entries: Vec::new(),
        };
        PositionsBuilder { positions, base: 0, word_end: 0, word_count }
    }

    /// How many instructions there are so far.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.positions.entries.len()
    }

    /// Where the current word ends in the program: from there on [`begin_word`](Self::begin_word) comes first.
    #[inline(always)]
    pub fn word_end(&self) -> u32 {
        self.word_end
    }

    /// The next instruction, at `pc`, is the first of its word; `offset` is the place of its code.
    pub fn begin_word(&mut self, program: &Program, pc: u32, offset: u32) {
        let index = (pc / WORD_BITS) as usize;
        let before = self.count() as u32;
        self.positions.words.resize(index, Word { bits: 0, before, base: offset });
        self.positions.words.push(Word { bits: program.starts_word(index as u32), before, base: offset });
        self.base = offset;
        self.word_end = (index as u32 + 1) * WORD_BITS;
    }

    /// Appends the instruction whose code begins at `offset`, with the charge for a block if it has one.
    #[inline(always)]
    pub fn push(&mut self, offset: u32, is_charged: bool) {
        let flag = if is_charged { IS_CHARGED } else { 0 };
        self.positions.entries.push(offset.wrapping_sub(self.base) as u16 & DISTANCE | flag);
    }

    /// The next one is an implicit trap, at a position where the program has no instruction.
    #[cold]
    pub fn mark_trap(&mut self, pc: u32) {
        if let Some(word) = self.positions.words.get_mut((pc / WORD_BITS) as usize) {
            word.bits |= 1 << (pc % WORD_BITS);
        }
    }

    /// A block of so many instructions has ended.
    #[inline(always)]
    pub fn end_block(&mut self, count: usize) {
        if let Some(last) = self.positions.entries.last_mut() {
            *last |= ENDS_BLOCK;
        }
        if count >= LONG_BLOCK_COUNT {
            self.positions.long_ends.push(self.count() as u32 - 1);
        }
    }

    /// How far it has come.
    #[inline(always)]
    pub fn mark(&self) -> Mark {
        Mark { count: self.count(), base: self.base, word_end: self.word_end }
    }

    /// Forgets what came after.
    pub fn rewind(&mut self, mark: Mark) {
        self.positions.entries.truncate(mark.count);
        self.positions.words.truncate((mark.word_end / WORD_BITS) as usize);
        (self.base, self.word_end) = (mark.base, mark.word_end);
    }

    /// Where the block at `pc` begins in the machine code, charge included, if one does that is charged for. The
    /// last of the instructions so far is not before `pc`.
    #[inline]
    pub fn head(&self, pc: u32) -> Option<u32> {
        let (word, index) = self.positions.find(pc)?;
        let entry = *self.positions.entries.get(index)?;
        (entry & IS_CHARGED != 0).then_some(word.base + u32::from(entry & DISTANCE))
    }

    /// To run from `pc`, above all that had one so far, is to enter here.
    pub fn push_second_entry(&mut self, pc: u32, offset: u32) {
        self.positions.second_entries.push((pc, offset));
    }

    /// The positions, whose code ends at `end`.
    pub fn finish(mut self, end: u32) -> Positions {
        let before = self.count() as u32;
        self.positions.words.resize(self.word_count, Word { bits: 0, before, base: end });
        self.positions.entries.shrink_to_fit();
        self.positions.long_ends.shrink_to_fit();
        self.positions.second_entries.shrink_to_fit();
        self.positions
    }
}

impl Positions {
    /// The word of `pc`, and the index of the entry of the instruction there, if there is one.
    #[inline]
    fn find(&self, pc: u32) -> Option<(Word, usize)> {
        let word = *self.words.get((pc / WORD_BITS) as usize)?;
        let bit = 1 << (pc % WORD_BITS);
        let before = (word.bits & (bit - 1)).count_ones();
        (word.bits & bit != 0).then_some((word, (word.before + before) as usize))
    }

    /// How many octets of memory this takes, its own fields apart.
    pub fn memory_len_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<u16>()
            + self.words.capacity() * size_of::<Word>()
            + self.long_ends.capacity() * size_of::<u32>()
            + self.second_entries.capacity() * size_of::<(u32, u32)>()
    }

    /// The charge for entering a block at this entry: the instructions up to its end.
    fn cost(&self, index: usize) -> u32 {
        let mut near = self.entries.iter().skip(index).take(LONG_BLOCK_COUNT);
        if let Some(after) = near.position(|entry| entry & ENDS_BLOCK != 0) {
            return after as u32 + 1;
        }
        let longer = self.long_ends.partition_point(|&end| (end as usize) < index);
        self.long_ends.get(longer).map_or(1, |&end| end - index as u32 + 1)
    }

    /// The instruction at `pc`.
    pub fn at_pc(&self, pc: u32) -> Option<Position> {
        let (word, index) = self.find(pc)?;
        let entry = *self.entries.get(index)?;
        let charge = if entry & IS_CHARGED != 0 { CHARGE_LEN_BYTES } else { 0 };
        let code = word.base + u32::from(entry & DISTANCE) + charge;
        let second = self.second_entries.binary_search_by_key(&pc, |&(pc, _)| pc).ok();
        let offset = second.and_then(|index| self.second_entries.get(index)).map_or(code, |&(_, at)| at);
        Some(Position { pc, offset, cost: self.cost(index) })
    }

    /// The pc of this entry.
    fn pc_of(&self, index: usize) -> Option<u32> {
        if index >= self.entries.len() {
            return None;
        }
        let word_index = self.words.partition_point(|word| word.before as usize <= index).checked_sub(1)?;
        let word = self.words.get(word_index)?;
        let bits = (word.before as usize..index).fold(word.bits, |bits, _| bits & bits.wrapping_sub(1));
        Some(word_index as u32 * WORD_BITS + bits.trailing_zeros())
    }

    /// The pc of the last instruction that does not begin after `offset` in the machine code.
    pub fn pc_at_offset(&self, offset: u32) -> Option<u32> {
        let after = self.words.partition_point(|word| word.base <= offset);
        let word = self.words.get(after.checked_sub(1)?)?;
        let end = self.words.get(after).map_or(self.entries.len(), |next| next.before as usize);
        let entries = self.entries.get(word.before as usize..end)?;
        let distance = offset - word.base;
        let here = entries.iter().take_while(|&&entry| u32::from(entry & DISTANCE) <= distance).count();
        self.pc_of((word.before as usize + here).checked_sub(1)?)
    }

    /// The pc of the instruction after the one at `pc`, if there are both.
    pub fn pc_after(&self, pc: u32) -> Option<u32> {
        self.pc_of(self.find(pc)?.1 + 1)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Position> {
        let pcs = (0..self.entries.len()).filter_map(|index| self.pc_of(index));
        pcs.filter_map(|pc| self.at_pc(pc))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// A program of this code length with these starts.
    fn program(len: usize, starts: &[u32]) -> Program {
        let mut bitmask = vec![0; len.div_ceil(8)];
        starts.iter().for_each(|&start| bitmask[start as usize / 8] |= 1 << (start % 8));
        let header = [0, 0, 0xC0 | (len >> 16) as u8, len as u8, (len >> 8) as u8];
        Program::parse(&[&header[..], &vec![0; len], &bitmask].concat()).expect("a blob")
    }

    /// Blocks of every length below 200, with gaps of every kind between them; and whether each instruction begins
    /// a block that is charged for, and is none of the program's.
    fn positions() -> Vec<(Position, bool, bool)> {
        let mut positions = Vec::new();
        let (mut pc, mut offset) = (3, 700);
        for len in 1..200 {
            let is_charged = len % 7 != 0;
            for index in 0..len {
                let is_first = index == 0 && is_charged;
                offset += if is_first { CHARGE_LEN_BYTES } else { 0 };
                let is_trap = len % 11 == 0 && index == len - 1;
                positions.push((Position { pc, offset, cost: len - index }, is_first, is_trap));
                pc += 1 + (len * 7 + index) % 25;
                offset += (len * 5 + index * 3) % 140;
            }
            pc += if len % 13 == 0 { 1000 * len } else { 0 };
        }
        positions
    }

    #[test]
    fn what_went_in_comes_out() {
        let all = positions();
        let starts: Vec<u32> = all.iter().filter(|(_, _, is_trap)| !is_trap).map(|(at, ..)| at.pc).collect();
        let program = program(starts[starts.len() - 1] as usize + 2000, &starts);
        let mut builder = PositionsBuilder::new(&program, all.len());
        let mut heads = Vec::new();
        let mut block_count = 0;
        for &(Position { pc, offset, cost }, is_charged, is_trap) in &all {
            let head = offset - if is_charged { CHARGE_LEN_BYTES } else { 0 };
            if pc >= builder.word_end() {
                builder.begin_word(&program, pc, head);
            }
            if is_trap {
                builder.mark_trap(pc);
            }
            builder.push(head, is_charged);
            block_count += 1;
            if cost == 1 {
                builder.end_block(core::mem::take(&mut block_count));
            }
            assert_eq!(builder.head(pc), is_charged.then_some(head));
            heads.push(head);
        }
        let packed = builder.finish(1 << 30);
        let all: Vec<Position> = all.iter().map(|(position, ..)| *position).collect();
        assert!(packed.iter().eq(all.iter().copied()));
        for (index, &position) in all.iter().enumerate() {
            assert_eq!(packed.at_pc(position.pc), Some(position));
            assert_eq!(packed.pc_after(position.pc), all.get(index + 1).map(|next| next.pc));
            let last = heads.iter().rposition(|&head| head <= position.offset).map(|index| all[index].pc);
            assert_eq!(packed.pc_at_offset(position.offset), last);
        }
        let pcs: Vec<u32> = all.iter().map(|position| position.pc).collect();
        for pc in (0..5000).filter(|pc| pcs.binary_search(pc).is_err()) {
            assert_eq!((packed.at_pc(pc), packed.pc_after(pc)), (None, None));
        }
        assert_eq!(packed.pc_at_offset(heads[0] - 1), None);
        assert_eq!(packed.pc_at_offset(u32::MAX), pcs.last().copied());
    }

    #[test]
    fn what_is_forgotten_is_written_anew() {
        let starts: Vec<u32> = (0..100).map(|index| index * 3).collect();
        let program = program(20_000, &starts);
        let written = |is_twice: bool| {
            let mut builder = PositionsBuilder::new(&program, starts.len());
            let push = |builder: &mut PositionsBuilder, index: u32, shift: u32| {
                let offset = 1000 + index * 9 + shift;
                if index * 3 >= builder.word_end() {
                    builder.begin_word(&program, index * 3, offset);
                }
                builder.push(offset, index == 0);
            };
            (0..20).for_each(|index| push(&mut builder, index, 0));
            if is_twice {
                let mark = builder.mark();
                (20..90).for_each(|index| push(&mut builder, index, 0));
                builder.rewind(mark);
            }
            (20..100).for_each(|index| push(&mut builder, index, 5));
            builder.end_block(100);
            builder.finish(3000)
        };
        assert_eq!(written(true), written(false));
    }
}
