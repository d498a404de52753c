//! Machine code in the guest does what the interpreter does on software-paged memory: exits, registers, gas, pages
//! and memory, at every stop. And the guest compiles to the octets that the host compiles to.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

extern crate alloc;

mod common;
#[path = "../guest/src/run_case.rs"]
mod run_case;

use common::{boot, count, number};
use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::Features;
use native_harness_for_tests::Rng;
use native_harness_for_tests::generator::{self, PAGES};
use nub::blake2b_256;
use nub::hyperlight::probe::{
    PrivilegeMap, Probe, ProbeReply, RunCase, RunEngine, RunExit, RunOutcome, RunPage,
};
use nub::hyperlight::{Privilege, Sandbox, has_hardware_virtualisation};
use nub_arch_local::LocalMemory;
use nub_state::Image;
use pvm_vectors::{Ended, NonZeroOctets, Status, Vector, non_zero, published, say};

/// Generated programs, unless the environment says how many: enough for some of every exit.
const CASES: u32 = 500;
/// Cases sent at once.
const BATCH: usize = 32;

/// What the interpreter makes of a case, on memory in software.
fn interpreted(case: &RunCase) -> RunOutcome {
    run_case::run(&mut LocalMemory::new(run_case::config(case)), case, |code, machine, space| {
        Ok(javm_interpreter::run(code, machine, space))
    })
    .unwrap()
}

fn in_guest(guest: &mut Sandbox, engine: RunEngine, cases: &[RunCase]) -> Vec<RunOutcome> {
    match guest.probe(&Probe::Run { engine, cases: cases.to_vec() }).unwrap() {
        ProbeReply::Run(outcomes) => outcomes,
        reply => panic!("{reply:?}"),
    }
}

fn agree(case: &RunCase, outcome: &RunOutcome) {
    let expected = interpreted(case);
    for (index, (step, expected)) in outcome.steps.iter().zip(&expected.steps).enumerate() {
        assert_eq!(step, expected, "run {index} of seed {}: {case:?}", case.seed);
    }
    assert_eq!(outcome, &expected, "seed {}: {case:?}", case.seed);
}

/// A generated program with memory that fills itself, charges, and gas and pages that run out.
fn generated(seed: u64) -> RunCase {
    let case = generator::case(seed);
    let mut rng = Rng::new(seed ^ 0x5eed);
    let octets = vec![(0, case.seed.to_le_bytes().to_vec()), (4088, case.seed.to_le_bytes().to_vec())];
    let page = |(page, is_writable)| RunPage { page, is_writable, octets: octets.clone() };
    let mut memory: Vec<RunPage> = case.pages.into_iter().map(page).collect();
    let pages = [(0, 0), (PAGES[1], PAGES[3]), (PAGES[2], PAGES[4]), (PAGES[4], PAGES[5])];
    let (demand_first, demand_end) = rng.pick(&pages);
    memory.retain(|page| !(demand_first..demand_end).contains(&page.page) || rng.chance(30));
    RunCase {
        program: case.blob,
        is_jam_v1: case.table == OpcodeTable::JamV1,
        registers: case.registers,
        pc: case.pc,
        gas: case.gas,
        pages_left: rng.pick(&[0, 1, 2, 100]),
        demand_first,
        demand_end,
        touch_gas: rng.pick(&[0, 3]),
        store_gas: rng.pick(&[0, 2]),
        memory,
        resumes_max: 16,
        seed,
    }
}

#[test]
fn generated_programs_run_as_interpreted() {
    let Some(mut guest) = boot() else { return };
    let cases = count("NUB_PROPTEST_HYPERLIGHT_CASES", CASES);
    let exits = agree_on_generated(&mut guest, RunEngine::MachineCode, cases);
    let figures = common::figures(&mut guest);
    println!("{cases} programs, exits {exits:?}, {figures:?}");
    assert!(cases < CASES || exits.iter().all(|&count| count > 20), "{exits:?}");
    assert!(cases < CASES || figures.demand_zero_faults > 20 && figures.copy_on_write_faults > 20);
}

