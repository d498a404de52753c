//! Runs, from their start to their exit.

use crate::{Code, Exit, Machine, Memory, step::Run};

/// Runs `machine` until it exits. `code` must be the same for all of a machine's runs.
///
/// Gas is charged by the block, as `javm_isa::GasBlocks` says; what memory takes comes on top.
/// `sbrk`, which only the older opcode table has, panics: nothing defines what it does without a heap
/// that grows.
// Into the loop that answers host calls: that saves a quarter of what a host call takes.
#[inline(always)]
pub fn run<M: Memory>(code: &Code, machine: &mut Machine, memory: &mut M) -> Exit {
    let Some(start) = code.record_near(machine.pc, machine.record) else { return trap_nowhere(machine) };
    if !machine.block_charged {
        let Some(record) = code.records.get(start as usize) else { return Exit::Panic };
        if !machine.meter.pay(record.gas) {
            return Exit::OutOfGas;
        }
    }
    let (exit, at) = Run::go(code, start as usize, machine, memory);
    (machine.record, machine.pc) = (at as u32, code.position(at as u32).unwrap_or(machine.pc));
    machine.block_charged = exit != Exit::OutOfGas;
    exit
}

/// Runs at a position that has no record: no instruction starts there, which is a trap.
#[cold]
fn trap_nowhere(machine: &mut Machine) -> Exit {
    if !machine.block_charged {
        let Some(gas_left) = machine.meter.gas_left.checked_sub(1) else { return Exit::OutOfGas };
        machine.meter.gas_left = gas_left;
        machine.block_charged = true;
    }
    Exit::Panic
}
