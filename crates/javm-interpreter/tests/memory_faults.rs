//! Accesses that cannot be made, through the engine.

mod common;

use common::{Run, assemble};
use javm_interpreter::Exit;
use javm_isa::{Access, AccessKind};

/// r1 = u64 at r2
const LOAD_U64: &[u8] = &[130, 0x21];
/// u64 at r2 = r1
const STORE_U64: &[u8] = &[123, 0x21];
const TRAP: &[u8] = &[0];

fn load_at(address: u64) -> Run {
    Run::new(&assemble(&[LOAD_U64, TRAP], &[])).reg(2, address).reg(1, 77)
}

fn store_at(address: u64) -> Run {
    Run::new(&assemble(&[STORE_U64, TRAP], &[])).reg(2, address).reg(1, u64::MAX)
}

fn fault(page: u32, address: u32, kind: AccessKind) -> Exit {
    Exit::PageFault { address: page, access: Access { address, len_bytes: 8, kind } }
}

#[test]
fn the_low_64_kib_are_a_panic_not_a_page_fault() {
    for address in [0, 8, 0xFFF8, 0xFFFF] {
        for mut run in [load_at(address), store_at(address)] {
            assert_eq!(run.go(), Exit::Panic);
            // At the access, not at the trap behind it.
            assert_eq!((run.machine.pc, run.spent()), (0, 2));
        }
    }
    assert_eq!(load_at(0).go(), Exit::Panic);
    let mut run = load_at(0);
    run.go();
    assert_eq!(run.machine.registers[1], 77, "the register is as before");
}

#[test]
fn from_64_kib_on_it_is_a_page_fault() {
    assert_eq!(load_at(0x1_0000).go(), fault(0x1_0000, 0x1_0000, AccessKind::Load));
    assert_eq!(store_at(0x1_0FF8).go(), fault(0x1_0000, 0x1_0FF8, AccessKind::Store));
}

#[test]
fn out_of_low_memory_the_panic_wins() {
    assert_eq!(load_at(0xFFFE).read_only(0x1_0000, 1).go(), Exit::Panic);
}

#[test]
fn a_store_to_a_read_only_page_is_a_page_fault() {
    let mut run = store_at(0x2_0000).read_only(0x2_0000, 1);
    assert_eq!(run.go(), fault(0x2_0000, 0x2_0000, AccessKind::Store));
    assert_eq!(run.memory.peek(0x2_0000, 8), [0; 8]);
    // A load there is fine.
    let mut run = load_at(0x2_0000).read_only(0x2_0000, 1);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.pc), (0, 2));
}

#[test]
fn a_crossing_store_is_done_whole_or_not_at_all() {
    let crossing = 0x2_0FFC;
    let mut run = store_at(crossing).writable(0x2_0000, 1);
    assert_eq!(run.go(), fault(0x2_1000, 0x2_0FFC, AccessKind::Store));
    assert_eq!(run.memory.peek(0x2_0FFC, 4), [0; 4], "no partial store");
    let mut run = store_at(crossing).writable(0x2_0000, 1).read_only(0x2_1000, 1);
    assert_eq!(run.go(), fault(0x2_1000, 0x2_0FFC, AccessKind::Store));
    assert_eq!(run.memory.peek(0x2_0FFC, 4), [0; 4], "no partial store");
    let mut run = store_at(crossing).writable(0x2_1000, 1);
    assert_eq!(run.go(), fault(0x2_0000, 0x2_0FFC, AccessKind::Store));
    let mut run = store_at(crossing).writable(0x2_0000, 2);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.memory.peek(0x2_0FFC, 8), [0xFF; 8]);
}

#[test]
fn addresses_wrap_at_the_end_of_memory() {
    let last = 0xFFFF_FFFE;
    assert_eq!(load_at(last).go(), fault(0xFFFF_F000, 0xFFFF_FFFE, AccessKind::Load));
    // The top page is there, page 0 never is: the first missing octet is in low memory.
    let mut run = store_at(last).writable(0xFFFF_F000, 1);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.memory.peek(0xFFFF_FFFE, 2), [0, 0], "no partial store");
    // Were page 0 there, the access would go on in it.
    let mut run = store_at(last).writable(0xFFFF_F000, 1).writable(0, 1);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.machine.pc, 2);
    assert_eq!(run.memory.peek(0xFFFF_FFFE, 8), [0xFF; 8]);
}

#[test]
fn an_address_is_the_sum_modulo_2_to_the_32() {
    // r2 has high bits, and the offset is -8.
    let program = assemble(&[&[130, 0x21, 0xF8], TRAP], &[]);
    let mut run = Run::new(&program).reg(2, 0xABCD_0000_0002_0008).read_only(0x2_0000, 1);
    run.memory.poke(0x2_0000, &5u64.to_le_bytes());
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.machine.registers[1], 5);
    // A four-octet immediate of 2^31 is an address, not a negative one.
    let program = assemble(&[&[58, 1, 0, 0, 0, 0x80], TRAP], &[]);
    let mut run = Run::new(&program).read_only(0x8000_0000, 1);
    run.memory.poke(0x8000_0000, &6u64.to_le_bytes());
    run.go();
    assert_eq!(run.machine.registers[1], 6);
}

#[test]
fn every_store_and_load_reports_its_own_length() {
    let run = |instruction: &[u8]| Run::new(&assemble(&[instruction, TRAP], &[])).reg(2, 0x2_0000).go();
    let immediate = [0, 0, 2, 0];
    for (opcodes, kind) in [
        ([52u8, 54, 56, 58], AccessKind::Load),
        ([53, 55, 57, 58], AccessKind::Load),
        ([59, 60, 61, 62], AccessKind::Store),
    ] {
        for (opcode, len_bytes) in opcodes.into_iter().zip([1, 2, 4, 8]) {
            let access = Access { address: 0x2_0000, len_bytes, kind };
            let expected = Exit::PageFault { address: 0x2_0000, access };
            assert_eq!(run(&[&[opcode, 1], &immediate[..]].concat()), expected, "opcode {opcode}");
        }
    }
    for (opcodes, kind) in [
        ([124u8, 126, 128, 130], AccessKind::Load),
        ([125, 127, 129, 130], AccessKind::Load),
        ([120, 121, 122, 123], AccessKind::Store),
        ([70, 71, 72, 73], AccessKind::Store),
    ] {
        for (opcode, len_bytes) in opcodes.into_iter().zip([1, 2, 4, 8]) {
            let registers = if opcode < 120 { 0x02 } else { 0x21 };
            let access = Access { address: 0x2_0000, len_bytes, kind };
            let expected = Exit::PageFault { address: 0x2_0000, access };
            assert_eq!(run(&[opcode, registers]), expected, "opcode {opcode}");
        }
    }
    for (opcode, len_bytes) in [30u8, 31, 32, 33].into_iter().zip([1, 2, 4, 8]) {
        let access = Access { address: 0x2_0000, len_bytes, kind: AccessKind::Store };
        let expected = Exit::PageFault { address: 0x2_0000, access };
        assert_eq!(run(&[&[opcode, 4], &immediate[..], &[9]].concat()), expected, "opcode {opcode}");
    }
}

#[test]
fn store_imm_u64_stores_a_sign_extended_immediate() {
    let program = assemble(&[&[33, 3, 0, 0, 2, 0x80], TRAP], &[]);
    let mut run = Run::new(&program).writable(0x2_0000, 1);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.memory.peek(0x2_0000, 8), (-128i64).to_le_bytes());
}
