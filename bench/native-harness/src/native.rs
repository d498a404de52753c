//! Runs of compiled code, with the interpreter's notions of a machine and an exit.

use javm_interpreter::Memory;
use javm_isa::{Access, Fault, REGISTER_COUNT, classify};
use javm_recompiler_x86::{Context, Exit, ExitKind, Features};

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
    /// After a host call was completed, where to go on, if nothing was changed since.
    resume: Option<Resume>,
    /// After a host call, where the code goes on.
    after_host_call: u64,
}

/// Where the code of a position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Resume {
    pc: u32,
    code: u64,
    address: u64,
}

impl NativeMachine {
    /// About to enter a block at `pc`.
    pub fn new(registers: [u64; REGISTER_COUNT], pc: u32, gas_left: u64) -> NativeMachine {
        NativeMachine { registers, pc, gas_left, is_charged: false, resume: None, after_host_call: 0 }
    }

    /// Goes on after the host call at the pc.
    pub fn complete_host_call(&mut self, code: &LoadedCode) {
        self.pc = code.program().0.next_position(self.pc);
        self.resume = Some(Resume { pc: self.pc, code: code.address(), address: self.after_host_call });
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
        free_rsp: true,
    }
}

/// The sets of features to test: nothing, and all that this machine's processor has, each in both maps of registers.
pub fn feature_sets() -> [Features; 4] {
    let host = host_features();
    [
        Features::BASELINE,
        host,
        Features { free_rsp: true, ..Features::BASELINE },
        Features { free_rsp: false, ..host },
    ]
}

/// Runs `machine` until it exits.
///
/// # Errors
/// [`HarnessError::Signal`] if no handler can be installed, [`HarnessError::Memory`] if the system refuses the
/// segment.
///
/// # Panics
/// If compiled code does what it must not: faults outside an instruction or without a reason, or leaves
/// with a broken context.
pub fn run_native(
    code: &LoadedCode,
    machine: &mut NativeMachine,
    window: &mut Window,
) -> Result<NativeExit, HarnessError> {
    run_native_with(code, machine, window, |_, _| false)
}

/// Runs `machine` until it exits, as [`run_native`], but for host calls that `host_call` answers: it gets
/// number and registers, and says whether to go on.
///
/// # Errors
/// As [`run_native`].
///
/// # Panics
/// As [`run_native`].
pub fn run_native_with<F: FnMut(u64, &mut [u64; REGISTER_COUNT]) -> bool>(
    code: &LoadedCode,
    machine: &mut NativeMachine,
    window: &mut Window,
    mut host_call: F,
) -> Result<NativeExit, HarnessError> {
    assert!(window.is_protected(), "compiled code needs a window whose pages fault");
    signal::install()?;
    let address = code.address();
    let context = window.context();
    context.registers = copied(&machine.registers);
    context.pc = machine.pc;
    context.gas = machine.gas_left;
    match machine.resume.take() {
        Some(resume) if (resume.pc, resume.code) == (machine.pc, address) => context.resume = resume.address,
        _ => {
            if let Err(exit) = code.compiled().enter(context, address, machine.is_charged) {
                machine.gas_left = context.gas;
                machine.is_charged = exit != Exit::OutOfGas;
                return Ok(plain(exit));
            }
        }
    }
    context.exit_pointers = [entry::exit_address(); 4];
    context.exit_pointers[ExitKind::HostCall as usize] = entry::host_call_address();
    context.jump_table = code.jump_table_address();
    context.platform[signal::FAULT_SLOT] = 0;
    entry::set_segment(window.address())?;
    let running = address..address + code.len_bytes() as u64;
    signal::set_running(running, code.compiled().register_map(), window.address());
    let context: *mut Context = window.context();
    let (answer, with): (entry::Answer<F>, *mut F) = (answer, &raw mut host_call);
    // SAFETY: the context is ready, `resume` points into the code, the jump table's entries too; the segment
    // begins with the window; signals come on a stack of their own; pages of the window hold nothing that Rust
    // refers to while `window` is borrowed; answer and closure are of the same type. The code has no more to
    // reach than its window and context: that is what is being tested.
    unsafe { entry::nub_test_native_enter(address, answer as usize as u64, context, with as usize as u64) };
    Ok(take_exit(code, machine, window))
}

/// Calls the closure for the host call in the context.
///
/// # Safety
/// Both pointers are to live values that nothing else refers to.
unsafe extern "sysv64" fn answer<F: FnMut(u64, &mut [u64; REGISTER_COUNT]) -> bool>(
    context: *mut Context,
    host_call: *mut F,
) -> bool {
    // SAFETY: the caller's condition.
    let (context, host_call) = unsafe { (&mut *context, &mut *host_call) };
    host_call(i64::from(context.host_call) as u64, &mut context.registers)
}

/// A copy, each on its own: they were just written one by one, and a processor does not forward two stores to
/// one load.
fn copied(registers: &[u64; REGISTER_COUNT]) -> [u64; REGISTER_COUNT] {
    // SAFETY: a reference may be read.
    registers.each_ref().map(|register| unsafe { std::ptr::read_volatile(register) })
}

/// What the code left behind.
fn take_exit(code: &LoadedCode, machine: &mut NativeMachine, window: &mut Window) -> NativeExit {
    let context = window.context();
    machine.registers = copied(&context.registers);
    machine.after_host_call = context.resume;
    let fault_address = context.platform[signal::FAULT_SLOT];
    let exit = if fault_address != 0 {
        let offset = u32::try_from(fault_address - code.address()).expect("the fault is in the code");
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
    exit
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
