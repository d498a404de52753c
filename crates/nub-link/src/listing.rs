//! A program as people read it: statistics of its gas blocks, and its instructions with the functions they are of.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use javm_isa::{BlobError, Format, GasBlocks, Instruction, OpcodeTable, Program};
use nub_state::Image;
use polkavm_common::program::ProgramCounter;
use polkavm_linker::ProgramBlob;

use crate::link::blob_from_elf;
use crate::names::FunctionNames;
use crate::{LinkError, LinkOptions};

/// The functions of a program: where each begins.
pub type Symbols = BTreeMap<u32, String>;

/// How a program's gas blocks are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockStatistics {
    /// Instructions.
    pub instructions: u32,
    /// Blocks.
    pub blocks: u32,
    /// Instructions of the longest.
    pub longest: u32,
}

impl BlockStatistics {
    /// Those of a program.
    pub fn of(program: &Program) -> BlockStatistics {
        let gas = GasBlocks::new(program, OpcodeTable::JamV1);
        let mut statistics = BlockStatistics::default();
        for position in program.instruction_starts() {
            statistics.instructions += 1;
            if gas.is_start(position) {
                statistics.blocks += 1;
                statistics.longest = statistics.longest.max(gas.cost_from(position));
            }
        }
        statistics
    }
}

impl fmt::Display for BlockStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = f64::from(self.instructions) / f64::from(self.blocks.max(1));
        write!(
            f,
            "{} in {} gas blocks, {mean:.1} a block, at most {}",
            self.instructions, self.blocks, self.longest
        )
    }
}

/// The functions that an ELF's names say the program has.
///
/// # Errors
/// [`LinkError`], as for [`link`](crate::link()).
pub fn symbols(elf: &[u8], program: &Program) -> Result<Symbols, LinkError> {
    let octets = blob_from_elf(elf, LinkOptions::default(), false)?;
    let blob = ProgramBlob::parse(octets[..].into())?;
    let names = FunctionNames::of(elf);
    let mut symbols = Symbols::new();
    let mut last = None;
    for position in program.instruction_starts() {
        let name = function_at(&blob, position);
        if name.is_some() && name != last {
            symbols.insert(position, names.readable(name.as_deref().unwrap_or_default()));
        }
        last = name;
    }
    Ok(symbols)
}

/// The function that an instruction was compiled as part of; not those inlined into it.
fn function_at(blob: &ProgramBlob, position: u32) -> Option<String> {
    let mut lines = blob.get_debug_line_program_at(ProgramCounter(position)).ok()??;
    while let Ok(Some(region)) = lines.run() {
        if region.instruction_range().contains(&ProgramCounter(position)) {
            let frame = region.frames().next()?;
            return Some(frame.full_name().ok()?.to_string());
        }
    }
    None
}

/// All instructions, a line each, with endpoints, functions and the cost of each gas block.
///
/// # Errors
/// [`BlobError`] if the Image holds no program.
pub fn disassemble(
    image: &Image,
    names: &BTreeMap<u16, String>,
    symbols: &Symbols,
) -> Result<String, BlobError> {
    let program = Program::parse(&image.program)?;
    let gas = GasBlocks::new(&program, OpcodeTable::JamV1);
    let mut text = String::new();
    for position in program.instruction_starts() {
        for &(number, _) in image.endpoints.iter().filter(|&&(_, pc)| pc == position) {
            let name = names.get(&number).map_or("", String::as_str);
            let _ = writeln!(text, "\nendpoint {number} {name}");
        }
        if let Some(symbol) = symbols.get(&position) {
            let _ = writeln!(text, "\n<{symbol}>:");
        }
        let cost =
            if gas.is_start(position) { format!("{:>4}", gas.cost_from(position)) } else { "    ".into() };
        let _ = writeln!(text, "{position:>7} {cost}  {}", instruction(&program, position));
    }
    Ok(text)
}

/// The instruction at a position, as text.
pub fn instruction(program: &Program, position: u32) -> String {
    let one = program.instruction_at(position, OpcodeTable::JamV1);
    let arguments = arguments(&one);
    format!("{:<22} {}", one.opcode.name(), arguments.join(", "))
}

fn arguments(one: &Instruction) -> Vec<String> {
    let (a, b, d) = (register(one.a as u8), register(one.b as u8), register(one.d as u8));
    let (x, y) = (number(one.x), number(one.y));
    let target = one.target.map_or("nowhere".to_owned(), |target| format!("@{target}"));
    match one.opcode.format() {
        Format::None => vec![],
        Format::I => vec![x],
        Format::II => vec![x, y],
        Format::RX | Format::RI => vec![a, x],
        Format::RII => vec![a, x, y],
        Format::O => vec![target],
        Format::RIO => vec![a, x, target],
        Format::RR => vec![d, a],
        Format::RRI => vec![a, b, x],
        Format::RRO => vec![a, b, target],
        Format::RRII => vec![a, b, x, y],
        Format::RRR => vec![d, a, b],
    }
}

fn register(number: u8) -> String {
    format!("r{number}")
}

/// A number, the shorter of its readings.
fn number(value: u64) -> String {
    match value as i64 {
        small @ -65536..=65536 => small.to_string(),
        _ => format!("{value:#x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_text_with_the_cost_of_their_block() {
        let octets = vec![0, 0, 4, 51, 7, 5, 0, 0b1001];
        let image = Image { program: octets, endpoints: vec![(3, 0)], ..Image::default() };
        let names = BTreeMap::from([(3, "go".to_owned())]);
        let text = disassemble(&image, &names, &Symbols::from([(0, "main".to_owned())])).unwrap();
        let lines: Vec<_> = text.split_whitespace().collect();
        assert_eq!(lines, ["endpoint", "3", "go", "<main>:", "0", "2", "load_imm", "r7,", "5", "3", "trap"]);
    }
}
