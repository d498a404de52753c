//! Argument decoding and the opcodes the published vectors leave out, through the engine.

mod common;

use common::{Run, assemble, number, parse};
use javm_interpreter::Exit;
use javm_isa::OpcodeTable;

const TRAP: &[u8] = &[0];

/// Runs one instruction and a trap; gives the registers.
fn after(instruction: &[u8], registers: &[(usize, u64)]) -> [u64; 13] {
    let mut run = Run::new(&assemble(&[instruction, TRAP], &[]));
    for &(register, value) in registers {
        run = run.reg(register, value);
    }
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.machine.pc as usize, instruction.len());
    run.machine.registers
}

#[test]
fn register_nibbles_above_12_mean_r12() {
    for nibble in 12..=15u8 {
        // add_imm_64 to r12, from r12
        let registers = nibble << 4 | nibble;
        assert_eq!(after(&[149, registers, 1], &[(12, 5)])[12], 6);
        // move_reg r3 = r12, and r12 = r3
        assert_eq!(after(&[100, nibble << 4 | 3], &[(12, 5)])[3], 5);
        assert_eq!(after(&[100, 0x30 | nibble], &[(3, 5)])[12], 5);
        // add_64 of r12 and r12 to r1
        assert_eq!(after(&[200, registers, 1], &[(12, 5)])[1], 10);
        // load_imm r12, and with the upper nibble set
        assert_eq!(after(&[51, nibble, 7], &[])[12], 7);
        assert_eq!(after(&[51, 0xF0 | nibble, 7], &[])[12], 7);
        // load_imm_64 r12
        assert_eq!(after(&[20, nibble, 1, 2, 3, 4, 5, 6, 7, 8], &[])[12], 0x0807_0605_0403_0201);
    }
}

#[test]
fn a_third_register_is_the_whole_octet_limited_to_12() {
    for octet in [12, 13, 15, 16, 0x20, 0xFF] {
        assert_eq!(after(&[200, 0x21, octet], &[(1, 3), (2, 4)])[12], 7, "octet {octet}");
    }
    assert_eq!(after(&[200, 0x21, 11], &[(1, 3), (2, 4)])[11], 7);
}

#[test]
fn immediates_of_every_length_are_sign_extended() {
    assert_eq!(after(&[51, 1], &[(1, 9)])[1], 0);
    assert_eq!(after(&[51, 1, 0x80], &[])[1], -128i64 as u64);
    assert_eq!(after(&[51, 1, 0, 0x80], &[])[1], -0x8000i64 as u64);
    assert_eq!(after(&[51, 1, 0, 0, 0x80], &[])[1], -0x80_0000i64 as u64);
    assert_eq!(after(&[51, 1, 0, 0, 0, 0x80], &[])[1], -0x8000_0000i64 as u64);
    assert_eq!(after(&[51, 1, 0xFF, 0xFF, 0xFF, 0x7F], &[])[1], 0x7FFF_FFFF);
    // More octets than four: the rest is not looked at.
    assert_eq!(after(&[51, 1, 5, 0, 0, 0, 0xFF, 0xFF, 0xFF], &[])[1], 5);
    // Up to the longest skip.
    let mut longest = vec![51, 1, 5];
    longest.resize(25, 0);
    assert_eq!(after(&longest, &[])[1], 5);
}

#[test]
fn written_lengths_above_4_mean_4_and_higher_bits_are_ignored() {
    for field in [4u8, 5, 6, 7, 0xC, 0xF] {
        // load_imm_jump r1 to the trap behind it, 7 octets on
        let registers = after(&[80, field << 4 | 1, 1, 2, 3, 4, 7], &[]);
        assert_eq!(registers[1], 0x0403_0201, "field {field}");
    }
    // Length 8 means 0: X = 0, and the offset is the next octet.
    assert_eq!(after(&[80, 0x81, 3], &[(1, 9)])[1], 0);
    // In store_imm the length is the low three bits of its octet.
    let program = assemble(&[&[30, 0xFB, 0, 0, 2, 7], TRAP], &[]);
    let mut run = Run::new(&program).writable(0x2_0000, 1);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.memory.peek(0x2_0000, 1), [7]);
}

#[test]
fn stores_of_immediates_may_have_no_octets_for_either() {
    // Y has no octets: stores 0.
    let program = assemble(&[&[70, 0x11, 4], TRAP], &[]);
    let mut run = Run::new(&program).reg(1, 0x2_0000).writable(0x2_0000, 1);
    run.memory.poke(0x2_0000, &[9; 8]);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.memory.peek(0x2_0000, 6), [9, 9, 9, 9, 0, 9]);
    // X has no octets: address 0, low memory.
    let mut run = Run::new(&assemble(&[&[30, 0, 7], TRAP], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.machine.pc, 0);
}

#[test]
fn load_imm_64_reads_eight_octets_whatever_the_skip() {
    // The skip is 1; the octets of the following instructions are its immediate.
    let program = assemble(&[&[20, 1], &[51, 2, 7], TRAP], &[]);
    let mut run = Run::new(&program);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.machine.registers[1], 0x07_0233, "past the end of the code are zeros");
    assert_eq!(run.machine.registers[2], 7);
}

#[test]
fn arguments_past_the_end_of_the_code_are_zero() {
    // add_64 with nothing behind it: r0 = r0 + r0
    let mut run = Run::new(&parse(&[200], &[1], &[])).reg(0, 4);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[0], run.machine.pc, run.spent()), (8, 1, 2));
}

