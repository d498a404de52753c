//! Runs a [`RunCase`] on any address space and engine. Tests run the same file on another platform and compare.

use alloc::sync::Arc;
use alloc::vec::Vec;
use javm_interpreter::{Code, Exit, Machine, Meter};
use javm_isa::{Access, AccessKind, BlobError, OpcodeTable, PAGE_SIZE_BYTES, Program};
use nub_abi::error::Abort;
use nub_abi::run_case::{RunCase, RunExit, RunOutcome, RunPage, RunStep};
use nub_kernel::arch::{AddressSpace, PageState, SpaceConfig};
use nub_state::Page;

/// What the case's address space is made with.
pub fn config(case: &RunCase) -> SpaceConfig {
    SpaceConfig {
        demand_zero: case.demand_first..case.demand_end,
        arguments: 0..0,
        touch_gas: case.touch_gas,
        store_gas: case.store_gas,
    }
}

/// The case's opcode table.
pub fn table(case: &RunCase) -> OpcodeTable {
    if case.is_jam_v1 { OpcodeTable::JamV1 } else { OpcodeTable::Gp07 }
}

/// Runs the case on a fresh address space; `enter` is the engine.
pub fn run<M: AddressSpace>(
    space: &mut M,
    case: &RunCase,
    mut enter: impl FnMut(&Code, &mut Machine, &mut M) -> Result<Exit, Abort>,
) -> Result<RunOutcome, BlobError> {
    let code = Code::new(&Program::parse(&case.program)?, table(case));
    let mut outcome = RunOutcome { steps: Vec::new(), stored: Vec::new() };
    let mut numbers = Numbers(case.seed);
    let meter = Meter { gas_left: case.gas, pages_left: case.pages_left };
    let mut machine = Machine::new(case.registers, case.pc, meter);
    let is_mapped = case.memory.iter().all(|page| map(space, page).is_ok());
    for _ in 0..=case.resumes_max {
        let exit = if is_mapped { enter(&code, &mut machine, space) } else { Err(Abort::OutOfFrames) };
        outcome.steps.push(step(&exit, &machine));
        let Ok(exit) = exit else { return Ok(outcome) };
        if !go_on(exit, &code, &mut machine, space, &mut numbers) {
            break;
        }
    }
    let stored = space.take_private(0..u32::MAX / PAGE_SIZE_BYTES + 1);
    outcome.stored = stored.iter().map(|(page, content)| (*page, trimmed(content))).collect();
    Ok(outcome)
}

fn map<M: AddressSpace>(space: &mut M, page: &RunPage) -> Result<(), Abort> {
    let mut content = Page::zeroed();
    for (offset, octets) in &page.octets {
        let start = usize::from(*offset).min(content.bytes().len());
        let room = &mut content.bytes_mut()[start..];
        let len = octets.len().min(room.len());
        room[..len].copy_from_slice(&octets[..len]);
    }
    match page.is_writable {
        true => space.map_copy_on_write(page.page, Some(Arc::new(content))),
        false => space.map_read_only(page.page, Arc::new(content)),
    }
}

fn step(exit: &Result<Exit, Abort>, machine: &Machine) -> RunStep {
    RunStep {
        exit: match *exit {
            Ok(Exit::Halt) => RunExit::Halt,
            Ok(Exit::Panic) => RunExit::Panic,
            Ok(Exit::OutOfGas) => RunExit::OutOfGas,
            Ok(Exit::PageFault { address, .. }) => RunExit::PageFault(address),
            Ok(Exit::HostCall(number)) => RunExit::HostCall(number),
            Err(_) => RunExit::Abort,
        },
        registers: machine.registers,
        pc: machine.pc,
        gas_left: machine.meter.gas_left,
        pages_left: machine.meter.pages_left,
    }
}

/// Gives the machine what it lacks, or something else. False: it has stopped for good.
fn go_on<M: AddressSpace>(
    exit: Exit,
    code: &Code,
    machine: &mut Machine,
    space: &mut M,
    numbers: &mut Numbers,
) -> bool {
    match exit {
        Exit::HostCall(_) => {
            machine.complete_host_call(code);
            machine.registers[7] = numbers.next();
            true
        }
        Exit::OutOfGas => {
            machine.meter.gas_left += [0, 1, 3, 50, 200][numbers.next() as usize % 5];
            true
        }
        Exit::PageFault { access, .. } => resolve(access, machine, space, numbers),
        Exit::Halt | Exit::Panic => {
            // Elsewhere, with what there is.
            *machine = Machine::new(machine.registers, numbers.next() as u32 % 64, machine.meter);
            numbers.next().is_multiple_of(2)
        }
    }
}

/// Maps what the access lacks, charging nothing; now and then nothing, and it faults again.
fn resolve<M: AddressSpace>(
    access: Access,
    machine: &mut Machine,
    space: &mut M,
    numbers: &mut Numbers,
) -> bool {
    machine.meter.gas_left += 10;
    machine.meter.pages_left += 1;
    if numbers.next().is_multiple_of(8) {
        return true;
    }
    let last = access.address.wrapping_add(access.len_bytes - 1);
    for page in [access.address, last].map(|address| address / PAGE_SIZE_BYTES) {
        if page < 16 {
            return false;
        }
        let is_done = match (space.page_state(page), access.kind) {
            (PageState::Unmapped, AccessKind::Load) if numbers.next().is_multiple_of(2) => {
                space.map_read_only(page, Arc::new(Page::zeroed())).is_ok()
            }
            (PageState::Unmapped, _) => space.map_copy_on_write(page, None).is_ok(),
            (PageState::CopyOnWrite, AccessKind::Store) => space.make_private(page).is_ok(),
            (PageState::ReadOnly, AccessKind::Store) => false,
            _ => true,
        };
        if !is_done {
            return false;
        }
    }
    true
}

fn trimmed(content: &Page) -> Vec<u8> {
    let bytes = content.bytes();
    let len = bytes.iter().rposition(|&octet| octet != 0).map_or(0, |last| last + 1);
    bytes[..len].to_vec()
}

/// Numbers that look random (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
