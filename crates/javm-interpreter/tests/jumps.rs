//! Branches, jumps and dynamic jumps.

mod common;

use common::{Run, assemble, parse};
use javm_interpreter::Exit;

const TRAP: &[u8] = &[0];
const FALLTHROUGH: &[u8] = &[1];
/// r1 = r1 + 1
const INCREMENT: &[u8] = &[149, 0x11, 1];
/// Jump to r2.
const JUMP_R2: &[u8] = &[50, 2];
const HALT: u64 = 0xFFFF_0000;

#[test]
fn a_jump_into_the_middle_of_a_block_panics() {
    // jump +5 to the second increment
    let program = assemble(&[&[40, 5], INCREMENT, INCREMENT, TRAP], &[]);
    let mut run = Run::new(&program);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.spent(), run.machine.registers[1]), (0, 1, 0));
    // jump +2 to the first, which follows the jump
    let program = assemble(&[&[40, 2], INCREMENT, INCREMENT, TRAP], &[]);
    let mut run = Run::new(&program);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.spent(), run.machine.registers[1]), (8, 4, 2));
}

#[test]
fn a_bad_target_of_a_branch_matters_only_when_taken() {
    // if r1 == 0 go to +2, in the branch's own octets
    let program = assemble(&[&[81, 0x01, 2], INCREMENT, TRAP], &[]);
    let mut run = Run::new(&program).reg(1, 5);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.machine.registers[1]), (6, 6));
    let mut run = Run::new(&program);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.machine.registers[1], run.spent()), (0, 0, 1));
}

#[test]
fn an_untaken_branch_at_the_very_end_runs_into_the_trap_there() {
    let mut run = Run::new(&assemble(&[&[171, 0x11, 0]], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.spent()), (3, 2));
}

#[test]
fn targets_outside_the_code_panic() {
    for offset in [-1i32, -100, 5, 6, 7, i32::MIN, i32::MAX] {
        let jump = [&[40u8], &offset.to_le_bytes()[..]].concat();
        let mut run = Run::new(&assemble(&[&jump], &[]));
        assert_eq!(run.go(), Exit::Panic, "offset {offset}");
        assert_eq!((run.machine.pc, run.spent()), (0, 1), "offset {offset}");
    }
}

#[test]
fn a_jump_to_an_undefined_opcode_or_an_unset_bit_panics_at_the_jump() {
    let mut run = Run::new(&assemble(&[&[40, 2], &[255], TRAP], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.spent()), (0, 1));
    // A fallthrough, 24 octets on no bit: position 25 follows a terminator, but nothing starts there.
    let mut code = [0; 32];
    code[0] = 40;
    code[1] = 25;
    let mut run = Run::new(&parse(&code, &[1, 0, 0, 0], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.spent()), (0, 1));
}

#[test]
fn an_offset_of_no_octets_is_the_instruction_itself() {
    // At 0, a branch target: loops until the gas is gone.
    let mut run = Run::new(&assemble(&[&[40]], &[])).gas(5);
    assert_eq!(run.go(), Exit::OutOfGas);
    // Not a branch target: panics.
    let mut run = Run::new(&assemble(&[INCREMENT, &[40]], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.machine.pc, 3);
}

#[test]
fn offsets_count_from_the_opcode_of_the_instruction() {
    // 0: fallthrough; 1: increment; 4: if r1 < 3 unsigned go back 3, to 1; 8: trap
    let program = assemble(&[FALLTHROUGH, INCREMENT, &[83, 0x11, 3, 0xFD], TRAP], &[]);
    let mut run = Run::new(&program);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.pc), (3, 8));
    assert_eq!(run.spent(), 1 + 3 * 2 + 1);
}

#[test]
fn load_imm_jump_writes_its_register_even_when_it_panics() {
    let mut run = Run::new(&assemble(&[&[80, 0x11, 9, 1], TRAP], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.pc), (9, 0));
}

#[test]
fn a_dynamic_jump_halts_at_one_address_whatever_the_table() {
    for address in [HALT, 0xABCD_0000_0000_0000 | HALT] {
        let mut run = Run::new(&assemble(&[JUMP_R2], &[])).reg(2, address);
        assert_eq!(run.go(), Exit::Halt);
        assert_eq!((run.machine.pc, run.spent()), (0, 1));
    }
}

