//! Jumps forward, and paths rarely taken, which lie behind all instructions.

use javm_isa::Program;

use super::{NO_HEAD, Translator};
use crate::registers::UPPER;

/// The most that one rare path takes: a `mov` and a `jmp`.
const RARE_PATH_LEN_BYTES: u32 = 10;

/// How far back a short jump reaches, its own two octets aside.
const SHORT_REACH_BYTES: u32 = 126;

/// A jump to a block that had not begun when it was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForwardJump {
    /// Where its distance ends in the machine code.
    end: u32,
    /// The block's position in the program, a branch target.
    target: u32,
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
}

impl Translator {
    /// The length of the code with all rare paths so far.
    pub fn len_bytes(&self) -> u32 {
        self.position() + self.rare_paths.len() as u32 * RARE_PATH_LEN_BYTES
    }

    pub(super) fn jump_later(&mut self, end: u32, target: u32) {
        self.forward_jumps.push(ForwardJump { end, target });
    }

    pub(super) fn leave_later(&mut self, end: u32, pc: u32, exit: u32) {
        self.rare_paths.push(RarePath { end, pc, exit });
    }

    /// Where the block at `target` begins, if it is a branch target and has begun.
    pub(super) fn head(&self, target: u32) -> Option<u32> {
        self.heads.get(target as usize).copied().filter(|&head| head != NO_HEAD)
    }

    /// Writes the rare paths and points the jumps forward.
    pub fn finish_paths(&mut self) {
        // Most paths to the same exit go there through the last that was near enough: that is shorter.
        let mut last: Option<(u32, u32)> = None;
        for path in core::mem::take(&mut self.rare_paths) {
            self.asm.patch_distance(path.end, self.position());
            self.asm.mov_imm_u32(UPPER, path.pc);
            let here = self.position();
            match last {
                Some((exit, jump)) if exit == path.exit && here - jump < SHORT_REACH_BYTES => {
                    self.asm.jump(jump);
                }
                _ => {
                    self.asm.jump(path.exit);
                    last = Some((path.exit, here));
                }
            }
        }
        for jump in core::mem::take(&mut self.forward_jumps) {
            // A branch target is a start of a block, so it has begun by now.
            let head = self.head(jump.target).unwrap_or(self.prologue.panic);
            self.asm.patch_distance(jump.end, head);
        }
    }

    /// Where a dynamic jump by a bad entry of the jump table goes.
    pub fn panic_position(&self) -> u32 {
        self.prologue.panic
    }

    /// Where entry `index` of the jump table leads, `None` if to no branch target.
    pub fn jump_table_target(&self, program: &Program, index: u64) -> Option<u32> {
        self.head(program.jump_target(index, &self.targets)?)
    }
}
