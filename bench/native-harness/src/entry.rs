//! The way into compiled code and back.

use std::{cell::Cell, mem::offset_of};

use javm_recompiler_x86::{CONTEXT_LEN_BYTES, Context};

use crate::HarnessError;

/// In which of `Context::platform` the stack pointer is kept while compiled code runs.
pub(crate) const STACK_SLOT: usize = 0;

/// Answers the host call in the context, with what the caller of the entry gave for it; says whether to go on.
pub(crate) type Answer<T> = unsafe extern "sysv64" fn(context: *mut Context, with: *mut T) -> bool;

// Saves what the calling convention wants saved, and its own arguments, and the stack pointer in the context, and
// jumps. Compiled code comes back at the second label for host calls, and goes on from its start if the answer is
// to; at the third for all else, as the signal handler. The segment gs is as it was.
core::arch::global_asm!(
    ".globl nub_test_native_enter",
    "nub_test_native_enter:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "push rcx",
    "push rdx",
    "push rsi",
    "push rdi",
    "sub rsp, 8",
    "mov gs:[{stack}], rsp",
    "jmp rdi",
    ".globl nub_test_native_host_call",
    "nub_test_native_host_call:",
    "mov rsp, gs:[{stack}]",
    "mov rdi, [rsp + 24]",
    "mov rsi, [rsp + 32]",
    "call [rsp + 16]",
    "test al, al",
    "jz 2f",
    "jmp [rsp + 8]",
    ".globl nub_test_native_exit",
    "nub_test_native_exit:",
    "mov rsp, gs:[{stack}]",
    "2: add rsp, 40",
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
    /// Runs compiled code at `code`; the segment gs begins with its window, whose `context` is ready. `answer`
    /// is an [`Answer`], `with` what it wants.
    pub(crate) unsafe fn nub_test_native_enter(code: u64, answer: u64, context: *mut Context, with: u64);
    /// Where compiled code leaves to for a host call. Not to be called.
    unsafe fn nub_test_native_host_call();
    /// Where compiled code leaves to otherwise. Not to be called.
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

/// The address that compiled code leaves to for a host call.
pub(crate) fn host_call_address() -> u64 {
    nub_test_native_host_call as *const () as u64
}

/// The address that compiled code leaves to otherwise.
pub(crate) fn exit_address() -> u64 {
    nub_test_native_exit as *const () as u64
}
