//! A program in the order of its positions, for engines that translate it in one pass.

use crate::{MAX_SKIP, Opcode, OpcodeTable, Program};

/// An instruction, or an implicit trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it is.
    pub position: u32,
    /// Octets after the opcode.
    pub skip: u8,
    /// What it is; `None` for an undefined opcode, and where no instruction starts: a trap.
    pub opcode: Option<Opcode>,
}

impl Step {
    /// Where execution goes on after it, if it does not jump: there is the next step, unless this is a trap
    /// where no instruction starts.
    pub const fn next_position(&self) -> u32 {
        self.position.saturating_add(1 + self.skip as u32)
    }

    /// Does it end a block: is it a terminator, or a trap?
    pub const fn ends_block(&self) -> bool {
        match self.opcode {
            Some(opcode) => opcode.is_terminator(),
            None => true,
        }
    }
}

impl Program {
    /// Every instruction start, and the implicit traps: wherever going on from an instruction leads to no
    /// other. The last is a trap.
    pub fn steps(&self, table: OpcodeTable) -> Steps<'_> {
        let mut starts = Starts { bitmask: self.bitmask(), word: 0, first: 0, next_first: 0 };
        let pending = starts.next();
        let trap = if pending.is_none() { Some(self.code_len_bytes()) } else { None };
        Steps { code: self.code(), table, starts, pending, trap }
    }
}

/// Which octets end a block: terminators and undefined ones.
const fn ends_block(table: OpcodeTable) -> [bool; 256] {
    let mut ends = [false; 256];
    let mut octet = 0;
    while octet < 256 {
        ends[octet] = Step { position: 0, skip: 0, opcode: table.opcode(octet as u8) }.ends_block();
        octet += 1;
    }
    ends
}

static ENDS_BLOCK_GP_07: [bool; 256] = ends_block(OpcodeTable::Gp07);
static ENDS_BLOCK_JAM_V1: [bool; 256] = ends_block(OpcodeTable::JamV1);

/// See [`Program::steps`].
#[derive(Clone, Debug)]
pub struct Steps<'a> {
    code: &'a [u8],
    table: OpcodeTable,
    starts: Starts<'a>,
    /// The next start.
    pending: Option<u32>,
    /// An implicit trap before it.
    trap: Option<u32>,
}

/// What is left of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockAhead {
    /// How many steps: what entering the block here costs, the same as
    /// [`GasBlocks::cost_from`](crate::GasBlocks::cost_from).
    pub cost: u32,
    /// Where the first of them is.
    pub first_position: u32,
    /// Where the last of them is.
    pub last_position: u32,
}

impl Steps<'_> {
    /// The block from the next step on; of no steps there is a block without cost.
    pub fn block_ahead(&self) -> BlockAhead {
        let ends_block = match self.table {
            OpcodeTable::Gp07 => &ENDS_BLOCK_GP_07,
            OpcodeTable::JamV1 => &ENDS_BLOCK_JAM_V1,
        };
        let mut steps = self.clone();
        let first_position = self.trap.or(self.pending).unwrap_or(self.code.len() as u32);
        let mut block = BlockAhead { cost: 0, first_position, last_position: first_position };
        loop {
            if let Some(last_position) = steps.trap {
                return BlockAhead { cost: block.cost + 1, last_position, ..block };
            }
            let Some((last_position, _)) = steps.advance() else { return block };
            block = BlockAhead { cost: block.cost + 1, last_position, ..block };
            if self.code.get(last_position as usize).is_none_or(|&octet| ends_block[octet as usize]) {
                return block;
            }
        }
    }

    /// The next start, which is given up, and where execution goes on after it.
    #[inline(always)]
    fn advance(&mut self) -> Option<(u32, u32)> {
        let position = self.pending?;
        self.pending = self.starts.next();
        let end = self.code.len() as u32;
        let most = end.min(position.saturating_add(1 + u32::from(MAX_SKIP)));
        let next = match self.pending {
            Some(next) if next <= most => next,
            _ => {
                self.trap = Some(most);
                most
            }
        };
        Some((position, next))
    }
}

impl Iterator for Steps<'_> {
    type Item = Step;

    #[inline]
    fn next(&mut self) -> Option<Step> {
        if let Some(position) = self.trap.take() {
            return Some(Step { position, skip: 0, opcode: None });
        }
        let (position, next) = self.advance()?;
        let opcode = self.code.get(position as usize).and_then(|&octet| self.table.opcode(octet));
        Some(Step { position, skip: (next - position - 1) as u8, opcode })
    }
}

/// The set bits of the bitmask.
#[derive(Clone, Debug)]
struct Starts<'a> {
    /// What is left of it.
    bitmask: &'a [u8],
    /// Bits not yet given, the lowest for `first`.
    word: u64,
    first: u32,
    next_first: u32,
}

impl Starts<'_> {
    #[inline]
    fn next(&mut self) -> Option<u32> {
        while self.word == 0 {
            self.refill()?;
        }
        let bit = self.word.trailing_zeros();
        self.word &= self.word - 1;
        Some(self.first + bit)
    }

    fn refill(&mut self) -> Option<()> {
        self.first = self.next_first;
        self.next_first = self.first.wrapping_add(64);
        if let Some((octets, rest)) = self.bitmask.split_first_chunk() {
            self.word = u64::from_le_bytes(*octets);
            self.bitmask = rest;
            return Some(());
        }
        let last = core::mem::take(&mut self.bitmask);
        self.word = last.iter().rev().fold(0, |word, &octet| word << 8 | u64::from(octet));
        (!last.is_empty()).then_some(())
    }
}
