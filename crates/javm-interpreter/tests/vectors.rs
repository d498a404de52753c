//! The published PVM vectors: every file of the folder that `NUB_PVM_VECTORS` names, by default
//! `../shared/pvm/vectors` beside the repository.

mod common;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use common::TestMemory;
use javm_interpreter::{Code, Exit, Machine, Meter, run};
use javm_isa::{OpcodeTable, Program};
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
    let failures: Vec<String> = files.iter().filter_map(|file| check(file).err()).collect();
    say(&format!("vectors: {} ran, {} passed", files.len(), files.len() - failures.len()));
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
fn check(file: &Path) -> Result<(), String> {
    let name = file.display();
    let text = std::fs::read(file).map_err(|error| format!("{name}: {error}"))?;
    let vector: Vector = serde_json::from_slice(&text).map_err(|error| format!("{name}: {error}"))?;
    let program = Program::parse(&vector.program).map_err(|error| format!("{name}: {error}"))?;
    let code = Code::new(&program, OpcodeTable::Gp07);
    let mut memory = TestMemory::default();
    for range in &vector.initial_page_map {
        memory.map(range.address, range.length / 4096, range.is_writable);
    }
    for octets in &vector.initial_memory {
        memory.poke(octets.address, &octets.contents);
    }
    let meter = Meter { gas_left: vector.initial_gas, pages_left: 0 };
    let mut machine = Machine::new(vector.initial_regs, vector.initial_pc, meter);
    let exit = run(&code, &mut machine, &mut memory);

    let (status, fault_address) = match exit {
        Exit::Halt => ("halt", None),
        Exit::Panic => ("panic", None),
        Exit::OutOfGas => ("out-of-gas", None),
        Exit::PageFault { address, .. } => ("page-fault", Some(address)),
        Exit::HostCall(_) => ("host-call", None),
    };
    let expect =
        |what: &str, equal: bool| if equal { Ok(()) } else { Err(format!("{name}: {what} differs")) };
    expect("status", status == vector.expected_status)?;
    expect("page-fault address", fault_address == vector.expected_page_fault_address)?;
    expect("registers", machine.registers == vector.expected_regs)?;
    expect("pc", machine.pc == vector.expected_pc)?;
    expect("gas", machine.meter.gas_left == vector.expected_gas)?;
    expect("memory", non_zero(&memory) == expected_octets(&vector.expected_memory))
}

/// All octets that are not zero, by address.
fn non_zero(memory: &TestMemory) -> Vec<(u32, u8)> {
    let octets = memory.pages.iter().flat_map(|(number, page)| (number * 4096..).zip(page.octets));
    octets.filter(|&(_, octet)| octet != 0).collect()
}

fn expected_octets(ranges: &[Octets]) -> Vec<(u32, u8)> {
    let octets = ranges.iter().flat_map(|range| (range.address..).zip(range.contents.iter().copied()));
    let mut octets: Vec<(u32, u8)> = octets.filter(|&(_, octet)| octet != 0).collect();
    octets.sort();
    octets
}
