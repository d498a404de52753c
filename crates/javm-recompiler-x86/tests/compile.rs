//! What `compile` promises of every program: bounds, tables, determinism.

mod common;

use common::{blob, chain, number};
use iced_x86::{Decoder, DecoderOptions};
use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::{
    CompileError, CompiledCode, Features, MAX_INSTRUCTION_LEN_BYTES, MAX_PROLOGUE_LEN_BYTES, Position,
    compile,
};

const TABLES: [OpcodeTable; 2] = [OpcodeTable::Gp07, OpcodeTable::JamV1];

fn compiled(program: &Program) -> CompiledCode {
    compile(program, OpcodeTable::JamV1, Features::BASELINE).expect("the program can be compiled")
}

/// Bounds, and that every octet between the prologue and the end belongs to a known instruction.
fn check(program: &Program, table: OpcodeTable, features: Features) {
    let code = compile(program, table, features).expect("the program can be compiled");
    let positions: Vec<Position> = code.positions().collect();
    let (start, end) = code.body();
    let most = MAX_PROLOGUE_LEN_BYTES as usize + positions.len() * MAX_INSTRUCTION_LEN_BYTES as usize;
    assert!(code.code().len() <= most);
    assert!(start <= MAX_PROLOGUE_LEN_BYTES);
    assert!(positions.is_sorted_by(|a, b| a.pc < b.pc));
    // In the order of the program among the instructions, and so among the second entries behind them.
    let (seconds, firsts): (Vec<u32>, Vec<u32>) =
        positions.iter().map(|position| position.offset).partition(|&offset| offset >= end);
    assert!(firsts.is_sorted() && seconds.is_sorted());
    assert!(code.jump_table().iter().all(|&offset| (offset as usize) < code.code().len()));

    let octets = &code.code()[start as usize..];
    let mut decoder = Decoder::with_ip(64, octets, u64::from(start), DecoderOptions::NONE);
    let mut boundaries = Vec::new();
    while decoder.can_decode() {
        boundaries.push(decoder.ip() as u32);
        let instruction = decoder.decode();
        assert!(!instruction.is_invalid(), "at {}", instruction.ip());
        if features == Features::BASELINE {
            let extensions: Vec<_> = instruction.cpuid_features().iter().map(|f| format!("{f:?}")).collect();
            let is_baseline = |name: &String| {
                name.starts_with("INTEL") || name == "X64" || name == "CMOV" || name == "MULTIBYTENOP"
            };
            assert!(extensions.iter().all(is_baseline), "{instruction:?} needs {extensions:?}");
        }
    }
    boundaries.push(code.code().len() as u32);
    for position in &positions {
        assert!(boundaries.binary_search(&position.offset).is_ok(), "{position:?} is no boundary");
        assert!(position.offset >= start);
    }
}

#[test]
fn every_instruction_keeps_the_bound_in_any_registers() {
    // All opcodes with all pairs of registers, each a block of its own, with long immediates.
    for table in TABLES {
        for octet in (0..=255).filter(|&octet| table.opcode(octet).is_some()) {
            let arguments = (0..=255).step_by(5).flat_map(|registers: u8| {
                (0..13)
                    .step_by(3)
                    .map(move |d| vec![octet, registers, d, 0x89, 0x67, 0x45, 0x83, 0x21, 0x43, 0x85])
            });
            let instructions: Vec<Vec<u8>> = arguments.flat_map(|arguments| [arguments, vec![1]]).collect();
            let program = chain(&instructions, &[]);
            check(&program, table, Features::BASELINE);
            check(&program, table, Features::ALL);
        }
    }
}

#[test]
fn hostile_programs_stay_within_the_bound() {
    // Pairs and nothing else, apart and not, in one block.
    let pairs =
        [vec![202, 0x21, 3], vec![123, 0x98], vec![214, 0x21, 4], vec![200, 0x65, 5], vec![216, 0x65, 7]];
    check(&chain(&vec![pairs; 20_000].concat(), &[]), OpcodeTable::JamV1, Features::ALL);
    // One-octet blocks, traps, calls of the longest code, one huge block, branches everywhere.
    let longest = [number("count_set_bits_64"), 0x21];
    let branch = [number("branch_eq"), 0x21, 0xF0, 0xFF];
    for instruction in [&[1][..], &[0], &[10], &longest, &[2], &branch] {
        let instructions = vec![instruction.to_vec(); 20_000];
        check(&chain(&instructions, &[]), OpcodeTable::JamV1, Features::BASELINE);
    }
}

#[test]
fn loops_put_on_one_line_stay_within_the_bound() {
    // Each loop begins somewhere else on its line.
    for len in 0..12 {
        let mut instructions = Vec::new();
        for filler in 0..64 {
            instructions.push(vec![51, 1, filler]);
            instructions.push(vec![1]);
            instructions.extend(vec![vec![number("count_set_bits_64"), 0x21]; len]);
            instructions.push(vec![number("branch_eq"), 0x21, (2 * len as u8).wrapping_neg()]);
        }
        check(&chain(&instructions, &[]), OpcodeTable::JamV1, Features::BASELINE);
    }
}

#[test]
fn programs_without_instructions_are_traps() {
    for code in [&[][..], &[1], &[0; 60]] {
        let program = Program::parse(&blob(code, &vec![0; code.len().div_ceil(8)], 0, &[])).expect("a blob");
        let compiled = compiled(&program);
        let positions: Vec<u32> = compiled.positions().map(|position| position.pc).collect();
        assert_eq!(positions, [code.len() as u32]);
        check(&program, OpcodeTable::JamV1, Features::BASELINE);
    }
}

