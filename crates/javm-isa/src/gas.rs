//! Gas blocks: where a charge is made, and how much.
//!
//! Every block is charged when it is entered, the number of its instructions up to and including its
//! terminator; running off the end, into a position where no instruction starts, or into an undefined
//! opcode counts as one `trap`. If the gas left is less than that, nothing of the block runs and the gas
//! is left as it was. A block is entered by a jump, by going on after a terminator, and by starting to
//! run; starting in the middle of a block charges the instructions from there on. Resuming after a
//! host call or a page fault enters no block.

use alloc::{vec, vec::Vec};

use crate::{OpcodeTable, Program};

/// The gas blocks of a program. Four octets per code octet, and a bit.
///
/// Their starts are not the same set as the [`BranchTargets`](crate::BranchTargets): going on after a
/// terminator enters a block whatever is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GasBlocks {
    costs: Vec<u32>,
    starts: Vec<u8>,
}

impl GasBlocks {
    /// The gas blocks of `program`.
    pub fn new(program: &Program, table: OpcodeTable) -> GasBlocks {
        let end = program.code_len_bytes();
        let mut blocks = GasBlocks { costs: vec![1; end as usize], starts: vec![0; end as usize / 8 + 1] };
        blocks.mark_start(0);
        for position in program.instruction_starts().rev() {
            let Some(opcode) = program.opcode_at(position, table) else { continue };
            let next = program.next_position(position);
            if opcode.is_terminator() {
                blocks.mark_start(next);
            } else {
                blocks.costs[position as usize] = 1 + blocks.cost_from(next);
            }
        }
        blocks
    }

    fn mark_start(&mut self, position: u32) {
        self.starts[position as usize / 8] |= 1 << (position % 8);
    }

    /// The charge for entering a block at `position`, at least 1, at any position whatsoever.
    #[inline]
    pub fn cost_from(&self, position: u32) -> u32 {
        self.costs.get(position as usize).copied().unwrap_or(1)
    }

    /// Does a block start at `position`: is it 0, or does it follow a terminator? The end of the code
    /// may be a start: that of the implicit trap.
    #[inline]
    pub fn is_start(&self, position: u32) -> bool {
        self.starts.get(position as usize / 8).is_some_and(|octet| octet >> (position % 8) & 1 == 1)
    }
}
