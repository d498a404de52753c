//! Programs as machine code: made, loaded, entered.

use crate::code_memory::CodeMemory;
use crate::control::{control, with_control};
use crate::native_run::{NativeTrap, Resume};
use crate::single::Single;
use crate::space::HyperlightMemory;
use crate::trap::PAGE_FAULT;
use crate::{frames, isolation, native_entry};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use javm_interpreter::{Exit, Machine, Meter};
use javm_isa::{OpcodeTable, Program, REGISTER_COUNT};
use javm_recompiler_x86::{self as recompiler, CompiledCode, Context, Features, RegisterMap};
use nub_abi::Hash;
use nub_abi::error::Abort;
use nub_kernel::arch::NativeCode;

/// Octets of machine code for each octet of a program's code, beyond which the program is interpreted. Compilers'
/// programs take about 3.
const EXPANSION_MAX: usize = 8;
/// Room for what does not depend on a program's length.
const SLACK_BYTES: usize = 64 << 10;

/// What the next program runs in place of its code: for tests of what contains programs, which want the very image
/// that is shipped. `None` for good but where the host said so at boot.
static PLANTED: Single<Option<Vec<u8>>> = Single::new(None);

/// Has the next program that is compiled run these octets. False, and nothing is done, if the host did not allow
/// that at boot, or programs are not isolated.
pub fn plant(code: Vec<u8>) -> bool {
    let is_allowed = with_control(|control| control.may_plant_code && control.isolates_programs);
    if is_allowed {
        PLANTED.with(|planted| *planted = Some(code));
    }
    is_allowed
}

/// A program as machine code.
pub struct NativeProgram {
    program: Arc<Program>,
    table: OpcodeTable,
    compiled: CompiledCode,
    memory: CodeMemory,
}

impl NativeProgram {
    /// Makes and loads machine code. `None` if there is no memory for it, or the program is beyond the compiler.
    pub fn new(
        program: &Arc<Program>,
        table: OpcodeTable,
        features: Features,
        memory_bytes_max: u64,
    ) -> Option<Self> {
        let mut compiled = compile(program, table, features, memory_bytes_max)?;
        let made = compiled.take_code();
        let code = PLANTED.with(Option::take).unwrap_or(made);
        let memory = CodeMemory::load(&code, compiled.jump_table())?;
        Some(Self { program: program.clone(), table, compiled, memory })
    }

    /// Runs a machine to its next exit.
    pub fn enter(&self, machine: &mut Machine, space: &mut HyperlightMemory) -> Result<Exit, Abort> {
        let window = space.window_index();
        let context = space.context()?;
        let code = self.memory.code();
        let gas_limit = machine.meter.gas_left;
        // SAFETY: the page is mapped, the context fills its end, and nothing else refers to it while no code
        // runs.
        let state = unsafe { &mut *context };
        copy_registers(&machine.registers, &mut state.registers);
        state.pc = machine.pc;
        state.gas = gas_limit;
        // Whoever leaves says how.
        state.exit_kind = u64::MAX;
        state.jump_table = self.memory.jump_table();
        state.exit_pointers = [native_entry::exit_pointer(); _];
        match space.take_resume() {
            // After a host call: all is paid for, and the code said where it goes on.
            Some(resume) if resume.is_for(machine, code.start) => state.resume = resume.address,
            _ => {
                if let Err(exit) = self.compiled.enter(state, code.start, machine.is_block_charged()) {
                    machine.meter.gas_left = state.gas;
                    machine.stop_at(machine.pc, exit != recompiler::Exit::OutOfGas);
                    return Ok(plain(exit));
                }
            }
        }
        isolation::open(window, self.memory.units());
        let map = self.compiled.register_map();
        loop {
            let entry = Entry { window, code: code.clone(), start: code.start, map, is_contained: false };
            // SAFETY: 1. as above, and `state` is not used until the run is over. 2. This program holds the code, and
            // it was opened; it begins with its first octet. 3. The compiler made it, but for what `plant` lets in
            // where programs are isolated.
            let trap = unsafe { run(context, entry, &mut machine.meter.pages_left) };
            // SAFETY: as above; the run is over.
            let state = unsafe { &mut *context };
            match trap {
                None => return self.leave(state, machine, space, gas_limit),
                Some(trap) => {
                    let exit = self.trapped(trap, state, machine, space, gas_limit)?;
                    if let Some(exit) = exit {
                        return Ok(exit);
                    }
                }
            }
        }
    }