#[test]
fn a_jump_table_without_octets_may_be_of_any_length() {
    // 2^64 − 1 entries of size 0.
    let mut octets = vec![0xFF; 9];
    octets.extend([0, 1, 0, 1]);
    let program = Program::parse(&octets).expect("a blob");
    assert_eq!(program.jump_table_entry_count(), u64::MAX);
    assert_eq!(compiled(&program).jump_table().len(), 1);
}

#[test]
fn jump_table_entries_lead_to_blocks_or_panic() {
    let program = chain(&[vec![1], vec![51, 1, 1], vec![0]], &[0, 1, 2, 3, 4, 200]);
    let code = compiled(&program);
    let panic = code.jump_table()[0];
    let leads = |entry: usize| code.jump_table()[entry + 1];
    assert!(leads(0) != panic && leads(1) != panic && leads(0) != leads(1));
    // Not a start, an instruction inside a block, the trap after it, past the end.
    assert!([2, 3, 4, 5].iter().all(|&entry| leads(entry) == panic));
}

#[test]
fn faults_are_looked_for_only_where_instructions_are() {
    let program = chain(&[vec![51, 1, 1], vec![124, 0x21], vec![0]], &[]);
    let code = compiled(&program);
    let (start, end) = code.body();
    assert_eq!(code.fault_pc(start - 1), None);
    assert_eq!(code.fault_pc(end), None);
    let load = code.position(3).expect("an instruction").offset;
    assert_eq!(
        (code.fault_pc(load - 1), code.fault_pc(load), code.fault_pc(load + 1)),
        (Some(0), Some(3), Some(3))
    );
    assert_eq!((code.next_pc(0), code.next_pc(3), code.next_pc(1)), (3, 5, 1));
}

#[test]
fn the_second_of_a_pair_is_entered_elsewhere() {
    // r3 = r1 × r2, and the upper half in r4, a store between; r5 += r6, and r7 is its carry; trap.
    let product = [vec![202, 0x21, 3], vec![123, 0x98], vec![214, 0x21, 4]];
    let sum = [vec![200, 0x65, 5], vec![216, 0x65, 7], vec![0]];
    let program = chain(&[&product[..], &sum].concat(), &[]);
    let seconds = |features| -> Vec<u32> {
        let code = compile(&program, OpcodeTable::JamV1, features).expect("it can be compiled");
        let (_, end) = code.body();
        code.positions().filter(|position| position.offset >= end).map(|position| position.pc).collect()
    };
    assert_eq!(seconds(Features::ALL), [3, 5, 11]);
    assert_eq!(seconds(Features::BASELINE), [11]);
    // In another order of the factors it is the same product; of others, or of what is no more, it is none.
    for (upper, is_pair) in
        [([214, 0x12, 4], true), ([214, 0x21, 1], true), ([214, 0x22, 4], false), ([214, 0x31, 4], false)]
    {
        let program = chain(&[vec![202, 0x21, 3], upper.to_vec(), vec![0]], &[]);
        let code = compile(&program, OpcodeTable::JamV1, Features::ALL).expect("it can be compiled");
        let (_, end) = code.body();
        assert_eq!(code.position(3).is_some_and(|second| second.offset >= end), is_pair, "{upper:?}");
        check(&program, OpcodeTable::JamV1, Features::ALL);
    }
}

#[test]
fn errors_say_what_was_wrong() {
    let error = CompileError::JumpTableTooLong { entry_count: 7 };
    assert_eq!(error.to_string(), "a jump table of 7 entries is too long");
}

/// A program with one of every instruction in several registers.
fn everything() -> Program {
    let mut instructions = Vec::new();
    for octet in 0..=255 {
        for registers in [0x21, 0x55, 0xCB] {
            instructions.push(vec![octet, registers, 7, 0x12, 0x34, 0x56, 0x78]);
        }
    }
    // Pairs of which the first does the work of both.
    for pair in [[202, 214], [214, 202], [200, 216]] {
        for between in [vec![], vec![vec![123, 0x98, 8]]] {
            let [first, second] = pair.map(|octet| vec![octet, 0x65, 5 + (octet & 2)]);
            instructions.extend([vec![first], between, vec![second]].concat());
        }
    }
    chain(&instructions, &[0, 7, 21, 28])
}

/// FNV-1a over code and tables.
fn fingerprint(code: &CompiledCode) -> u64 {
    let positions = code.positions().flat_map(|p| [p.pc, p.offset, p.cost]);
    let words = positions.chain(code.jump_table().iter().copied()).flat_map(u32::to_le_bytes);
    code.code().iter().copied().chain(words).fold(0xCBF2_9CE4_8422_2325, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[test]
fn the_same_program_gives_the_same_octets_always() {
    let program = everything();
    let first = compiled(&program);
    assert!((0..100).all(|_| compiled(&program) == first));
    // Whoever changes what is emitted changes these; nothing else may.
    let free_rsp = Features { free_rsp: true, ..Features::BASELINE };
    let free_rsp = compile(&program, OpcodeTable::JamV1, free_rsp).expect("it can be compiled");
    let all = compile(&program, OpcodeTable::Gp07, Features::ALL).expect("it can be compiled");
    assert_eq!([&first, &free_rsp, &all].map(fingerprint), FINGERPRINTS);
}

/// Of [`everything`]: baseline and JamV1; the same with rsp free; all features and GP 0.7.
const FINGERPRINTS: [u64; 3] = [10411229961450970302, 9779551638668223085, 1053071969651384656];
