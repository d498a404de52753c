//! Every way a blob can be malformed, and the unusual ones that are not.

use javm_isa::{BlobError, BlobPart, BranchTargets, JumpOutcome, MAX_CODE_LEN_BYTES, OpcodeTable, Program};

fn error(blob: &[u8]) -> BlobError {
    Program::parse(blob).expect_err("the blob is malformed")
}

fn ends_in(part: BlobPart) -> BlobError {
    BlobError::UnexpectedEnd { part }
}

/// One jump-table entry of two octets, nine code octets.
const GOOD: &[u8] = &[1, 2, 9, 0x34, 0x12, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0xFF, 0x01];

#[test]
fn a_good_blob_is_taken_apart() {
    let program = Program::parse(GOOD).unwrap();
    assert_eq!(program.code(), [1, 1, 1, 1, 1, 1, 1, 1, 0]);
    assert_eq!(program.jump_table_entry_count(), 1);
    assert_eq!(program.jump_table_entry(0), Some(0x1234));
    assert_eq!(program.jump_table_entry(1), None);
    assert!((0..9).all(|position| program.is_instruction_start(position)));
    assert!(!program.is_instruction_start(9));
    assert!(!program.is_instruction_start(u32::MAX));
}

#[test]
fn a_blob_cut_anywhere_is_refused_by_the_part_it_is_cut_in() {
    let parts = [
        (0, BlobPart::JumpTableLen),
        (1, BlobPart::JumpTableEntrySize),
        (2, BlobPart::CodeLen),
        (3, BlobPart::JumpTable),
        (5, BlobPart::Code),
        (14, BlobPart::Bitmask),
    ];
    for len in 0..GOOD.len() {
        let (_, part) = parts.iter().rfind(|(start, _)| *start <= len).unwrap();
        assert_eq!(error(&GOOD[..len]), ends_in(*part), "cut to {len}");
    }
}

#[test]
fn trailing_octets_are_refused() {
    assert_eq!(error(&[GOOD, &[0, 0]].concat()), BlobError::TrailingOctets { len_bytes: 2 });
}

#[test]
fn set_padding_bits_are_refused() {
    let mut blob = GOOD.to_vec();
    *blob.last_mut().unwrap() = 0x03;
    assert_eq!(error(&blob), BlobError::BitmaskPadding);
    *blob.last_mut().unwrap() = 0x81;
    assert_eq!(error(&blob), BlobError::BitmaskPadding);
}

#[test]
fn lengths_that_are_not_shortest_are_refused() {
    assert_eq!(error(&[0x80, 1]), BlobError::LengthNotShortest { part: BlobPart::JumpTableLen });
    assert_eq!(error(&[0, 0, 0x80, 1]), BlobError::LengthNotShortest { part: BlobPart::CodeLen });
}

#[test]
fn claims_of_huge_sizes_fail_before_anything_is_allocated() {
    let huge = [0xFF; 9];
    // 2^64 - 1 entries of 255 octets.
    assert_eq!(error(&[&huge[..], &[255, 0]].concat()), ends_in(BlobPart::JumpTable));
    assert_eq!(error(&[&[0, 0], &huge[..]].concat()), BlobError::CodeTooLong { len_bytes: u64::MAX });
    // The longest code that is not too long, and one more: 2^31 - 1 and 2^31.
    assert_eq!(MAX_CODE_LEN_BYTES, (1 << 31) - 1);
    assert_eq!(error(&[0, 0, 0xF0, 0xFF, 0xFF, 0xFF, 0x7F]), ends_in(BlobPart::Code));
    assert_eq!(error(&[0, 0, 0xF0, 0, 0, 0, 0x80]), BlobError::CodeTooLong { len_bytes: 1 << 31 });
}

#[test]
fn a_blob_without_code_is_a_program() {
    let program = Program::parse(&[0, 0, 0]).unwrap();
    assert_eq!(program.code_len_bytes(), 0);
    assert_eq!(program.skip(0), 0);
}

#[test]
fn jump_table_entries_without_a_size_are_all_zero_and_may_be_many() {
    // 2^64 - 1 entries of size 0; the code is one trap.
    let program = Program::parse(&[&[0xFF; 9][..], &[0, 1, 0, 1]].concat()).unwrap();
    assert_eq!(program.jump_table_entry(u64::MAX - 1), Some(0));
    assert_eq!(program.jump_table_entry(u64::MAX), None);
    let targets = BranchTargets::new(&program, OpcodeTable::JamV1);
    assert_eq!(program.resolve_dynamic_jump(2, &targets), JumpOutcome::Target(0));
    assert_eq!(program.resolve_dynamic_jump(0xFFFF_FFFE, &targets), JumpOutcome::Target(0));
    // Address 0 is no entry, however many there are.
    assert_eq!(program.resolve_dynamic_jump(0, &targets), JumpOutcome::Panic);
    assert_eq!(program.resolve_dynamic_jump(0xFFFF_0000, &targets), JumpOutcome::Halt);
}

#[test]
fn jump_table_entries_wider_than_64_bits_saturate() {
    let mut blob = vec![2, 9, 1];
    blob.extend([5, 0, 0, 0, 0, 0, 0, 0, 0]);
    blob.extend([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    blob.extend([0, 1]);
    let program = Program::parse(&blob).unwrap();
    assert_eq!(program.jump_table_entry(0), Some(5));
    assert_eq!(program.jump_table_entry(1), Some(u64::MAX));
    let targets = BranchTargets::new(&program, OpcodeTable::JamV1);
    assert_eq!(program.resolve_dynamic_jump(4, &targets), JumpOutcome::Panic);
}
