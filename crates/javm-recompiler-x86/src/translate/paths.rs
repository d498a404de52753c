//! Jumps forward, and paths rarely taken, which lie behind all instructions.

use super::Translator;
use super::control::CHARGE_LEN_BYTES;
use super::pairs::SECOND_ENTRY_LEN_BYTES;
use crate::asm::Width::W64;
use crate::asm::{Alu, Condition};
use crate::positions;
use crate::registers::UPPER;

/// The most that one rare path takes: a `mov` and a `jmp`.
const RARE_PATH_LEN_BYTES: u32 = 10;

/// The same of a charge for a block: a `sub` and a `jae`.
const RARE_CHARGE_LEN_BYTES: u32 = 13;

/// Of a path the `mov`.
const MOV_LEN_BYTES: u32 = 5;

/// The jump there from where the charge would be.
const JUMP_LEN_BYTES: u32 = 5;

/// How far back a short jump reaches, its own two octets aside.
const SHORT_REACH_BYTES: u32 = 126;

/// A jump to a block that had not begun when it was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForwardJump {
    /// Where its distance ends in the machine code.
    end: u32,
    /// The position in the program that it goes to: if no block begins there it panics.
    target: u32,
    /// The position of the jump.
    pc: u32,
}

/// A conditional jump out of the normal flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct RarePath {
    /// Where its distance ends in the machine code.
    end: u32,
    /// The position in the program to report.
    pc: u32,
    /// The part of the prologue to go to, the pc in rdx.
    exit: u32,
    /// If it is not 0, the charge for a block: only if the gas does not pay for it, it leaves.
    cost: u32,
}

/// How far a translation had come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    positions: positions::Mark,
    position: u32,
    forward_jump_count: usize,
    /// Also the next path's index.
    pub(super) rare_path_count: usize,
    second_entry_count: usize,
}

impl Translator<'_> {
    /// The length of the code with all rare paths so far, those of jumps to no block and second entries included.
    pub fn len_bytes(&self) -> u32 {
        let paths = self.rare_paths.len() + self.forward_jumps.len();
        self.position()
            + paths as u32 * RARE_PATH_LEN_BYTES
            + self.rare_charge_count * RARE_CHARGE_LEN_BYTES
            + self.second_entries.len() as u32 * SECOND_ENTRY_LEN_BYTES
    }

    pub(super) fn jump_later(&mut self, end: u32, target: u32, pc: u32) {
        self.forward_jumps.push(ForwardJump { end, target, pc });
    }

    pub(super) fn leave_later(&mut self, end: u32, pc: u32, exit: u32) {
        self.rare_paths.push(RarePath { end, pc, exit, cost: 0 });
    }

    /// Lets the charge at `start`, which has this path if there is not enough, be made on the path: its amount takes
    /// more than an octet.
    #[cold]
    pub(super) fn charge_on_path(&mut self, start: u32, cost: u32, path: usize) {
        if let Some(path) = self.rare_paths.get_mut(path) {
            (path.end, path.cost) = (start + JUMP_LEN_BYTES, cost);
            self.asm.patch_jump_and_nop(start);
            self.rare_charge_count += 1;
        }
    }

    /// Where the block at `target` begins, if it is a branch target and has begun.
    #[inline]
    pub fn head(&self, target: u64) -> Option<u32> {
        let target = u32::try_from(target).ok()?;
        let head = self.positions.head(target)?;
        // A trap may start a block, but not be jumped to.
        self.program.opcode_at(target, self.table)?;
        Some(head)
    }

    /// The state, for [`rewind`](Self::rewind).
    #[inline(always)]
    pub fn mark(&self) -> Mark {
        Mark {
            positions: self.positions.mark(),
            position: self.position(),
            forward_jump_count: self.forward_jumps.len(),
            rare_path_count: self.rare_paths.len(),
            second_entry_count: self.second_entries.len(),
        }
    }

    /// Forgets what was written since.
    #[cold]
    pub fn rewind(&mut self, mark: &Mark) {
        self.positions.rewind(mark.positions);
        self.asm.rewind(mark.position);
        self.forward_jumps.truncate(mark.forward_jump_count);
        self.rare_paths.truncate(mark.rare_path_count);
        self.second_entries.truncate(mark.second_entry_count);
    }

    /// Points the jumps forward, and writes second entries and rare paths.
    pub fn finish_paths(&mut self) {
        self.asm.reserve(self.len_bytes() - self.position());
        self.finish_second_entries();
        for jump in core::mem::take(&mut self.forward_jumps) {
            match self.head(jump.target.into()) {
                Some(head) => self.asm.patch_distance(jump.end, head),
                None => self.leave_later(jump.end, jump.pc, self.prologue.panic),
            }
        }
        // Most paths to the same exit go there through the last that was near enough: that is shorter.
        let (mut exit, mut jump) = (u32::MAX, 0);
        for path in core::mem::take(&mut self.rare_paths) {
            self.asm.patch_distance(path.end, self.position());
            if path.cost != 0 {
                self.asm.alu_imm(Alu::Sub, W64, self.registers.gas, path.cost as i32);
                self.asm.jump_if(Condition::AboveEqual, path.end - JUMP_LEN_BYTES + CHARGE_LEN_BYTES);
            }
            let here = self.position();
            if exit == path.exit && here + MOV_LEN_BYTES - jump < SHORT_REACH_BYTES {
                self.asm.mov_imm_u32_and_jump(UPPER, path.pc, jump);
            } else {
                self.asm.mov_imm_u32(UPPER, path.pc);
                (exit, jump) = (path.exit, self.position());
                self.asm.jump(exit);
            }
        }
    }

    /// Where a dynamic jump by a bad entry of the jump table goes.
    pub fn panic_position(&self) -> u32 {
        self.prologue.panic
    }
}
