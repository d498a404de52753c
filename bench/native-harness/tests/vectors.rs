//! The published PVM vectors through compiled code: every file of the folder that `NUB_PVM_VECTORS` names,
//! by default `../shared/pvm/vectors` beside the repository. With and without optional instructions.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::Features;
use native_harness_for_tests::{LoadedCode, NativeExit, NativeMachine, Window, host_features, run_native};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Vector {
    initial_regs: [u64; 13],
    initial_pc: u32,
    initial_page_map: Vec<PageMap>,
    initial_memory: Vec<Octets>,
    initial_gas: u64,
    program: Vec<u8>,
    expected_status: String,
    expected_regs: [u64; 13],
    expected_pc: u32,
    expected_memory: Vec<Octets>,
    expected_gas: u64,
    expected_page_fault_address: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PageMap {
    address: u32,
    length: u32,
    is_writable: bool,
}

#[derive(Deserialize)]
struct Octets {
    address: u32,
    contents: Vec<u8>,
}

#[test]
fn published_vectors_pass() {
    let named = std::env::var_os("NUB_PVM_VECTORS").filter(|name| !name.is_empty()).map(PathBuf::from);
    let folder = named
        .clone()
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pvm/vectors"));
    if named.is_none() && !folder.is_dir() {
        say(&format!("SKIPPED: no PVM vectors at {}", folder.display()));
        return;
    }
    let files = vector_files(&folder);
    assert!(!files.is_empty(), "no PVM vectors (*.json) in {}", folder.display());
    let mut window = Window::new().expect("the system gives a window");
    let sets = [Features::BASELINE, host_features()];
    let mut failures = Vec::new();
    for (file, features) in files.iter().flat_map(|file| sets.map(|features| (file, features))) {
        failures.extend(check(file, features, &mut window).err());
    }
    let passed = 2 * files.len() - failures.len();
    say(&format!("vectors: {} ran twice as machine code, {passed} passed", files.len()));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Prints a line that the test harness does not capture.
fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("stdout can be written");
}

fn vector_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// Runs one vector; says what differs.
fn check(file: &Path, features: Features, window: &mut Window) -> Result<(), String> {
    let name = file.display();
    let explain = |error: &dyn std::fmt::Display| format!("{name}: {error}");
    let text = std::fs::read(file).map_err(|error| explain(&error))?;
    let vector: Vector = serde_json::from_slice(&text).map_err(|error| explain(&error))?;
    let program = Program::parse(&vector.program).map_err(|error| explain(&error))?;
    let code = LoadedCode::new(&program, OpcodeTable::Gp07, features).map_err(|error| explain(&error))?;
    fill(window, &vector).map_err(|error| explain(&error))?;
    let mut machine = NativeMachine::new(vector.initial_regs, vector.initial_pc, vector.initial_gas);
    let exit = run_native(&code, &mut machine, window).map_err(|error| explain(&error))?;

    let (status, fault_address) = match exit {
        NativeExit::Halt => ("halt", None),
        NativeExit::Panic => ("panic", None),
        NativeExit::OutOfGas => ("out-of-gas", None),
        NativeExit::PageFault { address, .. } => ("page-fault", Some(address)),
        NativeExit::HostCall(_) => ("host-call", None),
    };
    let expect =
        |what: &str, equal: bool| if equal { Ok(()) } else { Err(format!("{name}: {what} differs")) };
    expect("status", status == vector.expected_status)?;
    expect("page-fault address", fault_address == vector.expected_page_fault_address)?;
    expect("registers", machine.registers == vector.expected_regs)?;
    expect("pc", machine.pc == vector.expected_pc)?;
    expect("gas", machine.gas_left == vector.expected_gas)?;
    expect("memory", non_zero(window) == expected_octets(&vector.expected_memory))
}

fn fill(window: &mut Window, vector: &Vector) -> Result<(), native_harness_for_tests::HarnessError> {
    window.clear()?;
    for range in &vector.initial_page_map {
        for page in 0..range.length / 4096 {
            window.map(range.address / 4096 + page, range.is_writable)?;
        }
    }
    vector.initial_memory.iter().try_for_each(|octets| window.poke(octets.address, &octets.contents))
}

/// All octets that are not zero, by address.
fn non_zero(window: &Window) -> BTreeMap<u32, u8> {
    let octets = window.pages().flat_map(|(page, octets)| (page * 4096..).zip(octets.iter().copied()));
    octets.filter(|&(_, octet)| octet != 0).collect()
}

fn expected_octets(ranges: &[Octets]) -> BTreeMap<u32, u8> {
    let octets = ranges.iter().flat_map(|range| (range.address..).zip(range.contents.iter().copied()));
    octets.filter(|&(_, octet)| octet != 0).collect()
}
