//! A program decoded for running.

use alloc::vec::Vec;

use javm_isa::{
    BranchTargets, DynamicJump, GasBlocks, Instruction, Opcode, OpcodeTable, Program, Reg, dynamic_jump,
};

use crate::op::{LONGEST, fused};

/// The number of no instruction: going there is a panic.
pub(crate) const NO_RECORD: u32 = u32::MAX;

/// An instruction as the run loop wants it, and how to go on from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    /// The number of what runs the instruction behind it: its opcode, or that of several that begin there.
    pub handler: u8,
    pub a: Reg,
    pub b: Reg,
    pub d: Reg,
    /// The first immediate; the low half of a 64-bit one.
    pub x: u32,
    /// The second immediate, the high half of a 64-bit one, or the branch target's number.
    pub y: u32,
    /// The cost of entering a block behind it.
    pub gas: u32,
}

const _: () = assert!(size_of::<Record>() == 16);

/// A program decoded under one opcode table: made once, run many times.
///
/// It takes about 21 octets for each instruction and 4 for each jump-table entry with a size, so at
/// most 22 times the length of the program's blob and a record; while it is being made 4 more.
///
/// Instructions are numbered in the order of positions, one for each instruction start, and a `trap` wherever
/// going on from one leads to no other: at the end of the code and after too many argument octets. So every
/// instruction has its successor behind it, and the last is a `trap`. How to run an instruction is said in the
/// record before its own, so there is one record more, before the first: that of instruction n has the index n + 1.
#[derive(Clone, Debug)]
pub struct Code {
    pub(crate) records: Vec<Record>,
    /// The position of each instruction.
    positions: Vec<u32>,
    index: PositionIndex,
    branch_targets: BranchTargets,
    jump_table_entry_count: u64,
    /// For each jump-table entry the instruction it leads to; empty if entries have no size.
    jump_records: Vec<u32>,
    /// Where every entry of a jump table whose entries have no size leads.
    unsized_jump_record: u32,
}

impl Code {
    /// Decodes `program`. It need not be valid: what is not an instruction becomes a `trap`.
    pub fn new(program: &Program, table: OpcodeTable) -> Code {
        let branch_targets = BranchTargets::new(program, table);
        let positions = record_positions(program);
        let index = PositionIndex::new(program.code_len_bytes(), &positions);
        let gas_blocks = GasBlocks::new(program, table);
        let record_at_target =
            |target: u32| if branch_targets.contains(target) { index.find(target) } else { None };
        let mut records = Vec::with_capacity(positions.len() + 1);
        records.push(Record::NONE);
        for (before, &position) in positions.iter().enumerate() {
            let instruction = program.instruction_at(position, table);
            let target = instruction.target.and_then(record_at_target).unwrap_or(NO_RECORD);
            records[before].lead_to(instruction.opcode, gas_blocks.cost_from(position));
            records.push(Record::of(&instruction, target));
        }
        fuse(&mut records);
        let jump_record = |entry| {
            program.jump_target(entry, &branch_targets).and_then(record_at_target).unwrap_or(NO_RECORD)
        };
        let jump_table_entry_count = program.jump_table_entry_count();
        let sized_count = if program.jump_table_entry_len_bytes() == 0 { 0 } else { jump_table_entry_count };
        let jump_records = (0..sized_count).map(jump_record).collect();
        let unsized_jump_record = if sized_count == 0 { jump_record(0) } else { NO_RECORD };
        Code {
            records,
            positions,
            index,
            jump_table_entry_count,
            jump_records,
            unsized_jump_record,
            branch_targets,
        }
    }

    /// May a jump go to `pc`? Endpoints must satisfy this.
    pub fn is_branch_target(&self, pc: u32) -> bool {
        self.branch_targets.contains(pc)
    }

    /// How many octets of memory this takes, its own fields apart.
    pub fn memory_len_bytes(&self) -> usize {
        self.records.capacity() * size_of::<Record>()
            + (self.positions.capacity() + self.jump_records.capacity()) * size_of::<u32>()
            + self.index.words.capacity() * size_of::<IndexWord>()
            + self.positions.last().map_or(0, |&end| end as usize / 8 + 1)
    }

    /// The number of the instruction at `pc`, which may be `guess`.
    #[inline]
    pub(crate) fn record_near(&self, pc: u32, guess: u32) -> Option<u32> {
        if self.position(guess) == Some(pc) { Some(guess) } else { self.index.find(pc) }
    }

