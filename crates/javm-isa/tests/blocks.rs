//! Branch targets, gas blocks and load validation on small programs.

mod common;

use common::program;
use javm_isa::{BranchTargets, GasBlocks, Opcode, OpcodeTable, Program, ValidationError};

const TABLE: OpcodeTable = OpcodeTable::JamV1;
const TRAP: u8 = 0;
const FALLTHROUGH: u8 = 1;
const UNLIKELY: u8 = 2;
const ECALLI: u8 = 10;
const MOVE_REG: u8 = 100;
/// No opcode in either table.
const UNDEFINED: u8 = 255;

fn targets(program: &Program) -> Vec<u32> {
    let targets = BranchTargets::new(program, TABLE);
    (0..300).filter(|&position| targets.contains(position)).collect()
}

fn gas_starts(program: &Program) -> Vec<(u32, u32)> {
    let blocks = GasBlocks::new(program, TABLE);
    (0..300).filter(|&at| blocks.is_start(at)).map(|at| (at, blocks.cost_from(at))).collect()
}

#[test]
fn a_target_follows_a_terminator_and_nothing_else() {
    // ecalli and unlikely are not terminators: what follows them is no target.
    let code = [ECALLI, UNLIKELY, FALLTHROUGH, MOVE_REG, 0, TRAP, ECALLI, TRAP];
    let program = program(&code, &[0, 1, 2, 3, 5, 6, 7]);
    assert_eq!(targets(&program), [0, 3, 6]);
    // The end of the code starts a gas block, the implicit trap's, but is no target.
    assert_eq!(gas_starts(&program), [(0, 3), (3, 2), (6, 2), (8, 1)]);
}

#[test]
fn an_undefined_opcode_is_no_target_but_starts_a_gas_block_of_one() {
    let program = program(&[FALLTHROUGH, UNDEFINED, FALLTHROUGH, TRAP], &[0, 1, 2, 3]);
    // Position 2 follows the undefined octet, which ends its block but is no terminator.
    assert_eq!(targets(&program), [0, 3]);
    assert_eq!(gas_starts(&program), [(0, 1), (1, 1), (3, 1), (4, 1)]);
    let first_undefined = common::program(&[UNDEFINED], &[0]);
    assert_eq!(targets(&first_undefined), []);
}

#[test]
fn an_undefined_opcode_ends_a_gas_block_and_is_counted() {
    let program = program(&[ECALLI, ECALLI, UNDEFINED, ECALLI, TRAP], &[0, 1, 2, 3, 4]);
    assert_eq!(gas_starts(&program), [(0, 3), (5, 1)]);
}

#[test]
fn a_raw_octet_that_looks_like_a_terminator_is_none() {
    // The argument octet 1 would be a fallthrough.
    let program = program(&[MOVE_REG, FALLTHROUGH, TRAP], &[0, 2]);
    assert_eq!(targets(&program), [0]);
}

#[test]
fn a_terminator_at_a_set_bit_counts_even_where_stepping_never_goes() {
    // More than 24 argument octets, then a fallthrough and a trap: a jump may go to the trap.
    let mut code = vec![MOVE_REG; 30];
    code.extend([FALLTHROUGH, TRAP]);
    let program = program(&code, &[0, 30, 31]);
    assert_eq!(program.skip(0), 24);
    assert_eq!(targets(&program), [0, 31]);
    assert_eq!(gas_starts(&program), [(0, 2), (31, 1), (32, 1)]);
}

#[test]
fn running_off_the_end_costs_one_trap() {
    let program = program(&[ECALLI, ECALLI], &[0, 1]);
    assert_eq!(gas_starts(&program), [(0, 3)]);
    let blocks = GasBlocks::new(&program, TABLE);
    assert_eq!(blocks.cost_from(1), 2, "from the middle of the block");
    assert_eq!(blocks.cost_from(2), 1);
    assert_eq!(blocks.cost_from(u32::MAX), 1);
}

#[test]
fn without_a_bit_at_0_position_0_is_no_target() {
    let program = program(&[TRAP, TRAP], &[1]);
    assert_eq!(targets(&program), []);
    assert_eq!(gas_starts(&program), [(0, 1), (2, 1)]);
}

#[test]
fn skips_end_at_the_next_start_at_24_and_at_the_end() {
    let starts_at = |starts: &[usize]| program(&[TRAP; 40], starts).skip(0);
    assert_eq!(starts_at(&[0, 1]), 0);
    assert_eq!(starts_at(&[0, 24]), 23);
    assert_eq!(starts_at(&[0, 25]), 24);
    assert_eq!(starts_at(&[0, 26]), 24);
    assert_eq!(starts_at(&[0]), 24);
    assert_eq!(program(&[TRAP; 10], &[0]).skip(0), 9);
    assert_eq!(program(&[TRAP; 10], &[0]).skip(9), 0);
    assert_eq!(program(&[TRAP; 10], &[0]).skip(u32::MAX), 0);
}

#[test]
fn validation_wants_an_opcode_at_every_step() {
    let check = |code: &[u8], starts: &[usize]| program(code, starts).validate(TABLE);
    assert_eq!(check(&[], &[]), Err(ValidationError::EmptyCode));
    assert_eq!(check(&[TRAP], &[]), Err(ValidationError::NoInstruction { position: 0 }));
    let undefined = ValidationError::UndefinedOpcode { position: 1, octet: UNDEFINED };
    assert_eq!(check(&[TRAP, UNDEFINED], &[0, 1]), Err(undefined));
    assert_eq!(check(&[TRAP; 26], &[0]), Err(ValidationError::NoInstruction { position: 25 }));
    assert_eq!(check(&[TRAP; 25], &[0]), Ok(()));
    assert_eq!(check(&[TRAP; 26], &[0, 25]), Ok(()));
}

#[test]
fn validation_depends_on_the_table() {
    let unlikely = program(&[2], &[0]);
    assert_eq!(unlikely.validate(OpcodeTable::JamV1), Ok(()));
    assert!(unlikely.validate(OpcodeTable::Gp07).is_err());
    let two_registers_111 = program(&[111, 0], &[0]);
    assert!(two_registers_111.validate(OpcodeTable::JamV1).is_err());
    assert_eq!(two_registers_111.validate(OpcodeTable::Gp07), Ok(()));
    assert_eq!(two_registers_111.opcode_at(0, OpcodeTable::Gp07), Some(Opcode::ReverseBytes));
}

#[test]
fn validation_accepts_code_that_runs_off_its_end() {
    assert_eq!(program(&[ECALLI], &[0]).validate(TABLE), Ok(()));
}
