//! A program in the order of its positions, for engines that translate it in one pass.

use crate::{MAX_SKIP, Opcode, OpcodeTable, Program};

/// What [`Steps`] comes to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// An instruction.
    Start,
    /// An implicit trap.
    Trap,
    /// Nothing.
    End,
}

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
    #[inline(always)]
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
        let (position, next) = match self.next_start(0) {
            Some(first) => (first, Next::Start),
            None => (self.code_len_bytes(), Next::Trap),
        };
        Steps { program: self, opcodes: table.opcodes(), position, next }
    }

    /// The first instruction start from `position` on.
    fn next_start(&self, position: u32) -> Option<u32> {
        let first = position / 64;
        let in_first = self.starts_word(first) >> (position % 64) << (position % 64);
        let others = (first + 1..).map(|index| (index, self.starts_word(index)));
        core::iter::once((first, in_first))
            .chain(others.take((self.code_len_bytes() / 64).saturating_sub(first) as usize))
            .find(|(_, word)| *word != 0)
            .map(|(index, word)| index * 64 + word.trailing_zeros())
    }
}

/// See [`Program::steps`].
#[derive(Clone, Debug)]
pub struct Steps<'a> {
    program: &'a Program,
    opcodes: &'static [Option<Opcode>; 256],
    /// Of the next step.
    position: u32,
    next: Next,
}

impl Steps<'_> {
    #[cold]
    fn trap(&mut self) -> Option<Step> {
        if self.next == Next::End {
            return None;
        }
        let position = self.position;
        self.next = Next::End;
        if let Some(start) = self.program.next_start(position) {
            (self.position, self.next) = (start, Next::Start);
        }
        Some(Step { position, skip: 0, opcode: None })
    }
}

impl Iterator for Steps<'_> {
    type Item = Step;

    #[inline(always)]
    fn next(&mut self) -> Option<Step> {
        if self.next != Next::Start {
            return self.trap();
        }
        let position = self.position;
        let opcode = self.opcodes[usize::from(self.program.octets_at(position)[0])];
        let starts = self.program.starts_after(position);
        let skip = (starts | 1 << MAX_SKIP).trailing_zeros();
        if starts >> skip & 1 == 1 {
            self.position = position + 1 + skip;
            return Some(Step { position, skip: skip as u8, opcode });
        }
        self.position = self.program.code_len_bytes().min(position + 1 + skip);
        self.next = Next::Trap;
        Some(Step { position, skip: (self.position - position - 1) as u8, opcode })
    }
}