/// As on hardware, on whatever machine this is.
#[test]
fn generated_programs_run_as_interpreted_with_r0_in_rsp() {
    let Some(mut guest) = boot() else { return };
    agree_on_generated(
        &mut guest,
        RunEngine::MachineCodeOfFreeRsp,
        count("NUB_PROPTEST_HYPERLIGHT_CASES", CASES) / 2,
    );
}

/// How often each kind of exit came.
fn agree_on_generated(guest: &mut Sandbox, engine: RunEngine, cases: u32) -> [u64; 5] {
    let first = std::env::var("NUB_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1u64);
    let cases: Vec<RunCase> = (first..first + u64::from(cases)).map(generated).collect();
    agree_on(guest, engine, &cases)
}

/// Every load and store from every register, whose upper half makes it no canonical address of the machine.
#[test]
fn the_upper_half_of_an_address_counts_for_nothing() {
    let Some(mut guest) = boot() else { return };
    // store_imm_ind, store_ind, load_ind.
    let opcodes = (70..=73).chain(120..=130);
    let bases = (0..13u8).flat_map(|base| opcodes.clone().map(move |opcode| (base, opcode)));
    let upper_halves = [0x7654_3210, 0x8000_0001];
    let cases = bases.flat_map(|(base, opcode)| upper_halves.map(|upper| (upper, base, opcode)));
    let cases: Vec<RunCase> = cases
        .flat_map(|access| PageIs::ALL.map(|page| at_an_address_above(access, page)))
        .step_by(if is_ring_0_slow() { 47 } else { 1 })
        .collect();
    for engine in [RunEngine::MachineCode, RunEngine::MachineCodeOfFreeRsp] {
        let exits = agree_on(&mut guest, engine, &cases);
        let [_, ends, _, page_faults, _] = exits;
        println!("{ends} programs came to their end, {page_faults} page faults");
        assert!(ends > page_faults && page_faults > 0, "{exits:?}");
    }
}

/// How often each kind of exit came.
fn agree_on(guest: &mut Sandbox, engine: RunEngine, cases: &[RunCase]) -> [u64; 5] {
    let mut exits = [0; 5];
    for batch in cases.chunks(BATCH) {
        for (case, outcome) in batch.iter().zip(in_guest(guest, engine, batch)) {
            agree(case, &outcome);
            outcome.steps.iter().filter_map(|step| kind(step.exit)).for_each(|kind| exits[kind] += 1);
        }
    }
    exits
}

/// What an access finds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PageIs {
    Writable,
    ReadOnly,
    DemandZero,
    Absent,
}

impl PageIs {
    const ALL: [PageIs; 4] = [PageIs::Writable, PageIs::ReadOnly, PageIs::DemandZero, PageIs::Absent];
}

/// An access at the base and 8 octets; the second instruction makes another, of whatever is there now.
fn at_an_address_above((upper, base, opcode): (u64, u8, u8), page: PageIs) -> RunCase {
    const STORE_IND_U64: u8 = 123;
    const LOAD_IND_U64: u8 = 130;
    let value = (base + 1) % 13;
    let access = |opcode: u8| match opcode {
        70..=73 => [opcode, 0x10 | base, 8, 7],
        _ => [opcode, value << 4 | base, 8, 0],
    };
    let second = if opcode >= 124 { STORE_IND_U64 } else { LOAD_IND_U64 };
    let code = [access(opcode), access(second)].concat();
    let blob = [&[0, 0, code.len() as u8 + 1][..], &code, &[0, 0b0001_0001, 1]].concat();
    let mut registers = std::array::from_fn(|index| 0x1111_1111_1111_1111 * index as u64);
    registers[usize::from(base)] = upper << 32 | u64::from(PAGES[0]) << 12 | 0x40;
    RunCase {
        program: blob,
        is_jam_v1: false,
        registers,
        pc: 0,
        gas: 100,
        pages_left: 10,
        demand_first: PAGES[0],
        demand_end: PAGES[0] + u32::from(page == PageIs::DemandZero),
        touch_gas: 1,
        store_gas: 1,
        memory: match page {
            PageIs::DemandZero | PageIs::Absent => vec![],
            _ => {
                let octets = vec![(64, (1..=64).collect())];
                vec![RunPage { page: PAGES[0], is_writable: page == PageIs::Writable, octets }]
            }
        },
        resumes_max: 4,
        seed: u64::from(base) << 8 | u64::from(opcode),
    }
}

