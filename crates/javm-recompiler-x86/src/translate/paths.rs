//! Jumps forward, and paths rarely taken, which lie behind all instructions.

use super::Translator;
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
}

impl Translator {
    /// The length of the code with all rare paths so far, those of jumps to no block included.
    pub fn len_bytes(&self) -> u32 {
        let paths = self.rare_paths.len() + self.forward_jumps.len();
        self.position() + paths as u32 * RARE_PATH_LEN_BYTES
    }

    pub(super) fn jump_later(&mut self, end: u32, target: u32, pc: u32) {
        self.forward_jumps.push(ForwardJump { end, target, pc });
    }

    pub(super) fn leave_later(&mut self, end: u32, pc: u32, exit: u32) {
        self.rare_paths.push(RarePath { end, pc, exit });
    }

    /// Where the block at `target` begins, if it is a branch target and has begun.
    pub fn head(&self, target: u64) -> Option<u32> {
        self.heads.get(u32::try_from(target).ok()?)
    }

    /// Points the jumps forward, and writes the rare paths.
    pub fn finish_paths(&mut self) {
        for jump in core::mem::take(&mut self.forward_jumps) {
            match self.head(jump.target.into()) {
                Some(head) => self.asm.patch_distance(jump.end, head),
                None => self.leave_later(jump.end, jump.pc, self.prologue.panic),
            }
        }
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
    }

    /// Where a dynamic jump by a bad entry of the jump table goes.
    pub fn panic_position(&self) -> u32 {
        self.prologue.panic
    }
}