#[test]
fn conditional_moves() {
    // cmov_iz_imm, cmov_nz_imm: r1 = -1 by r2
    assert_eq!(after(&[147, 0x21, 0xFF], &[(1, 5), (2, 0)])[1], u64::MAX);
    assert_eq!(after(&[147, 0x21, 0xFF], &[(1, 5), (2, 1 << 32)])[1], 5);
    assert_eq!(after(&[148, 0x21, 0xFF], &[(1, 5), (2, 0)])[1], 5);
    assert_eq!(after(&[148, 0x21, 0xFF], &[(1, 5), (2, 1 << 32)])[1], u64::MAX);
    // cmov_iz, cmov_nz: r3 = r1 by r2
    assert_eq!(after(&[218, 0x21, 3], &[(1, 5), (2, 0), (3, 6)])[3], 5);
    assert_eq!(after(&[218, 0x21, 3], &[(1, 5), (2, 1 << 32), (3, 6)])[3], 6);
    assert_eq!(after(&[219, 0x21, 3], &[(1, 5), (2, 0), (3, 6)])[3], 6);
    assert_eq!(after(&[219, 0x21, 3], &[(1, 5), (2, 1 << 32), (3, 6)])[3], 5);
}

#[test]
fn alternate_forms_shift_the_immediate_by_the_register() {
    let minus_8: u8 = 0xF8;
    assert_eq!(after(&[144, 0x21, 3], &[(2, 33)])[1], 6, "shlo_l_imm_alt_32");
    assert_eq!(after(&[145, 0x21, minus_8], &[(2, 33)])[1], 0x7FFF_FFFC, "shlo_r_imm_alt_32");
    assert_eq!(after(&[146, 0x21, minus_8], &[(2, 33)])[1], -4i64 as u64, "shar_r_imm_alt_32");
    assert_eq!(after(&[155, 0x21, 3], &[(2, 65)])[1], 6, "shlo_l_imm_alt_64");
    assert_eq!(after(&[156, 0x21, minus_8], &[(2, 65)])[1], u64::MAX / 2 - 3, "shlo_r_imm_alt_64");
    assert_eq!(after(&[157, 0x21, minus_8], &[(2, 65)])[1], -4i64 as u64, "shar_r_imm_alt_64");
    assert_eq!(after(&[159, 0x21, 1], &[(2, 65)])[1], 1 << 63, "rot_r_64_imm_alt");
    assert_eq!(after(&[161, 0x21, 1], &[(2, 33)])[1], 0xFFFF_FFFF_8000_0000, "rot_r_32_imm_alt");
}

#[test]
fn negate_and_add_subtracts_from_the_immediate() {
    assert_eq!(after(&[154, 0x21, 3], &[(2, 5)])[1], -2i64 as u64);
    assert_eq!(after(&[141, 0x21, 3], &[(2, 0x1_0000_0005)])[1], -2i64 as u64);
}

#[test]
fn the_ten_renumbered_opcodes_do_the_same_in_both_tables() {
    let value = 0x8001_00F0_0000_8080u64;
    for (name, expected) in [
        ("count_set_bits_64", 8),
        ("count_set_bits_32", 2),
        ("leading_zero_bits_64", 0),
        ("leading_zero_bits_32", 16),
        ("trailing_zero_bits_64", 7),
        ("trailing_zero_bits_32", 7),
        ("sign_extend_8", 0xFFFF_FFFF_FFFF_FF80),
        ("sign_extend_16", 0xFFFF_FFFF_FFFF_8080),
        ("zero_extend_16", 0x8080),
        ("reverse_bytes", 0x8080_0000_F000_0180),
    ] {
        let numbers = [OpcodeTable::Gp07, OpcodeTable::JamV1].map(|table| {
            let opcode = number(name, table);
            let program = assemble(&[&[opcode, 0x21], TRAP], &[]);
            let mut run = Run::with_table(&program, table).reg(2, value);
            assert_eq!(run.go(), Exit::Panic);
            assert_eq!(run.machine.registers[1], expected, "{name} in {table:?}");
            opcode
        });
        assert_eq!(numbers[0], numbers[1] + 1, "{name}");
    }
    let zero_counts = |name: &str| after(&[number(name, OpcodeTable::JamV1), 0x21], &[(2, 1 << 32)])[1];
    assert_eq!(zero_counts("leading_zero_bits_32"), 32);
    assert_eq!(zero_counts("trailing_zero_bits_32"), 32);
    assert_eq!(after(&[103, 0x21], &[])[1], 64);
    assert_eq!(after(&[105, 0x21], &[])[1], 64);
}

#[test]
fn sbrk_is_in_the_older_table_only_and_panics() {
    let program = assemble(&[&[101, 0x21], TRAP], &[]);
    let mut run = Run::with_table(&program, OpcodeTable::Gp07).reg(2, 0xFF);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.spent()), (0, 2));
    let mut run = Run::with_table(&program, OpcodeTable::JamV1).reg(2, 0xFF);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.pc), (8, 2));
}

#[test]
fn unlikely_is_in_the_newer_table_only() {
    let program = assemble(&[&[2], TRAP], &[]);
    let end = |table| {
        let mut run = Run::with_table(&program, table);
        assert_eq!(run.go(), Exit::Panic);
        (run.machine.pc, run.spent())
    };
    assert_eq!(end(OpcodeTable::JamV1), (1, 2));
    assert_eq!(end(OpcodeTable::Gp07), (0, 1));
}