fn kind(exit: RunExit) -> Option<usize> {
    Some(match exit {
        RunExit::Halt => 0,
        RunExit::Panic => 1,
        RunExit::OutOfGas => 2,
        RunExit::PageFault(_) => 3,
        RunExit::HostCall(_) => 4,
        RunExit::Abort => return None,
    })
}

#[test]
fn the_interpreter_in_the_guest_runs_the_same() {
    let Some(mut guest) = boot() else { return };
    let cases: Vec<RunCase> = (1..=32).map(generated).collect();
    for (case, outcome) in cases.iter().zip(in_guest(&mut guest, RunEngine::Interpreter, &cases)) {
        agree(case, &outcome);
    }
}

#[test]
fn guest_and_host_compile_to_the_same_octets() {
    let Some(mut guest) = boot() else { return };
    let mut seeds: Vec<u64> = (1..=count("NUB_PROPTEST_HYPERLIGHT_CASES", 40).min(40).into()).collect();
    seeds.push(1); // again
    for seed in seeds {
        let case = generator::case(seed);
        let set = [(0, Features::BASELINE), (63, Features::ALL)][seed as usize % 2];
        assert_eq!(
            compiled_in_guest(&mut guest, &case.blob, case.table, set.0),
            compiled_here(&case.program, case.table, set.1),
            "seed {seed}"
        );
    }
}

#[test]
fn a_contract_compiles_to_the_same_octets_every_time() {
    let Some(mut guest) = boot() else { return };
    let image = Image::from_bytes(include_bytes!("../contracts/token/token.image")).unwrap();
    let program = Program::parse(&image.program).unwrap();
    let expected = compiled_here(&program, OpcodeTable::JamV1, Features::BASELINE);
    let times = if is_ring_0_slow() { 1 } else { 100 };
    for _ in 0..times {
        let found = compiled_in_guest(&mut guest, &image.program, OpcodeTable::JamV1, 0);
        assert_eq!(found, expected);
    }
}

/// Whether the kernel runs where KVM emulates it.
fn is_ring_0_slow() -> bool {
    Privilege::Auto.resolve().unwrap() != PrivilegeMap::Kernel3Programs3 && !has_hardware_virtualisation()
}

fn compiled_in_guest(guest: &mut Sandbox, program: &[u8], table: OpcodeTable, features: u32) -> Vec<u8> {
    let is_jam_v1 = table == OpcodeTable::JamV1;
    match guest.probe(&Probe::Compile { program: program.to_vec(), is_jam_v1, features }).unwrap() {
        ProbeReply::Bytes(hash) => hash,
        reply => panic!("{reply:?}"),
    }
}

fn compiled_here(program: &Program, table: OpcodeTable, features: Features) -> Vec<u8> {
    let compiled = javm_recompiler_x86::compile(program, table, features).unwrap();
    let mut bytes = compiled.code().to_vec();
    compiled.jump_table().iter().for_each(|position| bytes.extend(position.to_le_bytes()));
    blake2b_256(&bytes).0.to_vec()
}

