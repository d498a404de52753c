//! Gas by the block, and what each exit leaves behind.

mod common;

use common::{Run, assemble, parse};
use javm_interpreter::Exit;
use javm_isa::{Access, AccessKind};

const TRAP: &[u8] = &[0];
const FALLTHROUGH: &[u8] = &[1];
const UNLIKELY: &[u8] = &[2];
/// r1 = r1 + 1
const INCREMENT: &[u8] = &[149, 0x11, 1];

#[test]
fn a_block_is_paid_on_entry_and_gas_exactly_enough_is_enough() {
    let program = assemble(&[INCREMENT, INCREMENT, TRAP], &[]);
    let mut run = Run::new(&program).gas(3);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.pc, run.machine.meter.gas_left), (2, 6, 0));

    let mut run = Run::new(&program).gas(2);
    assert_eq!(run.go(), Exit::OutOfGas);
    assert_eq!((run.machine.registers[1], run.machine.pc, run.machine.meter.gas_left), (0, 0, 2));
    // More gas, and it goes on.
    run.machine.meter.gas_left = 3;
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.machine.registers[1], 2);
}

#[test]
fn without_gas_nothing_runs() {
    let mut run = Run::new(&assemble(&[INCREMENT, TRAP], &[])).gas(0);
    assert_eq!(run.go(), Exit::OutOfGas);
    assert_eq!(run.machine.registers[1], 0);
}

#[test]
fn out_of_gas_in_a_later_block_stops_at_its_start() {
    let program = assemble(&[INCREMENT, FALLTHROUGH, INCREMENT, TRAP], &[]);
    let mut run = Run::new(&program).gas(3);
    assert_eq!(run.go(), Exit::OutOfGas);
    assert_eq!((run.machine.registers[1], run.machine.pc, run.machine.meter.gas_left), (1, 4, 1));
    run.machine.meter.gas_left = 2;
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.meter.gas_left), (2, 0));
}

#[test]
fn out_of_gas_at_a_jump_stops_at_its_target() {
    // An endless loop: jump to itself.
    let mut run = Run::new(&assemble(&[&[40, 0]], &[])).gas(7);
    assert_eq!(run.go(), Exit::OutOfGas);
    assert_eq!((run.machine.pc, run.machine.meter.gas_left), (0, 0));
}

#[test]
fn starting_in_the_middle_of_a_block_pays_from_there() {
    let program = assemble(&[INCREMENT, INCREMENT, INCREMENT, TRAP], &[]);
    let mut run = Run::new(&program).at(6);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.spent()), (1, 2));
}

#[test]
fn code_without_a_terminator_traps_at_its_end_and_pays_for_that() {
    let mut run = Run::new(&assemble(&[INCREMENT], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.pc, run.spent()), (1, 3, 2));
    // After a terminator the implicit trap is a block of its own.
    let mut run = Run::new(&assemble(&[FALLTHROUGH], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.spent()), (1, 2));
    let mut run = Run::new(&assemble(&[FALLTHROUGH], &[])).gas(1);
    assert_eq!(run.go(), Exit::OutOfGas);
    assert_eq!(run.machine.pc, 1);
}

#[test]
fn empty_code_traps() {
    let mut run = Run::new(&assemble(&[], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.spent()), (0, 1));
}

#[test]
fn starting_where_no_instruction_is_traps() {
    let program = assemble(&[INCREMENT, TRAP], &[]);
    for pc in [1, 2, 4, 5, 1000, u32::MAX] {
        let mut run = Run::new(&program).at(pc);
        assert_eq!(run.go(), Exit::Panic);
        assert_eq!((run.machine.pc, run.spent()), (pc, 1));
        let mut run = Run::new(&program).at(pc).gas(0);
        assert_eq!(run.go(), Exit::OutOfGas);
    }
}

#[test]
fn an_undefined_opcode_traps_and_is_paid_for() {
    let mut run = Run::new(&assemble(&[INCREMENT, &[255], INCREMENT, TRAP], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.pc, run.spent()), (1, 3, 2));
}

