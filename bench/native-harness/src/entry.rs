//! The way into compiled code and back.

use javm_recompiler_x86::WINDOW_REGISTER;

// Saves what the calling convention wants saved, puts the window's address where compiled code expects it,
// and jumps. Compiled code and the signal handler come back to the second label, with rsp as it was.
core::arch::global_asm!(
    ".globl nub_test_native_enter",
    "nub_test_native_enter:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "mov r15, rdi",
    "jmp rsi",
    ".globl nub_test_native_exit",
    "nub_test_native_exit:",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
);

const _: () = assert!(WINDOW_REGISTER == 15);

unsafe extern "sysv64" {
    /// Runs compiled code at `code` with the window at `window`, whose context is ready.
    pub(crate) unsafe fn nub_test_native_enter(window: u64, code: u64);
    /// Where compiled code leaves to. Not to be called.
    unsafe fn nub_test_native_exit();
}

/// The address that compiled code leaves to.
pub(crate) fn exit_address() -> u64 {
    nub_test_native_exit as *const () as u64
}
