//! Both opcode tables against lists written apart from them.

use javm_isa::{Opcode, OpcodeTable};

/// The Gray Paper 0.7 numbering: runs of numbers, each from its first one.
const GP_07: &[(u8, &str)] = &[
    (0, "trap fallthrough"),
    (10, "ecalli"),
    (20, "load_imm_64"),
    (30, "store_imm_u8 store_imm_u16 store_imm_u32 store_imm_u64"),
    (40, "jump"),
    (
        50,
        "jump_ind load_imm load_u8 load_i8 load_u16 load_i16 load_u32 load_i32 load_u64 store_u8 \
        store_u16 store_u32 store_u64",
    ),
    (70, "store_imm_ind_u8 store_imm_ind_u16 store_imm_ind_u32 store_imm_ind_u64"),
    (
        80,
        "load_imm_jump branch_eq_imm branch_ne_imm branch_lt_u_imm branch_le_u_imm branch_ge_u_imm \
        branch_gt_u_imm branch_lt_s_imm branch_le_s_imm branch_ge_s_imm branch_gt_s_imm",
    ),
    (
        100,
        "move_reg sbrk count_set_bits_64 count_set_bits_32 leading_zero_bits_64 leading_zero_bits_32 \
        trailing_zero_bits_64 trailing_zero_bits_32 sign_extend_8 sign_extend_16 zero_extend_16 \
        reverse_bytes",
    ),
    (
        120,
        "store_ind_u8 store_ind_u16 store_ind_u32 store_ind_u64 load_ind_u8 load_ind_i8 load_ind_u16 \
        load_ind_i16 load_ind_u32 load_ind_i32 load_ind_u64 add_imm_32 and_imm xor_imm or_imm mul_imm_32 \
        set_lt_u_imm set_lt_s_imm shlo_l_imm_32 shlo_r_imm_32 shar_r_imm_32 neg_add_imm_32 set_gt_u_imm \
        set_gt_s_imm shlo_l_imm_alt_32 shlo_r_imm_alt_32 shar_r_imm_alt_32 cmov_iz_imm cmov_nz_imm \
        add_imm_64 mul_imm_64 shlo_l_imm_64 shlo_r_imm_64 shar_r_imm_64 neg_add_imm_64 shlo_l_imm_alt_64 \
        shlo_r_imm_alt_64 shar_r_imm_alt_64 rot_r_64_imm rot_r_64_imm_alt rot_r_32_imm rot_r_32_imm_alt",
    ),
    (170, "branch_eq branch_ne branch_lt_u branch_lt_s branch_ge_u branch_ge_s"),
    (180, "load_imm_jump_ind"),
    (
        190,
        "add_32 sub_32 mul_32 div_u_32 div_s_32 rem_u_32 rem_s_32 shlo_l_32 shlo_r_32 shar_r_32 add_64 \
        sub_64 mul_64 div_u_64 div_s_64 rem_u_64 rem_s_64 shlo_l_64 shlo_r_64 shar_r_64 and xor or \
        mul_upper_s_s mul_upper_u_u mul_upper_s_u set_lt_u set_lt_s cmov_iz cmov_nz rot_l_64 rot_l_32 \
        rot_r_64 rot_r_32 and_inv or_inv xnor max max_u min min_u",
    ),
];

fn names(table: OpcodeTable) -> Vec<(u8, &'static str)> {
    (0..=255).filter_map(|octet| Some((octet, table.opcode(octet)?.name()))).collect()
}

fn expected_gp_07() -> Vec<(u8, &'static str)> {
    GP_07.iter().flat_map(|&(first, names)| (first..).zip(names.split_whitespace())).collect()
}

#[test]
fn gp_07_has_the_139_published_numbers() {
    let table = names(OpcodeTable::Gp07);
    assert_eq!(table.len(), 139);
    assert_eq!(table, expected_gp_07());
}

#[test]
fn jam_v1_has_139_numbers_and_differs_in_twelve() {
    let mut expected = expected_gp_07();
    expected.retain(|&(_, name)| name != "sbrk");
    for (number, _) in &mut expected {
        if (102..=111).contains(number) {
            *number -= 1;
        }
    }
    expected.push((2, "unlikely"));
    expected.sort();
    let table = names(OpcodeTable::JamV1);
    assert_eq!(table.len(), 139);
    assert_eq!(table, expected);

    let differ = |octet: &u8| OpcodeTable::Gp07.opcode(*octet) != OpcodeTable::JamV1.opcode(*octet);
    let differing: Vec<u8> = (0..=255).filter(differ).collect();
    assert_eq!(differing, [2, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111]);
}

#[test]
fn undefined_numbers_are_those_of_the_reference() {
    let ranges = |low: u8, high: u8| {
        [(low, 9), (11, 19), (21, 29), (34, 39), (41, 49), (63, 69), (74, 79), (91, 99), (high, 119)]
            .into_iter()
            .chain([(162, 169), (176, 179), (181, 189), (231, 255)])
            .flat_map(|(first, last)| first..=last)
            .collect::<Vec<u8>>()
    };
    let undefined =
        |table: OpcodeTable| (0..=255).filter(|&octet| table.opcode(octet).is_none()).collect::<Vec<u8>>();
    assert_eq!(undefined(OpcodeTable::Gp07), ranges(2, 112));
    assert_eq!(undefined(OpcodeTable::JamV1), ranges(3, 111));
}

#[test]
fn every_opcode_is_in_a_table_and_is_itself() {
    assert_eq!(Opcode::ALL.len(), 140);
    for (place, &opcode) in Opcode::ALL.iter().enumerate() {
        assert_eq!(opcode as usize, place);
        let tables = [OpcodeTable::Gp07, OpcodeTable::JamV1];
        assert!(tables.iter().any(|table| (0..=255).any(|octet| table.opcode(octet) == Some(opcode))));
    }
}

#[test]
fn terminators_are_trap_fallthrough_jumps_and_branches() {
    for &opcode in Opcode::ALL {
        let name = opcode.name();
        let expected =
            ["trap", "fallthrough"].contains(&name) || name.contains("jump") || name.starts_with("branch");
        assert_eq!(opcode.is_terminator(), expected, "{name}");
    }
}

/// Rows of the table in docs/spec/opcodes.md: numbers in JamV1 and in 0.7, name, format.
fn specified() -> Vec<[&'static str; 4]> {
    let page = include_str!("../../../docs/spec/opcodes.md");
    let table = page.split("| JamV1 |").nth(1).expect("the page has the table");
    table
        .lines()
        .skip(2)
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            [cells[1], cells[2], cells[3], cells[4]]
        })
        .collect()
}

#[test]
fn both_tables_are_those_of_the_specification() {
    let rows = specified();
    assert_eq!(rows.len(), 140);
    for (table, column) in [(OpcodeTable::JamV1, 0), (OpcodeTable::Gp07, 1)] {
        for octet in 0..=255u8 {
            let specified = rows.iter().find(|row| row[column] == octet.to_string());
            let opcode = table.opcode(octet);
            assert_eq!(opcode.map(Opcode::name), specified.map(|row| row[2]), "{octet} in {table:?}");
            let format = opcode.map(|opcode| format!("{:?}", opcode.format()).replace("None", "–"));
            assert_eq!(format.as_deref(), specified.map(|row| row[3]), "{octet} in {table:?}");
        }
    }
}
