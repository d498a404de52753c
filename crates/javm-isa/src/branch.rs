//! Valid branch targets and the dynamic jump (PVM.md §4).

use alloc::{vec, vec::Vec};

use crate::{OpcodeTable, Program};

/// A dynamic jump to this address halts the program.
pub const HALT_ADDRESS: u32 = 0xFFFF_0000;

/// The positions that jumps and branches may go to.
///
/// Position 0 and what follows a terminator, each only if an instruction with a defined opcode starts
/// there. Not the same as the starts of gas blocks ([`GasBlocks`](crate::GasBlocks)), which are not
/// filtered. One bit per code octet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchTargets {
    bits: Vec<u8>,
}

impl BranchTargets {
    /// The branch targets of `program`.
    pub fn new(program: &Program, table: OpcodeTable) -> BranchTargets {
        let code_len_bytes = program.code_len_bytes();
        let mut targets = BranchTargets { bits: vec![0; (code_len_bytes as usize).div_ceil(8)] };
        targets.insert_if_instruction(0, program, table);
        for position in program.instruction_starts() {
            if program.opcode_at(position, table).is_some_and(|opcode| opcode.is_terminator()) {
                targets.insert_if_instruction(program.next_position(position), program, table);
            }
        }
        targets
    }

    fn insert_if_instruction(&mut self, position: u32, program: &Program, table: OpcodeTable) {
        if program.opcode_at(position, table).is_some()
            && let Some(octet) = self.bits.get_mut(position as usize / 8)
        {
            *octet |= 1 << (position % 8);
        }
    }

    /// May a jump go to `position`?
    #[inline]
    pub fn contains(&self, position: u32) -> bool {
        self.bits.get(position as usize / 8).is_some_and(|octet| octet >> (position % 8) & 1 == 1)
    }
}

/// What a dynamic jump's address means, before the jump table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DynamicJump {
    /// The program halts.
    Halt,
    /// The program panics.
    Panic,
    /// It goes where this entry of the jump table says.
    Entry(u32),
}

/// The meaning of a jump to `address` with a jump table of `entry_count` entries.
#[inline(always)]
pub const fn dynamic_jump(address: u32, entry_count: u64) -> DynamicJump {
    if address == HALT_ADDRESS {
        return DynamicJump::Halt;
    }
    if address == 0 || !address.is_multiple_of(2) {
        return DynamicJump::Panic;
    }
    let entry = address / 2 - 1;
    if entry as u64 >= entry_count {
        return DynamicJump::Panic;
    }
    DynamicJump::Entry(entry)
}

/// Where a dynamic jump ends up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JumpOutcome {
    /// The program halts.
    Halt,
    /// The program panics.
    Panic,
    /// It goes on at this position, a branch target.
    Target(u32),
}

impl Program {
    /// Where a jump to `address` ends up: [`dynamic_jump`], then the jump table, whose entry must be
    /// one of `targets`.
    pub fn resolve_dynamic_jump(&self, address: u32, targets: &BranchTargets) -> JumpOutcome {
        match dynamic_jump(address, self.jump_table_entry_count()) {
            DynamicJump::Halt => JumpOutcome::Halt,
            DynamicJump::Panic => JumpOutcome::Panic,
            DynamicJump::Entry(entry) => match self.jump_target(entry.into(), targets) {
                Some(target) => JumpOutcome::Target(target),
                None => JumpOutcome::Panic,
            },
        }
    }

    /// The position that entry `index` of the jump table leads to, `None` if it is no branch target.
    pub fn jump_target(&self, index: u64, targets: &BranchTargets) -> Option<u32> {
        let target = u32::try_from(self.jump_table_entry(index)?).ok()?;
        targets.contains(target).then_some(target)
    }
}
