//! The way into compiled code and back.

use std::{cell::Cell, mem::offset_of};

use javm_recompiler_x86::{CONTEXT_LEN_BYTES, Context};

use crate::HarnessError;

/// In which of `Context::platform` the stack pointer is kept while compiled code runs.
pub(crate) const STACK_SLOT: usize = 0;

// Saves what the calling convention wants saved, and the stack pointer in the context, and jumps. Compiled code
// and the signal handler come back to the second label, with the segment gs as it was.
core::arch::global_asm!(
    ".globl nub_test_native_enter",
    "nub_test_native_enter:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "mov gs:[{stack}], rsp",
    "jmp rdi",
    ".globl nub_test_native_exit",
    "nub_test_native_exit:",
    "mov rsp, gs:[{stack}]",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
    stack = const offset_of!(Context, platform) as i64 - CONTEXT_LEN_BYTES as i64 + 8 * STACK_SLOT as i64,
);

unsafe extern "sysv64" {
    /// Runs compiled code at `code`; the segment gs begins with its window, whose context is ready.
    pub(crate) unsafe fn nub_test_native_enter(code: u64);
    /// Where compiled code leaves to. Not to be called.
    unsafe fn nub_test_native_exit();
}

thread_local! {
    /// The base of this thread's segment gs, which nothing else in the process uses.
    static SEGMENT: Cell<u64> = const { Cell::new(0) };
}

/// Lets this thread's segment gs begin at `window`.
///
/// # Errors
/// [`HarnessError::Memory`] if the system refuses.
pub(crate) fn set_segment(window: u64) -> Result<(), HarnessError> {
    /// Of `arch_prctl`.
    const ARCH_SET_GS: libc::c_int = 0x1001;
    if SEGMENT.get() == window {
        return Ok(());
    }
    // SAFETY: on x86-64 Linux threads use fs for themselves, and leave gs to the program.
    if unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SET_GS, window) } != 0 {
        return Err(HarnessError::memory("arch_prctl"));
    }
    SEGMENT.set(window);
    Ok(())
}

/// The address that compiled code leaves to.
pub(crate) fn exit_address() -> u64 {
    nub_test_native_exit as *const () as u64
}
