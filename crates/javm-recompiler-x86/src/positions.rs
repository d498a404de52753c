//! Where the code of each instruction is: two octets each, and a checkpoint every now and then.

use alloc::vec::Vec;

/// An instruction of the program: where it is, where its code begins, what entering a block there costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its position in the program.
    pub pc: u32,
    /// The position in the machine code of what it does, after the charge if a block starts here.
    pub offset: u32,
    /// The charge for entering a block here.
    pub cost: u32,
}

/// At most so many instructions lie between checkpoints.
const STRIDE: usize = 64;

/// Bits of an entry: how far its pc is from the one before, then its offset.
const PC_BITS: u32 = 5;
const OFFSET_BITS: u32 = 8;
/// Does the block end with this instruction?
const ENDS_BLOCK: u16 = 1 << (PC_BITS + OFFSET_BITS);

/// An instruction in full, and which entry is its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Checkpoint {
    position: Position,
    entry: u32,
}

/// The positions of a program, by rising pc and offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Positions {
    entries: Vec<u16>,
    checkpoints: Vec<Checkpoint>,
    /// The last pc and offset.
    last: (u32, u32),
}

/// An entry in full, but for its cost.
#[derive(Clone, Copy)]
struct Item {
    pc: u32,
    offset: u32,
    ends_block: bool,
}

impl Positions {
    /// With room for so many instructions.
    pub fn with_capacity(instruction_count: usize) -> Positions {
        Positions { entries: Vec::with_capacity(instruction_count), ..Positions::default() }
    }

    /// Appends an instruction. The cost is 1 more than that of the next one, but where a block ends: there it is 1.
    #[inline]
    pub fn push(&mut self, position: Position) {
        let Position { pc, offset, cost } = position;
        let (pc_step, offset_step) = (pc.wrapping_sub(self.last.0), offset.wrapping_sub(self.last.1));
        let is_far = pc_step >> PC_BITS != 0 || offset_step >> OFFSET_BITS != 0;
        let ends_block = if cost == 1 { ENDS_BLOCK } else { 0 };
        if is_far
            || self.entries.len() - self.last_checkpoint_entry() >= STRIDE
            || self.checkpoints.is_empty()
        {
            self.checkpoints.push(Checkpoint { position, entry: self.entries.len() as u32 });
            self.entries.push(ends_block);
        } else {
            self.entries.push(ends_block | (offset_step << PC_BITS | pc_step) as u16);
        }
        self.last = (pc, offset);
    }

    #[inline]
    fn last_checkpoint_entry(&self) -> usize {
        self.checkpoints.last().map_or(0, |checkpoint| checkpoint.entry as usize)
    }

    /// Gives back room that is not needed.
    pub fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.checkpoints.shrink_to_fit();
    }

    /// How many octets of memory this takes, its own fields apart.
    pub fn memory_len_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<u16>() + self.checkpoints.capacity() * size_of::<Checkpoint>()
    }

    /// The entries from a checkpoint to the next.
    fn items(&self, checkpoint: usize) -> impl Iterator<Item = Item> + Clone {
        let start = self.checkpoints.get(checkpoint);
        let range = start.map_or(0, |start| start.entry as usize)
            ..self.checkpoints.get(checkpoint + 1).map_or(self.entries.len(), |next| next.entry as usize);
        let mut at = start.map_or((0, 0), |start| (start.position.pc, start.position.offset));
        self.entries.get(range).unwrap_or_default().iter().map(move |&entry| {
            at.0 += u32::from(entry) & ((1 << PC_BITS) - 1);
            at.1 += u32::from(entry) >> PC_BITS & ((1 << OFFSET_BITS) - 1);
            Item { pc: at.0, offset: at.1, ends_block: entry & ENDS_BLOCK != 0 }
        })
    }

    /// The last checkpoint that is not past what is looked for.
    fn checkpoint(&self, is_not_past: impl Fn(&Position) -> bool) -> Option<usize> {
        self.checkpoints.partition_point(|checkpoint| is_not_past(&checkpoint.position)).checked_sub(1)
    }

    /// The instruction at `pc`.
    pub fn at_pc(&self, pc: u32) -> Option<Position> {
        let checkpoint = self.checkpoint(|position| position.pc <= pc)?;
        let mut items = self.items(checkpoint).skip_while(|item| item.pc < pc);
        let found = items.clone().next().filter(|item| item.pc == pc)?;
        let mut cost = 0;
        let is_ended = items.any(|item| {
            cost += 1;
            item.ends_block
        });
        if !is_ended {
            cost += self.checkpoints.get(checkpoint + 1).map_or(0, |next| next.position.cost);
        }
        Some(Position { pc, offset: found.offset, cost })
    }

    /// The pc of the last instruction that does not begin after `offset` in the machine code.
    pub fn pc_at_offset(&self, offset: u32) -> Option<u32> {
        let checkpoint = self.checkpoint(|position| position.offset <= offset)?;
        self.items(checkpoint).take_while(|item| item.offset <= offset).last().map(|item| item.pc)
    }

    /// The pc of the instruction after the one at `pc`, if there are both.
    pub fn pc_after(&self, pc: u32) -> Option<u32> {
        let checkpoint = self.checkpoint(|position| position.pc <= pc)?;
        let mut items = self.items(checkpoint).skip_while(|item| item.pc < pc);
        items.next().filter(|item| item.pc == pc)?;
        let next = items.next().map(|item| item.pc);
        next.or_else(|| Some(self.checkpoints.get(checkpoint + 1)?.position.pc))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Position> {
        let pcs =
            (0..self.checkpoints.len()).flat_map(|checkpoint| self.items(checkpoint).map(|item| item.pc));
        pcs.filter_map(|pc| self.at_pc(pc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of every length below 200, with gaps of every kind between them.
    fn positions() -> Vec<Position> {
        let mut positions = Vec::new();
        let (mut pc, mut offset) = (3, 700);
        for len in 1..200 {
            for index in 0..len {
                positions.push(Position { pc, offset, cost: len - index });
                pc += 1 + (len * 7 + index) % 25;
                offset += (len * 5 + index * 3) % 140;
            }
            pc += if len % 13 == 0 { 1000 * len } else { 0 };
            offset += if len % 17 == 0 { 256 } else { 0 };
        }
        positions
    }

    #[test]
    fn what_went_in_comes_out() {
        let all = positions();
        let mut packed = Positions::default();
        all.iter().for_each(|&position| packed.push(position));
        assert!(packed.iter().eq(all.iter().copied()));
        assert!(packed.checkpoints.len() < all.len() / 30);
        for (index, &position) in all.iter().enumerate() {
            assert_eq!(packed.at_pc(position.pc), Some(position));
            assert_eq!(packed.pc_after(position.pc), all.get(index + 1).map(|next| next.pc));
            let last = all.iter().rfind(|other| other.offset <= position.offset).map(|other| other.pc);
            assert_eq!(packed.pc_at_offset(position.offset), last);
        }
        let pcs: Vec<u32> = all.iter().map(|position| position.pc).collect();
        for pc in (0..5000).filter(|pc| pcs.binary_search(pc).is_err()) {
            assert_eq!((packed.at_pc(pc), packed.pc_after(pc)), (None, None));
        }
        assert_eq!(packed.pc_at_offset(699), None);
    }
}
