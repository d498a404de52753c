//! Programs made to cost as much as their octets allow: memory stays a small multiple of the blob, and
//! the positions of megabytes of code are all right.

mod common;

use common::{TestMemory, blob};
use javm_interpreter::{Code, Exit, Machine, Meter, run};
use javm_isa::{BranchTargets, GasBlocks, OpcodeTable, Program};

const TABLE: OpcodeTable = OpcodeTable::JamV1;
const MIB: usize = 1 << 20;
const TRAP: u8 = 0;
const FALLTHROUGH: u8 = 1;
const UNLIKELY: u8 = 2;
const JUMP_IND: u8 = 50;

fn decode(blob: &[u8]) -> (Program, Code) {
    let program = Program::parse(blob).expect("the blob is well-formed");
    let code = Code::new(&program, TABLE);
    assert!(
        code.memory_len_bytes() <= 22 * blob.len() + 64,
        "{} octets for a blob of {}",
        code.memory_len_bytes(),
        blob.len()
    );
    (program, code)
}

fn run_with(code: &Code, registers: [u64; 13], pc: u32, gas_left: u64) -> (Exit, Machine) {
    let mut machine = Machine::new(registers, pc, Meter { gas_left, pages_left: 0 });
    let exit = run(code, &mut machine, &mut TestMemory::default());
    (exit, machine)
}

#[test]
fn megabytes_of_one_octet_blocks() {
    let len = 3 * MIB;
    let (program, code) = decode(&blob(0, 0, &[], &vec![FALLTHROUGH; len], &vec![0xFF; len / 8]));
    assert_eq!(program.validate(TABLE), Ok(()));
    let (targets, blocks) = (BranchTargets::new(&program, TABLE), GasBlocks::new(&program, TABLE));
    for position in 0..len as u32 {
        assert!(targets.contains(position) && blocks.is_start(position));
        assert_eq!(blocks.cost_from(position), 1);
    }
    // Each costs 1, and so does the trap at the end.
    let gas = len as u64 + 1;
    let (exit, machine) = run_with(&code, [0; 13], 0, gas);
    assert_eq!((exit, machine.pc, machine.meter.gas_left), (Exit::Panic, len as u32, 0));
    let (exit, machine) = run_with(&code, [0; 13], 0, gas - 1);
    assert_eq!((exit, machine.pc, machine.meter.gas_left), (Exit::OutOfGas, len as u32, 0));
}

#[test]
fn one_block_of_megabytes() {
    let len = 3 * MIB;
    let (program, code) = decode(&blob(0, 0, &[], &vec![UNLIKELY; len], &vec![0xFF; len / 8]));
    let blocks = GasBlocks::new(&program, TABLE);
    assert_eq!(blocks.cost_from(0), len as u32 + 1);
    assert_eq!(blocks.cost_from(len as u32 - 1), 2);
    let gas = len as u64;
    let (exit, machine) = run_with(&code, [0; 13], 0, gas);
    assert_eq!((exit, machine.pc, machine.meter.gas_left), (Exit::OutOfGas, 0, gas), "nothing is taken");
    let (exit, machine) = run_with(&code, [0; 13], 0, gas + 1);
    assert_eq!((exit, machine.pc, machine.meter.gas_left), (Exit::Panic, len as u32, 0));
}

#[test]
fn megabytes_without_an_instruction() {
    let len = 3 * MIB;
    let (program, code) = decode(&blob(0, 0, &[], &vec![TRAP; len], &vec![0; len / 8]));
    assert!(program.validate(TABLE).is_err());
    assert_eq!(run_with(&code, [0; 13], len as u32 / 2, 1).0, Exit::Panic);
}

#[test]
fn megabytes_of_jump_table() {
    // 0: fallthrough; 1: jump to r2. Every entry leads to 1.
    let code_octets = [FALLTHROUGH, JUMP_IND, 2];
    let entries = 3 * MIB as u64;
    let one_octet = blob(entries, 1, &vec![1; entries as usize], &code_octets, &[0b011]);
    // As many octets in entries of 255, each too great for 64 bits but the first.
    let mut wide_table = vec![1; entries as usize / 255 * 255];
    wide_table[1..255].fill(0);
    let wide = blob(entries / 255, 255, &wide_table, &code_octets, &[0b011]);
    // 2^64 - 1 entries of no octets, all 0.
    let none = blob(u64::MAX, 0, &[], &code_octets, &[0b011]);

    let jump = |blob: &[u8], address: u64| {
        let mut registers = [0; 13];
        registers[2] = address;
        let (exit, machine) = run_with(&decode(blob).1, registers, 0, 7);
        (exit, machine.meter.gas_left)
    };
    let (endless, panics) = ((Exit::OutOfGas, 0), (Exit::Panic, 5));
    assert_eq!(jump(&one_octet, 2), endless);
    assert_eq!(jump(&one_octet, 2 * entries), endless, "the last entry");
    assert_eq!(jump(&one_octet, 2 * entries + 2), panics, "one behind it");
    assert_eq!(jump(&wide, 2), endless);
    assert_eq!(jump(&wide, 4), panics);
    assert_eq!(jump(&none, 0xFFFF_FFFE), endless);
    assert_eq!(jump(&none, 0xFFFF_FFFF), panics, "odd");
}
