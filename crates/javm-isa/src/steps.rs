//! A program in the order of its positions, for engines that translate it in one pass.

use crate::blob::PADDING_LEN_BYTES;
use crate::{MAX_SKIP, Opcode, OpcodeTable, Program};

/// An instruction, or an implicit trap. Its arguments are read by methods of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Where it is.
    pub position: u32,
    /// Octets after the opcode.
    pub skip: u32,
    /// From the opcode on.
    pub(crate) octets: &'a [u8; PADDING_LEN_BYTES],
    /// Where instructions start behind it: see [`Step::next_skip`].
    starts: u64,
    meaning: Meaning,
}

/// Where there is no code.
const NOTHING: [u8; PADDING_LEN_BYTES] = [0; PADDING_LEN_BYTES];

/// What an octet stands for where an instruction starts: an opcode's number, and flags. In one number, which is copied in
/// one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meaning(u32);

impl Meaning {
    const IS_DEFINED: u32 = 1 << 8;
    const ENDS_BLOCK: u32 = 1 << 9;

    const TRAP: Meaning = Meaning::of(None);

    const fn of(opcode: Option<Opcode>) -> Meaning {
        match opcode {
            Some(opcode) if opcode.is_terminator() => {
                Meaning(opcode as u32 | Self::IS_DEFINED | Self::ENDS_BLOCK)
            }
            Some(opcode) => Meaning(opcode as u32 | Self::IS_DEFINED),
            None => Meaning(Opcode::Trap as u32 | Self::ENDS_BLOCK),
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
    fn new(
        (position, skip): (u32, u32),
        octets: &'a [u8; PADDING_LEN_BYTES],
        starts: u64,
        meaning: Meaning,
    ) -> Step<'a> {
        Step { position, skip, octets, starts, meaning }
    }

    /// What to do: a trap for an undefined opcode, and where no instruction starts.
    #[inline(always)]
    pub fn opcode(&self) -> Opcode {
        Opcode::ALL.get(usize::from(self.meaning.0 as u8)).copied().unwrap_or(Opcode::Trap)
    }

    /// Does an instruction with a defined opcode start here?
    #[inline(always)]
    pub const fn is_defined(&self) -> bool {
        self.meaning.0 & Meaning::IS_DEFINED != 0
    }

    /// Does it end a block: is it a terminator, or a trap?
    #[inline(always)]
    pub const fn ends_block(&self) -> bool {
        self.meaning.0 & Meaning::ENDS_BLOCK != 0
    }

    /// Octets after the opcode of the next instruction, if it is as near as this one's skip says and has one behind it
    /// near enough; else anything.
    #[inline(always)]
    pub const fn next_skip(&self) -> u32 {
        (self.starts >> (self.skip & 31) >> 1).trailing_zeros()
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
        let next = self.next_start(0).map_or(TRAP | u64::from(self.code_len_bytes()), u64::from);
        let meanings = match table {
            OpcodeTable::Gp07 => &GP_07,
            OpcodeTable::JamV1 => &JAM_V1,
        };
        Steps { program: self, meanings, next }
    }

    /// The step at `position`, whatever is there.
    pub(crate) fn step_at(&self, position: u32, table: OpcodeTable) -> Step<'_> {
        let meaning = Meaning::of(self.opcode_at(position, table));
        let octets = self.octets_at(position.into()).unwrap_or(&NOTHING);
        Step::new((position, self.skip(position).into()), octets, self.starts_after(position), meaning)
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

/// In what comes next, besides the position: an implicit trap is there, or nothing comes. No code reaches so far.
const TRAP: u64 = 1 << 32;
const END: u64 = 1 << 33;

/// See [`Program::steps`].
#[derive(Clone, Debug)]
pub struct Steps<'a> {
    program: &'a Program,
    meanings: &'static [Meaning; 256],
    /// The position of the next step.
    next: u64,
}

impl<'a> Steps<'a> {
    /// The next step where there is no instruction.
    #[cold]
    fn trap(&mut self) -> Option<Step<'a>> {
        if self.next == END {
            return None;
        }
        let position = self.next as u32;
        self.next = self.program.next_start(position).map_or(END, u64::from);
        Some(Step::new((position, 0), &NOTHING, 0, Meaning::TRAP))
    }

    /// No instruction is near after the one at `position`, or before the end: its skip is this at most.
    #[cold]
    fn trap_after(&self, position: u32, skip: u32) -> (u32, u64) {
        let skip = skip.min(self.program.code_len_bytes() - position - 1);
        (skip, TRAP | u64::from(position + 1 + skip))
    }
}

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Step<'a>> {
        // The mask says that nothing overflows.
        let Some(octets) = self.program.octets_at(self.next & (TRAP | END | u64::from(u32::MAX))) else {
            return self.trap();
        };
        let position = self.next as u32;
        let meaning = self.meanings[usize::from(octets[0])];
        let starts = self.program.starts_after(position);
        let mut skip = (starts | 1 << MAX_SKIP).trailing_zeros();
        self.next += 1 + u64::from(skip);
        if starts >> skip & 1 == 0 {
            (skip, self.next) = self.trap_after(position, skip);
        }
        Some(Step::new((position, skip), octets, starts, meaning))
    }
}
