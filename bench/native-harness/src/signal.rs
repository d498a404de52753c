//! Faults of compiled code, as signals.

use std::{cell::Cell, ops::Range, ptr, sync::OnceLock};

use javm_recompiler_x86::{CONTEXT_LEN_BYTES, Context, RegisterMap};

use crate::{HarnessError, entry};

/// In which of `Context::platform` there is the address of the instruction that faulted, 0 if none did.
pub(crate) const FAULT_SLOT: usize = 1;

thread_local! {
    static RUNNING: Cell<Running> = const { Cell::new(Running::NOTHING) };
}

/// What a thread runs now.
#[derive(Clone, Copy)]
struct Running {
    /// The address of the code.
    start: u64,
    /// The address after it.
    end: u64,
    /// The address of its window.
    window: u64,
    /// Where its registers are.
    map: RegisterMap,
}

impl Running {
    const NOTHING: Running = Running { start: 0, end: 0, window: 0, map: RegisterMap::FreeRsp };
}

/// Says that this thread runs the code at these addresses in this window, until it says otherwise. Nothing
/// else is ever run at these addresses.
pub(crate) fn set_running(code: Range<u64>, map: RegisterMap, window: u64) {
    RUNNING.set(Running { start: code.start, end: code.end, window, map });
}

/// Installs the handler, once for the process.
pub(crate) fn install() -> Result<(), HarnessError> {
    static RESULT: OnceLock<Option<i32>> = OnceLock::new();
    match RESULT.get_or_init(|| set_handler().err().map(|error| error.raw_os_error().unwrap_or(0))) {
        None => Ok(()),
        Some(code) => Err(HarnessError::Signal(std::io::Error::from_raw_os_error(*code))),
    }
}

fn set_handler() -> Result<(), std::io::Error> {
    // SAFETY: all zeros are a valid value of this C structure.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handle as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler is async-signal-safe: it reads a thread-local without destructor, and memory.
    match unsafe { libc::sigaction(libc::SIGSEGV, &action, ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Registers in the order of their numbers in encodings, as the operating system indexes them.
const GREGS: [i32; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

extern "C" fn handle(_signal: i32, _info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: with SA_SIGINFO the third argument is this, for the handler alone.
    let gregs = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    let rip = gregs[libc::REG_RIP as usize] as u64;
    let Running { start, end, window, map } = RUNNING.get();
    if !(start..end).contains(&rip) {
        // Not ours: the default action, when the instruction faults again.
        // SAFETY: setting the default action is always allowed.
        unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
        return;
    }
    // SAFETY: the context of the window in which the code runs belongs to this thread alone, and nothing else
    // refers to it while the code runs.
    let context = unsafe { &mut *(window as usize as *mut u8).sub(CONTEXT_LEN_BYTES).cast::<Context>() };
    let value = |number: u8| gregs[GREGS[number as usize] as usize] as u64;
    for (register, number) in context.registers.iter_mut().zip(map.machine_registers()) {
        *register = value(number);
    }
    context.gas = value(map.gas_register());
    context.platform[FAULT_SLOT] = rip;
    gregs[libc::REG_RIP as usize] = entry::exit_address() as i64;
}