#[test]
fn a_dynamic_jump_goes_by_the_table() {
    // 0: jump to r2; 2: r1 += 1; 5: trap. The table leads to 2, to 5, to 0, and out of the code.
    let program = assemble(&[JUMP_R2, INCREMENT, TRAP], &[2, 5, 0, 200]);
    let go = |address: u64| {
        let mut run = Run::new(&program).reg(2, address).gas(10);
        (run.go(), run.machine.pc, run.machine.meter.gas_left)
    };
    assert_eq!(go(2), (Exit::Panic, 5, 7), "to 2");
    assert_eq!(go(4), (Exit::Panic, 0, 9), "5 follows no terminator");
    assert_eq!(go(6), (Exit::OutOfGas, 0, 0), "to 0, for ever");
    assert_eq!(go(8), (Exit::Panic, 0, 9), "out of the code");
    for address in [0, 1, 3, 10, 11, 0xFFFF_0002, 0xFFFE_FFFF, 0xFFFF_FFFE] {
        assert_eq!(go(address), (Exit::Panic, 0, 9), "address {address}");
    }
}

#[test]
fn load_imm_jump_ind_jumps_by_the_old_register_when_both_are_one() {
    // A = B = r2: r2 = 4; jump to old r2 + 2
    let program = assemble(&[&[180, 0x22, 1, 4, 2], INCREMENT, TRAP], &[5]);
    let mut run = Run::new(&program).reg(2, 0);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[2], run.machine.registers[1], run.machine.pc), (4, 1, 8));
    // The register is written when the jump panics, and when it halts.
    let mut run = Run::new(&program).reg(2, 1);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[2], run.machine.pc), (4, 0));
    let mut run = Run::new(&program).reg(2, HALT - 2);
    assert_eq!(run.go(), Exit::Halt);
    assert_eq!((run.machine.registers[2], run.machine.pc), (4, 0));
}

#[test]
fn load_imm_jump_ind_takes_what_is_left_for_its_offset() {
    // X has four octets, Y none: jump to r2.
    let program = assemble(&[&[180, 0x21, 4, 1, 2, 3, 0x84]], &[]);
    let mut run = Run::new(&program).reg(2, HALT);
    assert_eq!(run.go(), Exit::Halt);
    assert_eq!(run.machine.registers[1], 0xFFFF_FFFF_8403_0201);
}

#[test]
fn branches_compare_all_64_bits_signed_or_not() {
    let taken = |opcode: u8, a: u64, b: u64| {
        // 0: branch r1, r2 to +4; 3: trap; 4: fallthrough, trap
        let program = assemble(&[&[opcode, 0x21, 4], TRAP, FALLTHROUGH, TRAP], &[]);
        let mut run = Run::new(&program).reg(1, a).reg(2, b);
        assert_eq!(run.go(), Exit::Panic);
        run.machine.pc == 5
    };
    let (big, minus_1) = (1 << 32, u64::MAX);
    // eq, ne, lt_u, lt_s, ge_u, ge_s on (a, b)
    for (a, b, expected) in [
        (0, big, [false, true, true, true, false, false]),
        (minus_1, 0, [false, true, false, true, true, false]),
        (0, minus_1, [false, true, true, false, false, true]),
        (7, 7, [true, false, false, false, true, true]),
    ] {
        let got: Vec<bool> = (170..=175).map(|opcode| taken(opcode, a, b)).collect();
        assert_eq!(got, expected, "{a} {b}");
    }
}

#[test]
fn branches_on_immediates_compare_with_the_sign_extended_one() {
    let taken = |opcode: u8, a: u64, immediate: u8| {
        let program = assemble(&[&[opcode, 0x11, immediate, 5], TRAP, FALLTHROUGH, TRAP], &[]);
        let mut run = Run::new(&program).reg(1, a);
        assert_eq!(run.go(), Exit::Panic);
        run.machine.pc == 6
    };
    // eq, ne, lt_u, le_u, ge_u, gt_u, lt_s, le_s, ge_s, gt_s
    let (t, f) = (true, false);
    for (a, immediate, expected) in [
        (u64::MAX, 0xFF, [t, f, f, t, t, f, f, t, t, f]),
        (5, 0xFF, [f, t, t, t, f, f, f, f, t, t]),
        (u64::MAX, 0, [f, t, f, f, t, t, t, t, f, f]),
        (3, 4, [f, t, t, t, f, f, t, t, f, f]),
    ] {
        let got: Vec<bool> = (81..=90).map(|opcode| taken(opcode, a, immediate)).collect();
        assert_eq!(got, expected, "{a} {immediate}");
    }
}
