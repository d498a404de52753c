//! Faults of compiled code, as signals.

use std::{cell::Cell, ops::Range, ptr, sync::OnceLock};

use javm_recompiler_x86::{CONTEXT_LEN_BYTES, Context, MACHINE_REGISTERS};

use crate::{HarnessError, entry};

/// In `Context::platform[0]`: the run ended by a fault, whose address in the code is in `platform[1]`.
pub(crate) const FAULTED: u64 = 1;

thread_local! {
    /// The addresses of the code that this thread runs now.
    static RUNNING: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Says that this thread runs the code at these addresses, until it says otherwise.
pub(crate) fn set_running(code: Range<u64>) {
    RUNNING.set((code.start, code.end));
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
    let (start, end) = RUNNING.get();
    if !(start..end).contains(&rip) {
        // Not ours: the default action, when the instruction faults again.
        // SAFETY: setting the default action is always allowed.
        unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
        return;
    }
    let window = gregs[libc::REG_R15 as usize] as usize as *mut u8;
    // SAFETY: while the code runs r15 is its window's address, and its context, which lies below, belongs to
    // this thread alone.
    let context = unsafe { &mut *window.sub(CONTEXT_LEN_BYTES).cast::<Context>() };
    for (register, number) in context.registers.iter_mut().zip(MACHINE_REGISTERS) {
        *register = gregs[GREGS[number as usize] as usize] as u64;
    }
    context.platform[0] = FAULTED;
    context.platform[1] = rip;
    gregs[libc::REG_RIP as usize] = entry::exit_address() as i64;
}
