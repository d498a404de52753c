//! Runs of compiled code, with the interpreter's notions of a machine and an exit.

use javm_interpreter::Memory;
use javm_isa::{Access, Fault, REGISTER_COUNT, classify};
use javm_recompiler_x86::{Exit, Features};

use crate::{HarnessError, LoadedCode, Window, entry, signal};

/// The state of a run, as the interpreter's `Machine`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeMachine {
    /// r0 to r12.
    pub registers: [u64; REGISTER_COUNT],
    /// The position in the program.
    pub pc: u32,
    /// Gas left.
    pub gas_left: u64,
    is_charged: bool,
}

impl NativeMachine {
    /// About to enter a block at `pc`.
    pub fn new(registers: [u64; REGISTER_COUNT], pc: u32, gas_left: u64) -> NativeMachine {
        NativeMachine { registers, pc, gas_left, is_charged: false }
    }

    /// Goes on after the host call at the pc.
    pub fn complete_host_call(&mut self, code: &LoadedCode) {
        self.pc = code.compiled().next_pc(self.pc);
    }
}

/// Why a run ended, as the interpreter's `Exit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as the interpreter's")]
pub enum NativeExit {
    Halt,
    Panic,
    OutOfGas,
    PageFault { address: u32, access: Access },
    HostCall(u64),
}

/// The features of this machine's processor.
pub fn host_features() -> Features {
    Features {
        popcnt: is_x86_feature_detected!("popcnt"),
        lzcnt: is_x86_feature_detected!("lzcnt"),
        tzcnt: is_x86_feature_detected!("bmi1"),
        bmi1: is_x86_feature_detected!("bmi1"),
        bmi2: is_x86_feature_detected!("bmi2"),
    }
}

/// Runs `machine` until it exits.
///
/// # Errors
/// [`HarnessError::Signal`] if no handler can be installed.
///
/// # Panics
/// If compiled code does what it must not: faults outside an instruction or without a reason, or leaves
/// with a broken context.
pub fn run_native(
    code: &LoadedCode,
    machine: &mut NativeMachine,
    window: &mut Window,
) -> Result<NativeExit, HarnessError> {
    assert!(window.is_protected(), "compiled code needs a window whose pages fault");
    signal::install()?;
    let address = code.address();
    let context = window.context();
    context.registers = machine.registers;
    context.pc = machine.pc;
    context.gas = machine.gas_left;
    context.exit_pointers = [entry::exit_address(); 4];
    context.jump_table = code.jump_table_address();
    if let Err(exit) = code.compiled().enter(context, address, machine.is_charged) {
        machine.gas_left = context.gas;
        machine.is_charged = exit != Exit::OutOfGas;
        return Ok(plain(exit));
    }
    context.platform[signal::FAULT_SLOT] = 0;
    let code_addresses = address..address + code.compiled().code().len() as u64;
    entry::set_segment(window.address())?;
    signal::set_running(code_addresses, window.address());
    // SAFETY: the context is ready, `resume` points into the code, the jump table's entries too; the segment
    // begins with the window; signals come on a stack of their own; pages of the window hold nothing that Rust refers to while `window` is
    // borrowed. The code has no more to reach than its window and context: that is what is being tested.
    unsafe { entry::nub_test_native_enter(address) };
    signal::set_running(0..0, 0);
    let context = window.context();
    machine.registers = context.registers;
    let fault_address = context.platform[signal::FAULT_SLOT];
    let exit = if fault_address != 0 {
        let offset = u32::try_from(fault_address - address).expect("the fault is in the code");
        machine.gas_left = context.gas;
        machine.pc = code.compiled().fault_pc(offset).expect("only instructions fault");
        fault(code, machine, window)
    } else {
        let exit = code.compiled().leave(context).expect("the context is sound");
        machine.gas_left = context.gas;
        machine.pc = context.pc;
        plain(exit)
    };
    machine.is_charged = exit != NativeExit::OutOfGas;
    Ok(exit)
}

fn plain(exit: Exit) -> NativeExit {
    match exit {
        Exit::Halt => NativeExit::Halt,
        Exit::Panic => NativeExit::Panic,
        Exit::OutOfGas => NativeExit::OutOfGas,
        Exit::HostCall(number) => NativeExit::HostCall(number),
    }
}

/// What a fault at the machine's pc means.
fn fault(code: &LoadedCode, machine: &NativeMachine, window: &Window) -> NativeExit {
    let (program, table) = code.program();
    let instruction = program.instruction_at(machine.pc, table);
    let access = instruction.access(&machine.registers).expect("only accesses fault");
    match classify(access, |page| window.is_mapped(page, access.kind)) {
        Some(Fault::LowMemory) => NativeExit::Panic,
        Some(Fault::Page { address }) => NativeExit::PageFault { address, access },
        None => panic!("{instruction:?} at {} faulted for no reason", machine.pc),
    }
}