#[test]
fn features_are_some_that_the_processor_names() {
    let Some(mut guest) = boot() else { return };
    let features = number(&mut guest, &Probe::Features);
    assert_eq!(features, number(&mut guest, &Probe::Features));
    println!("optional instructions: {features:#b}");
    let names = ["popcnt", "lzcnt", "tzcnt", "bmi1", "bmi2", "free_rsp"];
    let is_found =
        |name: &str| names.iter().zip(0..).any(|(&other, bit)| other == name && features >> bit & 1 == 1);
    assert!(features >> names.len() == 0);
    // An emulator would take these for others, and it runs whatever runs while rsp holds any number.
    let has_hardware = has_hardware_virtualisation();
    assert!(has_hardware || !is_found("lzcnt") && !is_found("tzcnt"));
    assert_eq!(is_found("free_rsp"), has_hardware);
    // The tries themselves are right: what the host's processor has is found where programs run on it.
    let is_native = has_hardware || Privilege::Auto.resolve().unwrap() != PrivilegeMap::Kernel0Programs0;
    assert_eq!(is_found("popcnt"), is_native && std::is_x86_feature_detected!("popcnt"));
    assert_eq!(is_found("bmi1"), is_native && std::is_x86_feature_detected!("bmi1"));
    assert_eq!(is_found("bmi2"), is_native && std::is_x86_feature_detected!("bmi2"));
    assert_eq!(is_found("lzcnt"), has_hardware && std::is_x86_feature_detected!("lzcnt"));
    assert_eq!(is_found("tzcnt"), has_hardware && std::is_x86_feature_detected!("bmi1"));
}

#[test]
fn published_vectors_pass() {
    let Some(vectors) = published().unwrap() else { return };
    let Some(mut guest) = boot() else { return };
    let cases: Vec<RunCase> = vectors.iter().map(case_of).collect();
    let outcomes = cases.chunks(BATCH).flat_map(|batch| in_guest(&mut guest, RunEngine::MachineCode, batch));
    let mut failures = Vec::new();
    for (vector, (case, outcome)) in vectors.iter().zip(cases.iter().zip(outcomes)) {
        agree(case, &outcome);
        failures.extend(vector.difference(&ended(case, &outcome)));
    }
    say(&format!("vectors: {} ran as machine code in the guest", vectors.len()));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn case_of(vector: &Vector) -> RunCase {
    let octets_in = |page: u32| {
        let octets = vector.initial_octets().filter(move |(address, _)| address / 4096 == page);
        octets.map(|(address, octets)| ((address % 4096) as u16, octets.to_vec())).collect()
    };
    RunCase {
        program: vector.program.clone(),
        is_jam_v1: false,
        registers: vector.initial_regs,
        pc: vector.initial_pc,
        gas: vector.initial_gas,
        pages_left: 0,
        demand_first: 0,
        demand_end: 0,
        touch_gas: 0,
        store_gas: 0,
        memory: vector
            .initial_pages()
            .map(|(page, is_writable)| RunPage { page, is_writable, octets: octets_in(page) })
            .collect(),
        resumes_max: 0,
        seed: 0,
    }
}

/// The end of a case of a single run.
fn ended(case: &RunCase, outcome: &RunOutcome) -> Ended {
    let [step] = &outcome.steps[..] else { panic!("{outcome:?}") };
    let (status, fault_address) = match step.exit {
        RunExit::Halt => (Status::Halt, None),
        RunExit::Panic => (Status::Panic, None),
        RunExit::OutOfGas => (Status::OutOfGas, None),
        RunExit::PageFault(address) => (Status::PageFault, Some(address)),
        RunExit::HostCall(_) => (Status::HostCall, None),
        RunExit::Abort => panic!("the guest gave up on {case:?}"),
    };
    Ended {
        status,
        fault_address,
        registers: step.registers,
        pc: step.pc,
        gas_left: step.gas_left,
        memory: memory_after(case, outcome),
    }
}

/// What the case put into pages that it did not store to, and what it stored.
fn memory_after(case: &RunCase, outcome: &RunOutcome) -> NonZeroOctets {
    let is_stored = |page: &&RunPage| outcome.stored.iter().any(|(number, _)| *number == page.page);
    let kept = case.memory.iter().filter(|page| !is_stored(page)).flat_map(|page| {
        let octets = page.octets.iter();
        octets.map(|(offset, octets)| (page.page * 4096 + u32::from(*offset), &octets[..]))
    });
    let stored = outcome.stored.iter().map(|(page, octets)| (page * 4096, &octets[..]));
    non_zero(kept.chain(stored))
}
