//! The published PVM vectors through the interpreter.

mod common;

use common::TestMemory;
use javm_interpreter::{Code, Exit, Machine, Meter, run};
use javm_isa::{OpcodeTable, PAGE_SIZE_BYTES, Program};
use pvm_vectors::{Ended, Status, Vector, non_zero, published, say};

#[test]
fn published_vectors_pass() {
    let Some(vectors) = published().unwrap() else { return };
    let failures: Vec<String> =
        vectors.iter().filter_map(|vector| vector.difference(&interpreted(vector))).collect();
    say(&format!("vectors: {} ran, {} passed", vectors.len(), vectors.len() - failures.len()));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn interpreted(vector: &Vector) -> Ended {
    let program = Program::parse(&vector.program).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
    let code = Code::new(&program, OpcodeTable::Gp07);
    let mut memory = TestMemory::default();
    for (page, is_writable) in vector.initial_pages() {
        memory.map(page * PAGE_SIZE_BYTES, 1, is_writable);
    }
    for (address, octets) in vector.initial_octets() {
        memory.poke(address, octets);
    }
    let meter = Meter { gas_left: vector.initial_gas, pages_left: 0 };
    let mut machine = Machine::new(vector.initial_regs, vector.initial_pc, meter);
    let (status, fault_address) = match run(&code, &mut machine, &mut memory) {
        Exit::Halt => (Status::Halt, None),
        Exit::Panic => (Status::Panic, None),
        Exit::OutOfGas => (Status::OutOfGas, None),
        Exit::PageFault { address, .. } => (Status::PageFault, Some(address)),
        Exit::HostCall(_) => (Status::HostCall, None),
    };
    let pages = memory.pages.iter().map(|(page, content)| (page * PAGE_SIZE_BYTES, &content.octets[..]));
    Ended {
        status,
        fault_address,
        registers: machine.registers,
        pc: machine.pc,
        gas_left: machine.meter.gas_left,
        memory: non_zero(pages),
    }
}
