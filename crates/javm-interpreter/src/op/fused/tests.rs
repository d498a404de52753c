//! Each sequence against its instructions one by one, which `unlikely` between them makes them be.

use alloc::{format, string::String, vec, vec::Vec};

use javm_isa::{AccessKind, Format, Opcode, OpcodeTable, Program};

use super::SEQUENCES;
use crate::{Code, Exit, Machine, Memory, Meter, Miss, run};

const UNLIKELY: &[u8] = &[2];
const GAS: u64 = 1 << 20;
/// The page before is ready, this one is mapped but never ready, the next is mapped when it has been missed, and then
/// comes one that cannot be stored to.
const PAGE: u32 = 0x40;

struct FourPages {
    octets: [[u8; 4096]; 4],
    is_third_mapped: bool,
}

impl FourPages {
    fn new() -> FourPages {
        let octets = core::array::from_fn(|page| core::array::from_fn(|at| (at * 7 + page) as u8 ^ 0x5A));
        FourPages { octets, is_third_mapped: false }
    }

    fn place(address: u32) -> (usize, usize) {
        ((address >> 12).wrapping_sub(PAGE - 1) as usize, address as usize % 4096)
    }

    fn load<const LEN: usize>(&self, address: u32) -> Result<[u8; LEN], Miss> {
        let (page, offset) = Self::place(address);
        if !self.is_mapped(address >> 12, AccessKind::Load) {
            return Err(Miss);
        }
        Ok(*self.octets[page].get(offset..).and_then(|rest| rest.first_chunk()).ok_or(Miss)?)
    }

    fn store<const LEN: usize>(&mut self, address: u32, octets: [u8; LEN]) -> Result<(), Miss> {
        let (page, offset) = Self::place(address);
        if !self.is_mapped(address >> 12, AccessKind::Store) {
            return Err(Miss);
        }
        *self.octets[page].get_mut(offset..).and_then(|rest| rest.first_chunk_mut()).ok_or(Miss)? = octets;
        Ok(())
    }
}

macro_rules! accesses {
    ($($load:ident $store:ident $word:ty;)*) => {
        $(
            fn $load(&mut self, address: u32, _: &mut Meter) -> Result<$word, Miss> {
                self.load(address).map(<$word>::from_le_bytes)
            }

            fn $store(&mut self, address: u32, value: $word, _: &mut Meter) -> Result<(), Miss> {
                self.store(address, value.to_le_bytes())
            }
        )*
    };
}

impl Memory for FourPages {
    fn load_ready<const LEN: usize>(&mut self, address: u32) -> Option<[u8; LEN]> {
        (Self::place(address).0 == 0).then(|| self.load(address).ok()).flatten()
    }

    fn store_ready<const LEN: usize>(&mut self, address: u32, octets: [u8; LEN]) -> bool {
        Self::place(address).0 == 0 && self.store(address, octets).is_ok()
    }

    accesses! { load_u8 store_u8 u8; load_u16 store_u16 u16; load_u32 store_u32 u32; load_u64 store_u64 u64; }

    fn is_mapped(&self, page: u32, kind: AccessKind) -> bool {
        match page.wrapping_sub(PAGE - 1) {
            0 | 1 => true,
            2 => self.is_third_mapped,
            3 => kind == AccessKind::Load,
            _ => false,
        }
    }
}

/// Numbers that look random, the same ones every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// A number, or an address in one of the pages or around them.
    fn register(&mut self) -> u64 {
        match self.below(3) {
            0 => self.0,
            1 => self.below(3),
            _ => (u64::from(PAGE - 1) << 12) + self.below(9) * 2048,
        }
    }

    /// An instruction of that opcode. A branch leads behind the `trap` that follows it.
    fn instruction(&mut self, opcode: Opcode) -> Vec<u8> {
        let octet = (0..=255).find(|&octet| OpcodeTable::JamV1.opcode(octet) == Some(opcode)).unwrap();
        let registers = (self.below(13) | self.below(13) << 4) as u8;
        let immediate = self.below(256) as u8;
        match opcode.format() {
            Format::RI => vec![octet, registers & 15, immediate],
            Format::RII => vec![octet, registers & 15 | 1 << 4, immediate, self.below(256) as u8],
            Format::RIO => vec![octet, registers & 15 | 1 << 4, immediate % 4, 5],
            Format::RR => vec![octet, registers],
            Format::RRI => vec![octet, registers, immediate],
            Format::RRO => vec![octet, registers, 4],
            Format::RRR => vec![octet, registers, self.below(13) as u8],
            other => panic!("{opcode:?} is of a format that this test does not know: {other:?}"),
        }
    }
}