    /// What an exit of the code comes to.
    fn leave(
        &self,
        state: &mut Context,
        machine: &mut Machine,
        space: &mut HyperlightMemory,
        gas_limit: u64,
    ) -> Result<Exit, Abort> {
        let exit = self.compiled.leave(state).map_err(|error| broken(error.to_string()))?;
        check_gas(state.gas, gas_limit)?;
        if let recompiler::Exit::HostCall(_) = exit {
            let pc = self.program.next_position(state.pc);
            space.note_resume(Resume { pc, code_start: self.memory.code().start, address: state.resume });
        }
        copy_registers(&state.registers, &mut machine.registers);
        machine.meter.gas_left = state.gas;
        machine.stop_at(state.pc, exit != recompiler::Exit::OutOfGas);
        Ok(plain(exit))
    }

    /// What a trap comes to; `None` if the code can go on.
    fn trapped(
        &self,
        trap: NativeTrap,
        state: &mut Context,
        machine: &mut Machine,
        space: &mut HyperlightMemory,
        gas_limit: u64,
    ) -> Result<Option<Exit>, Abort> {
        let code = self.memory.code();
        let pc = self.fault_pc(&trap, code.start).ok_or_else(|| broken(describe(&trap)))?;
        let position = self.compiled.position(pc).ok_or_else(|| broken(describe(&trap)))?;
        let access = self.program.instruction_at(pc, self.table).access(&state.registers);
        // The processor says where; the instruction must agree, down to the page.
        let is_its_page = |access: &javm_isa::Access| {
            let first = space.window_base() + u64::from(access.address);
            let pages = first >> 12..=(first + u64::from(access.len_bytes - 1)) >> 12;
            pages.contains(&(trap.address >> 12))
        };
        let access = access.filter(is_its_page).ok_or_else(|| broken(describe(&trap)))?;
        check_gas(state.gas, gas_limit)?;
        let mut meter = Meter { gas_left: state.gas, pages_left: machine.meter.pages_left };
        if space.fill(access, &mut meter) {
            (state.gas, machine.meter.pages_left) = (meter.gas_left, meter.pages_left);
            state.pc = pc;
            state.resume = code.start + u64::from(position.offset);
            return Ok(None);
        }
        machine.registers = state.registers;
        machine.meter.gas_left = state.gas;
        machine.stop_at(pc, true);
        Ok(Some(Exit::refused(access, space)))
    }

    fn fault_pc(&self, trap: &NativeTrap, code_start: u64) -> Option<u32> {
        if trap.vector != PAGE_FAULT {
            return None;
        }
        let offset = u32::try_from(trap.rip.checked_sub(code_start)?).ok()?;
        self.compiled.fault_pc(offset)
    }
}

impl NativeCode for NativeProgram {
    fn code_bytes(&self) -> u64 {
        let code = self.memory.code();
        code.end - code.start
    }

    fn memory_bytes(&self) -> u64 {
        self.memory.memory_bytes() + self.compiled.memory_len_bytes() as u64
    }
}

/// The hash of what the compiler makes of a program.
pub fn code_hash(program: &Program, table: OpcodeTable, features: Features) -> Option<Hash> {
    let compiled = compile(program, table, features, u64::MAX)?;
    let mut bytes = compiled.code().to_vec();
    compiled.jump_table().iter().for_each(|position| bytes.extend(position.to_le_bytes()));
    Some(nub_abi::blake2b_256(&bytes))
}

