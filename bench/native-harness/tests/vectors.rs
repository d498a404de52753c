//! The published PVM vectors through compiled code, with and without optional instructions.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use javm_isa::{OpcodeTable, PAGE_SIZE_BYTES, Program};
use javm_recompiler_x86::Features;
use native_harness_for_tests::{LoadedCode, NativeExit, NativeMachine, Window, feature_sets, run_native};
use pvm_vectors::{Ended, Status, Vector, non_zero, published, say};

#[test]
fn published_vectors_pass() {
    let Some(vectors) = published().unwrap() else { return };
    let mut window = Window::new().expect("the system gives a window");
    let sets = feature_sets();
    let mut failures = Vec::new();
    for (vector, features) in vectors.iter().flat_map(|vector| sets.map(|features| (vector, features))) {
        failures.extend(vector.difference(&compiled(vector, features, &mut window)));
    }
    let passed = sets.len() * vectors.len() - failures.len();
    say(&format!("vectors: {} ran four times as machine code, {passed} passed", vectors.len()));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn compiled(vector: &Vector, features: Features, window: &mut Window) -> Ended {
    let named = |error: &dyn std::fmt::Display| -> ! { panic!("{}: {error}", vector.name) };
    let program = Program::parse(&vector.program).unwrap_or_else(|error| named(&error));
    let code = LoadedCode::new(&program, OpcodeTable::Gp07, features).unwrap_or_else(|error| named(&error));
    window.clear().unwrap_or_else(|error| named(&error));
    for (page, is_writable) in vector.initial_pages() {
        window.map(page, is_writable).unwrap_or_else(|error| named(&error));
    }
    for (address, octets) in vector.initial_octets() {
        window.poke(address, octets).unwrap_or_else(|error| named(&error));
    }
    let mut machine = NativeMachine::new(vector.initial_regs, vector.initial_pc, vector.initial_gas);
    let (status, fault_address) = match run_native(&code, &mut machine, window) {
        Ok(NativeExit::Halt) => (Status::Halt, None),
        Ok(NativeExit::Panic) => (Status::Panic, None),
        Ok(NativeExit::OutOfGas) => (Status::OutOfGas, None),
        Ok(NativeExit::PageFault { address, .. }) => (Status::PageFault, Some(address)),
        Ok(NativeExit::HostCall(_)) => (Status::HostCall, None),
        Err(error) => named(&error),
    };
    Ended {
        status,
        fault_address,
        registers: machine.registers,
        pc: machine.pc,
        gas_left: machine.gas_left,
        memory: non_zero(window.pages().map(|(page, octets)| (page * PAGE_SIZE_BYTES, octets))),
    }
}
