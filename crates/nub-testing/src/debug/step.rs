//! Stepping with an engine that only runs.
//!
//! A copy of the program stops where it should: there every instruction but one is replaced by an `ecalli`, or by a `trap` if
//! it ends a block, of the same length. So blocks begin where they began and have as many instructions as they had: what is
//! charged, and when, is the same; and a machine that stops in the copy goes on in the program, or in another copy.

use std::collections::{BTreeSet, HashMap};

use javm_interpreter::{Code, Exit, Machine, Memory};
use javm_isa::{BlobError, OpcodeTable, Program};

/// The octets of two instructions under JamV1.
const TRAP: u8 = 0;
const ECALLI: u8 = 10;
/// The most copies that are kept.
const COPIES_MAX: usize = 512;

/// A program with what is needed to step through it.
pub struct Stepper {
    /// The container around the code.
    header: Vec<u8>,
    code: Vec<u8>,
    bitmask: Vec<u8>,
    /// Positions of instructions, and what each is replaced by.
    stops: Vec<(u32, u8)>,
    copies: HashMap<u32, Code>,
}

/// Why a stretch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// The machine stands before an instruction.
    Stands,
    /// The program left, as it would have.
    Left(Exit),
}

impl Stepper {
    /// For a program in its container.
    ///
    /// # Errors
    /// [`BlobError`] if it is none.
    pub fn new(program: &Program) -> Result<Stepper, BlobError> {
        let code = program.code().to_vec();
        let starts: Vec<u32> = program.instruction_starts().collect();
        let mut bitmask = vec![0; code.len().div_ceil(8)];
        starts.iter().for_each(|&at| bitmask[at as usize / 8] |= 1 << (at % 8));
        let stops = starts.iter().map(|&position| {
            let opcode = program.opcode_at(position, OpcodeTable::JamV1);
            let ends_block = opcode.is_none_or(javm_isa::Opcode::is_terminator);
            (position, if ends_block { TRAP } else { ECALLI })
        });
        Ok(Stepper {
            header: header(program),
            code: code.clone(),
            bitmask,
            stops: stops.collect(),
            copies: HashMap::new(),
        })
    }

    /// Runs one instruction.
    pub fn step<M: Memory>(&mut self, machine: &mut Machine, memory: &mut M) -> Stretch {
        let at = machine.pc;
        if self.copies.len() >= COPIES_MAX {
            self.copies.clear();
        }
        if !self.copies.contains_key(&at) {
            let Ok(copy) = self.copy(|position| position != at) else { return Stretch::Left(Exit::Panic) };
            self.copies.insert(at, copy);
        }
        let exit = javm_interpreter::run(&self.copies[&at], machine, memory);
        self.stopped(exit, machine, |position| position != at)
    }

    /// Runs to one of these instructions, or until the program leaves. The one it stands at does not count.
    pub fn run_to<M: Memory>(
        &mut self,
        breaks: &BTreeSet<u32>,
        machine: &mut Machine,
        memory: &mut M,
    ) -> Stretch {
        match self.step(machine, memory) {
            Stretch::Stands if !breaks.contains(&machine.pc) => {}
            other => return other,
        }
        let Ok(copy) = self.copy(|position| breaks.contains(&position)) else {
            return Stretch::Left(Exit::Panic);
        };
        let exit = javm_interpreter::run(&copy, machine, memory);
        self.stopped(exit, machine, |position| breaks.contains(&position))
    }

    /// Was it a stop of ours?
    fn stopped(&self, exit: Exit, machine: &Machine, is_replaced: impl Fn(u32) -> bool) -> Stretch {
        let is_start = self.stops.binary_search_by_key(&machine.pc, |stop| stop.0).is_ok();
        match exit {
            Exit::HostCall(_) | Exit::Panic if is_start && is_replaced(machine.pc) => Stretch::Stands,
            exit => Stretch::Left(exit),
        }
    }

    fn copy(&self, replace: impl Fn(u32) -> bool) -> Result<Code, BlobError> {
        let mut code = self.code.clone();
        for &(position, stop) in self.stops.iter().filter(|stop| replace(stop.0)) {
            code[position as usize] = stop;
        }
        let container = [&self.header[..], &code, &self.bitmask].concat();
        Ok(Code::new(&Program::parse(&container)?, OpcodeTable::JamV1))
    }
}

/// Lengths and jump table: what comes before the code.
fn header(program: &Program) -> Vec<u8> {
    let (count, width) = (program.jump_table_entry_count(), program.jump_table_entry_len_bytes());
    let mut octets = varint(count);
    octets.push(width);
    octets.extend(varint(program.code_len_bytes().into()));
    for index in 0..count {
        let entry = program.jump_table_entry(index).unwrap_or_default();
        octets.extend(&entry.to_le_bytes()[..usize::from(width).min(8)]);
    }
    octets
}

/// A number in the container's form: the leading ones of the first octet say how many follow.
fn varint(value: u64) -> Vec<u8> {
    for more in 0..8u32 {
        if value < 1 << (7 * (more + 1)) {
            let ones = !(0xFFu32 >> more) as u8;
            let first = ones | (value >> (8 * more)) as u8;
            let rest = value.to_le_bytes();
            return [&[first], &rest[..more as usize]].concat();
        }
    }
    [&[0xFF], &value.to_le_bytes()[..]].concat()
}
