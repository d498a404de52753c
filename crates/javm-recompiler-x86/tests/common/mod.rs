//! Programs put together by hand.

use javm_isa::{OpcodeTable, Program};

/// The number of an instruction of JamV1 by its Gray Paper name.
pub fn number(name: &str) -> u8 {
    let is_it = |&octet: &u8| OpcodeTable::JamV1.opcode(octet).is_some_and(|opcode| opcode.name() == name);
    (0..=255).find(is_it).expect("the table has it")
}

/// Instructions in a row, each its opcode and argument octets; jump-table entries of one octet.
pub fn chain(instructions: &[Vec<u8>], jump_table: &[u8]) -> Program {
    let code = instructions.concat();
    let mut bitmask = vec![0; code.len().div_ceil(8)];
    let mut position = 0;
    for instruction in instructions {
        bitmask[position / 8] |= 1 << (position % 8);
        position += instruction.len();
    }
    Program::parse(&blob(&code, &bitmask, 1, jump_table)).expect("the blob is well-formed")
}

/// A blob of its parts; the jump table has as many entries as it has octets, each of `entry_len`.
pub fn blob(code: &[u8], bitmask: &[u8], entry_len: u8, jump_table: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    push_len(&mut blob, jump_table.len());
    blob.push(entry_len);
    push_len(&mut blob, code.len());
    blob.extend([jump_table, code, bitmask].concat());
    blob
}

/// A length as blobs have it, below 2^21.
fn push_len(blob: &mut Vec<u8>, len: usize) {
    match len {
        0..0x80 => blob.push(len as u8),
        0x80..0x4000 => blob.extend([0x80 | (len >> 8) as u8, len as u8]),
        _ => blob.extend([0xC0 | (len >> 16) as u8, len as u8, (len >> 8) as u8]),
    }
}