    /// The position of an instruction.
    #[inline]
    pub(crate) fn position(&self, record: u32) -> Option<u32> {
        self.positions.get(record as usize).copied()
    }

    /// The instruction a dynamic jump leads to, [`NO_RECORD`] if to none; `None` if it halts.
    #[inline(always)]
    pub(crate) fn dynamic_target(&self, address: u32) -> Option<u32> {
        match dynamic_jump(address, self.jump_table_entry_count) {
            DynamicJump::Halt => None,
            DynamicJump::Panic => Some(NO_RECORD),
            DynamicJump::Entry(entry) => {
                Some(self.jump_records.get(entry as usize).copied().unwrap_or(self.unsized_jump_record))
            }
        }
    }
}

impl Record {
    /// No instruction, and a trap behind it.
    const NONE: Record = Record { handler: 0, a: Reg::R0, b: Reg::R0, d: Reg::R0, x: 0, y: 0, gas: 0 };

    /// Of an instruction. What lies behind it is not known yet.
    fn of(instruction: &Instruction, target: u32) -> Record {
        let &Instruction { opcode, a, b, d, x, y, .. } = instruction;
        let y = match opcode {
            Opcode::LoadImm64 => (x >> 32) as u32,
            _ if has_target(opcode) => target,
            _ => y as u32,
        };
        Record { a, b, d, x: x as u32, y, ..Record::NONE }
    }

    /// Behind it lies an instruction of that opcode, where entering a block costs `gas`.
    fn lead_to(&mut self, opcode: Opcode, gas: u32) {
        (self.handler, self.gas) = (opcode as u8, gas);
    }
}

/// Lets what leads to an instruction lead to a handler of several, where that makes the fewest steps to the end of the
/// block. A terminator is never the first of several, so they are in one block.
fn fuse(records: &mut [Record]) {
    let mut opcodes = [Opcode::Trap; LONGEST];
    // The steps from the instructions behind to wherever; what counts is the difference.
    let mut steps_behind = [0u32; LONGEST];
    for record in records.iter_mut().rev() {
        opcodes.copy_within(..LONGEST - 1, 1);
        opcodes[0] = Opcode::ALL[record.handler as usize];
        let mut least = steps_behind[0];
        for (len, handler) in fused(opcodes) {
            if steps_behind[len - 1] < least {
                (least, record.handler) = (steps_behind[len - 1], handler);
            }
        }
        steps_behind.copy_within(..LONGEST - 1, 1);
        steps_behind[0] = least + 1;
    }
}

fn has_target(opcode: Opcode) -> bool {
    use javm_isa::Format::{O, RIO, RRO};
    matches!(opcode.format(), O | RIO | RRO)
}

/// The positions that get a record, in order.
fn record_positions(program: &Program) -> Vec<u32> {
    let end = program.code_len_bytes();
    let starts = (0..end).filter(|&position| program.is_instruction_start(position));
    // Only after 25 octets without a start, and at the end, is there a trap between two starts.
    let most_traps = end as usize / 25 + 1;
    let mut positions = Vec::with_capacity(starts.clone().count() + most_traps);
    for position in starts {
        positions.push(position);
        let next = program.next_position(position);
        if !program.is_instruction_start(next) {
            positions.push(next);
        }
    }
    if positions.is_empty() {
        positions.push(end);
    }
    positions
}

/// From a position to its record, in a few steps and a quarter of an octet per position.
#[derive(Clone, Debug)]
struct PositionIndex {
    words: Vec<IndexWord>,
}

/// 64 positions: which of them have records, and how many records come before them.
#[derive(Clone, Copy, Debug)]
struct IndexWord {
    bits: u64,
    records_before: u32,
}

impl PositionIndex {
    /// Of sorted `positions`, none of them above `end`.
    fn new(end: u32, positions: &[u32]) -> PositionIndex {
        let mut words = alloc::vec![IndexWord { bits: 0, records_before: 0 }; end as usize / 64 + 1];
        for &position in positions {
            words[position as usize / 64].bits |= 1 << (position % 64);
        }
        let mut records_before = 0;
        for word in &mut words {
            word.records_before = records_before;
            records_before += word.bits.count_ones();
        }
        PositionIndex { words }
    }

    fn find(&self, position: u32) -> Option<u32> {
        let word = self.words.get(position as usize / 64)?;
        let bit = 1u64 << (position % 64);
        if word.bits & bit == 0 {
            return None;
        }
        Some(word.records_before + (word.bits & (bit - 1)).count_ones())
    }
}