#[test]
fn too_many_argument_octets_trap_after_the_instruction() {
    // 30 octets without a start after the first instruction, then another.
    let mut code = vec![0; 40];
    code[..3].copy_from_slice(INCREMENT);
    code[31..34].copy_from_slice(INCREMENT);
    let mut run = Run::new(&parse(&code, &[1, 0, 0, 0x80, 4], &[]));
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.pc, run.spent()), (1, 25, 2));
}

#[test]
fn unlikely_has_no_effect_and_does_not_end_a_block() {
    let mut run = Run::new(&assemble(&[INCREMENT, UNLIKELY, INCREMENT, TRAP], &[])).gas(4);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.meter.gas_left), (2, 0));
}

#[test]
fn a_host_call_stays_at_its_ecalli_and_is_not_paid_twice() {
    let program = assemble(&[INCREMENT, &[10, 7], INCREMENT, TRAP], &[]);
    let mut run = Run::new(&program);
    assert_eq!(run.go(), Exit::HostCall(7));
    assert_eq!((run.machine.registers[1], run.machine.pc, run.spent()), (1, 3, 4));
    // Not completed, it exits again and pays nothing.
    assert_eq!(run.go(), Exit::HostCall(7));
    run.machine.complete_host_call(&run.code);
    assert_eq!(run.machine.pc, 5);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.spent()), (2, 4));
}

#[test]
fn a_host_call_number_is_sign_extended_and_may_have_no_octets() {
    let number = |ecalli: &[u8]| Run::new(&assemble(&[ecalli, TRAP], &[])).go();
    assert_eq!(number(&[10, 0xFF]), Exit::HostCall(u64::MAX));
    assert_eq!(number(&[10, 0, 0, 0, 0x80]), Exit::HostCall(0xFFFF_FFFF_8000_0000));
    assert_eq!(number(&[10]), Exit::HostCall(0));
    // Of more than four octets the first four count.
    assert_eq!(number(&[10, 1, 0, 0, 0, 9]), Exit::HostCall(1));
}

#[test]
fn a_host_call_at_the_end_of_the_code_continues_into_the_trap() {
    let mut run = Run::new(&assemble(&[&[10, 7]], &[]));
    assert_eq!(run.go(), Exit::HostCall(7));
    assert_eq!(run.spent(), 2);
    run.machine.complete_host_call(&run.code);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.pc, run.spent()), (2, 2));
}

#[test]
fn a_page_fault_leaves_the_instruction_undone_and_resumes_without_paying_again() {
    // r1 += 1; store u64 r1 at r2 + 0x10; r1 += 1; trap
    let program = assemble(&[INCREMENT, &[123, 0x21, 0x10], INCREMENT, TRAP], &[]);
    let mut run = Run::new(&program).reg(2, 0x2_0000);
    let access = Access { address: 0x2_0010, len_bytes: 8, kind: AccessKind::Store };
    let fault = Exit::PageFault { address: 0x2_0000, access };
    assert_eq!(run.go(), fault);
    assert_eq!((run.machine.registers[1], run.machine.pc, run.spent()), (1, 3, 4));
    assert_eq!(run.go(), fault, "nothing was mapped");
    run.memory.map(0x2_0000, 1, true);
    // It goes on even with no gas left: all of the block is paid.
    run.machine.meter.gas_left = 0;
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!((run.machine.registers[1], run.machine.pc), (2, 9));
    assert_eq!(run.memory.peek(0x2_0010, 8), 1u64.to_le_bytes());
}

#[test]
fn the_block_after_a_resumed_one_is_paid() {
    // store u8 r1 at r2; fallthrough; trap
    let program = assemble(&[&[120, 0x21], FALLTHROUGH, TRAP], &[]);
    let mut run = Run::new(&program).reg(2, 0x2_0000);
    assert!(matches!(run.go(), Exit::PageFault { .. }));
    assert_eq!(run.spent(), 2);
    run.memory.map(0x2_0000, 1, true);
    assert_eq!(run.go(), Exit::Panic);
    assert_eq!(run.spent(), 3);
}