/// A program, and the position of each of its instructions.
fn assemble<'a>(instructions: impl IntoIterator<Item = &'a [u8]>) -> (Program, Vec<u32>) {
    let (mut code, mut positions) = (vec![], vec![]);
    for instruction in instructions {
        positions.push(code.len() as u32);
        code.extend_from_slice(instruction);
    }
    let mut blob = vec![0, 0];
    match code.len() {
        len @ ..0x80 => blob.push(len as u8),
        len => blob.extend([0x80 | (len >> 8) as u8, len as u8]),
    }
    blob.extend_from_slice(&code);
    let mut bitmask = vec![0; code.len().div_ceil(8)];
    positions.iter().for_each(|&at| bitmask[at as usize / 8] |= 1 << (at % 8));
    blob.extend(bitmask);
    (Program::parse(&blob).unwrap(), positions)
}

/// A program to run, of which only some instructions are of interest.
struct Case {
    program: Program,
    /// The positions of those instructions.
    positions: Vec<u32>,
    /// What the others behind an instruction cost.
    cost_of_others_behind: fn(usize) -> u64,
}

/// What is seen of a run at each of its exits: why, at which instruction, the registers; what it cost, and the memory.
fn exits(case: &Case, start: usize, tail: usize, registers: [u64; 13]) -> Vec<String> {
    let code = Code::new(&case.program, OpcodeTable::JamV1);
    let mut memory = FourPages::new();
    let meter = Meter { gas_left: GAS, pages_left: 0 };
    let mut machine = Machine::new(registers, case.positions[start], meter);
    let mut seen = vec![];
    loop {
        let exit = run(&code, &mut machine, &mut memory);
        let at = case.positions.binary_search(&machine.pc);
        seen.push(format!("{exit:?} at {at:?}: {:x?}", machine.registers));
        match exit {
            Exit::PageFault { address, .. } if address >> 12 == PAGE + 1 && !memory.is_third_mapped => {
                memory.is_third_mapped = true;
            }
            _ => break,
        }
    }
    let paid = GAS - machine.meter.gas_left - (case.cost_of_others_behind)(tail);
    let digest =
        |page: [u8; 4096]| page.iter().fold(0u64, |sum, &octet| sum.wrapping_mul(31) + u64::from(octet));
    seen.push(format!("{paid} {:x?}", memory.octets.map(digest)));
    seen
}

/// Runs the instructions as they are and with `unlikely` between them, from where as many are left as is said.
fn compare(instructions: &[Vec<u8>], tails: core::ops::RangeInclusive<usize>, dice: &mut Dice) {
    let end: [&[u8]; 3] = [&[0], &[51, 12, 99], &[0]];
    let (program, positions) = assemble(instructions.iter().map(Vec::as_slice).chain(end));
    let fused = Case { program, positions, cost_of_others_behind: |_| 0 };
    let between = instructions.iter().flat_map(|instruction| [UNLIKELY, instruction]).skip(1);
    let (program, mut positions) = assemble(between.chain(end));
    let mut index = 0;
    positions.retain(|_| {
        index += 1;
        index % 2 == 1 || index > 2 * instructions.len() - 1
    });
    let apart = Case { program, positions, cost_of_others_behind: |tail| tail as u64 - 1 };
    for tail in tails.filter(|&tail| tail > 0) {
        let start = instructions.len() - tail;
        let registers = core::array::from_fn(|_| dice.register());
        let [seen, want] = [&fused, &apart].map(|case| exits(case, start, tail, registers));
        let last = &instructions[instructions.len() - tail.min(8)..];
        assert_eq!(seen, want, "{last:x?} with {registers:x?}");
    }
}

#[test]
fn a_sequence_does_what_its_instructions_do_one_by_one_from_each_of_them_on() {
    let mut dice = Dice(1);
    for sequence in SEQUENCES {
        for _ in 0..24 {
            let instructions: Vec<Vec<u8>> =
                sequence.iter().map(|&opcode| dice.instruction(opcode)).collect();
            compare(&instructions, 1..=sequence.len(), &mut dice);
        }
    }
}

#[test]
fn a_chain_ends_anywhere_in_a_sequence() {
    let mut dice = Dice(2);
    for sequence in SEQUENCES {
        for behind in 0..=sequence.len() {
            let mut instructions = vec![UNLIKELY.to_vec(); 1024 - behind];
            instructions.extend(sequence.iter().map(|&opcode| dice.instruction(opcode)));
            let all = instructions.len();
            compare(&instructions, all..=all, &mut dice);
        }
    }
}

#[test]
fn sequences_are_found() {
    for sequence in SEQUENCES {
        let opcodes = core::array::from_fn(|at| sequence.get(at).copied().unwrap_or(Opcode::Trap));
        let lens: Vec<usize> = super::fused(opcodes).map(|(len, _)| len).collect();
        assert!(lens.contains(&sequence.len()), "{sequence:?}");
    }
}
