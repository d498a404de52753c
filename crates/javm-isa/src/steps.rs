//! A program in the order of its positions, for engines that translate it in one pass.

use crate::blob::PADDING_LEN_BYTES;
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

/// An instruction, or an implicit trap. Its arguments are read by methods of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Where it is.
    pub position: u32,
    /// Octets after the opcode.
    pub skip: u32,
    /// From the opcode on.
    pub(crate) octets: &'a [u8; PADDING_LEN_BYTES],
    opcode: Opcode,
    is_defined: bool,
    ends_block: bool,
}

/// Where there is no code.
const NOTHING: [u8; PADDING_LEN_BYTES] = [0; PADDING_LEN_BYTES];

/// What an octet stands for where an instruction starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meaning {
    opcode: Opcode,
    is_defined: bool,
    ends_block: bool,
}

impl Meaning {
    const TRAP: Meaning = Meaning::of(None);

    const fn of(opcode: Option<Opcode>) -> Meaning {
        match opcode {
            Some(opcode) => Meaning { opcode, is_defined: true, ends_block: opcode.is_terminator() },
            None => Meaning { opcode: Opcode::Trap, is_defined: false, ends_block: true },
        }
    }
}

const fn meanings(table: OpcodeTable) -> [Meaning; 256] {
    let mut meanings = [Meaning::TRAP; 256];
    let mut octet = 0;
    while octet < meanings.len() {
        meanings[octet] = Meaning::of(table.opcode(octet as u8));
        octet += 1;
    }
    meanings
}

static GP_07: [Meaning; 256] = meanings(OpcodeTable::Gp07);
static JAM_V1: [Meaning; 256] = meanings(OpcodeTable::JamV1);

impl<'a> Step<'a> {
    #[inline(always)]
    fn new(position: u32, skip: u32, octets: &'a [u8; PADDING_LEN_BYTES], meaning: Meaning) -> Step<'a> {
        let Meaning { opcode, is_defined, ends_block } = meaning;
        Step { position, skip, octets, opcode, is_defined, ends_block }
    }

    /// What to do: a trap for an undefined opcode, and where no instruction starts.
    #[inline(always)]
    pub const fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// Does an instruction with a defined opcode start here?
    #[inline(always)]
    pub const fn is_defined(&self) -> bool {
        self.is_defined
    }

    /// Does it end a block: is it a terminator, or a trap?
    #[inline(always)]
    pub const fn ends_block(&self) -> bool {
        self.ends_block
    }

    /// Where execution goes on after it, if it does not jump: there is the next step, unless this is a trap
    /// where no instruction starts.
    pub const fn next_position(&self) -> u32 {
        self.position.saturating_add(1 + self.skip)
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
        let meanings = match table {
            OpcodeTable::Gp07 => &GP_07,
            OpcodeTable::JamV1 => &JAM_V1,
        };
        Steps { program: self, meanings, position, next }
    }

    /// The step at `position`, whatever is there.
    pub(crate) fn step_at(&self, position: u32, table: OpcodeTable) -> Step<'_> {
        let meaning = Meaning::of(self.opcode_at(position, table));
        let octets = self.octets_at(position).unwrap_or(&NOTHING);
        Step::new(position, self.skip(position).into(), octets, meaning)
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
    meanings: &'static [Meaning; 256],
    /// Of the next step.
    position: u32,
    next: Next,
}

impl<'a> Steps<'a> {
    #[cold]
    fn trap(&mut self) -> Option<Step<'a>> {
        if self.next == Next::End {
            return None;
        }
        let position = self.position;
        self.next = Next::End;
        if let Some(start) = self.program.next_start(position) {
            (self.position, self.next) = (start, Next::Start);
        }
        Some(Step::new(position, 0, &NOTHING, Meaning::TRAP))
    }
}

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Step<'a>> {
        if self.next != Next::Start {
            return self.trap();
        }
        let position = self.position;
        let octets = self.program.octets_at(position)?;
        let meaning = self.meanings[usize::from(octets[0])];
        let starts = self.program.starts_after(position);
        let mut skip = (starts | 1 << MAX_SKIP).trailing_zeros();
        if starts >> skip & 1 == 0 {
            // No instruction is near, or before the end.
            skip = skip.min(self.program.code_len_bytes() - position - 1);
            self.next = Next::Trap;
        }
        self.position = position + 1 + skip;
        Some(Step::new(position, skip, octets, meaning))
    }
}