/// Compiles, if there surely is memory to do it: the compiler's collections must not find that there is none.
fn compile(
    program: &Program,
    table: OpcodeTable,
    features: Features,
    memory_bytes_max: u64,
) -> Option<CompiledCode> {
    if !with_control(|control| control.has_segments) {
        return None;
    }
    let code_bytes = program.code().len();
    let code_bytes_max = EXPANSION_MAX * code_bytes + SLACK_BYTES;
    let code_bytes_max = code_bytes_max.min(usize::try_from(memory_bytes_max).unwrap_or(usize::MAX));
    // What `compile_within` says of itself, every octet of code an instruction, and the jump table.
    let entries = usize::try_from(program.jump_table_entry_count()).ok()?;
    let tables = code_bytes.checked_mul(9 + 32)?.checked_add(entries.checked_mul(4)?)?;
    let needed = tables.checked_add(3 * code_bytes_max)?.checked_add(SLACK_BYTES)?;
    if needed as u64 > frames::free_bytes() {
        return None;
    }
    recompiler::compile_within(program, table, features, code_bytes_max).ok()
}

/// What is to run.
pub struct Entry {
    /// The index of its window.
    pub window: usize,
    /// All of its code.
    pub code: Range<u64>,
    /// Where it begins.
    pub start: u64,
    /// Where it keeps registers and gas.
    pub map: RegisterMap,
    /// Whether any trap ends the run, and not the guest.
    pub is_contained: bool,
}

/// Runs code, whose context is ready. `None`: it left by an exit. Else the trap that ended it.
///
/// # Safety
/// 1. `context` is that of the window, mapped and filled; no reference to it or to a page of the window is alive.
/// 2. The code is all of a [`CodeMemory`] that stays loaded, [`isolation::open`] opened it together with the window, and
///    it begins within it.
/// 3. The code reaches nothing but the window, the context and itself, and comes back by the context's exit
///    pointers; or programs are isolated, and it cannot do otherwise.
pub unsafe fn run(context: *mut Context, entry: Entry, pages_left: &mut u32) -> Option<NativeTrap> {
    let Entry { window, code, start, map, is_contained } = entry;
    // SAFETY: the control block is mapped, and these words of it have no reference: nothing is at work on it.
    let run = unsafe { &raw mut (*control()).native };
    // SAFETY: 1. as above, and while code runs only its traps look at the words. 2. For the way in and back the
    // conditions are this function's; what runs is said just before.
    unsafe {
        ((*run).code_start, (*run).code_end) = (code.start, code.end);
        ((*run).window, (*run).pages_left) = (window, *pages_left);
        ((*run).map, (*run).is_contained, (*run).is_trapped) = (map, is_contained, false);
        native_entry::native_enter(context.add(1) as u64, start);
        *pages_left = (*run).pages_left;
        ((*run).code_start, (*run).code_end) = (0, 0);
        if (*run).is_trapped { Some((*run).trap) } else { None }
    }
}

/// Copies registers one by one: they were written one by one, and a processor does not forward that to a wide load, nor
/// is there a vector register here. An instruction for all of them takes several times as long to begin.
fn copy_registers(from: &[u64; REGISTER_COUNT], to: &mut [u64; REGISTER_COUNT]) {
    for (from, to) in from.iter().zip(to) {
        // SAFETY: a reference may be read; volatile, so that the copies stay apart.
        *to = unsafe { core::ptr::read_volatile(from) };
    }
}

/// Code has no way to gas: what it has left can only have become less.
fn check_gas(gas_left: u64, gas_limit: u64) -> Result<(), Abort> {
    match gas_left <= gas_limit {
        true => Ok(()),
        false => Err(broken(format!("it has {gas_left} gas left of {gas_limit}"))),
    }
}

/// The kernel adds which Image it was.
fn broken(reason: String) -> Abort {
    Abort::Engine { image: Hash::ZERO, reason }
}

fn describe(trap: &NativeTrap) -> String {
    let NativeTrap { vector, error_code, rip, address } = trap;
    match *vector == PAGE_FAULT {
        true => format!("page fault at {address:#x}, error code {error_code:#x}, rip {rip:#x}"),
        false => format!("exception {vector}, error code {error_code:#x}, rip {rip:#x}"),
    }
}

fn plain(exit: recompiler::Exit) -> Exit {
    match exit {
        recompiler::Exit::Halt => Exit::Halt,
        recompiler::Exit::Panic => Exit::Panic,
        recompiler::Exit::OutOfGas => Exit::OutOfGas,
        recompiler::Exit::HostCall(number) => Exit::HostCall(number),
    }
}
