//! The way into machine code of programs, and back: in the kernel's ring by a jump each way; where programs
//! run in ring 3 under a kernel in ring 0, by `iretq` and by the exit gate.

use crate::control::{Control, control};
use crate::descriptor::{KERNEL_DATA, USER_CODE, USER_DATA};
use crate::layout::{CODE, CONTROL};
use crate::native_run::NativeRun;
use crate::trap::USER_FLAGS;
use core::arch::global_asm;
use core::mem::offset_of;

// Enters with the window in rdi and where to begin in rsi. Machine code has its window in gs; it, the
// exit gate and the trap handler come back to `native_exit`, which finds the stack in the control block.
global_asm!(
    ".global native_enter",
    "native_enter:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "mov rax, rsp",
    "movabs [{stack}], rax",
    "movabs al, [{isolates}]",
    "test al, al",
    "jnz 2f",
    // Setting the base takes longer than all else here, and it is the right one as a rule.
    "movabs rax, [{segment}]",
    "cmp rax, rdi",
    "je 4f",
    "wrgsbase rdi",
    "mov rax, rdi",
    "movabs [{segment}], rax",
    "4: jmp rsi",
    // Ring 3 finds no register as the kernel or another program left it; loading fs makes its base zero.
    "2: mov eax, {user_data}",
    "mov ds, eax",
    "mov es, eax",
    "mov fs, eax",
    "mov gs, eax",
    "wrgsbase rdi",
    "push rax",
    "push 0",
    "push {user_flags}",
    "push {user_code}",
    "push rsi",
    "xor eax, eax",
    "xor ebx, ebx",
    "xor ecx, ecx",
    "xor edx, edx",
    "xor esi, esi",
    "xor edi, edi",
    "xor ebp, ebp",
    "xor r8d, r8d",
    "xor r9d, r9d",
    "xor r10d, r10d",
    "xor r11d, r11d",
    "xor r12d, r12d",
    "xor r13d, r13d",
    "xor r14d, r14d",
    "xor r15d, r15d",
    "iretq",
    // The exit gate, on a stack of its own: whatever a program's registers hold, it only ends the run.
    ".balign 16",
    ".global native_exit_gate",
    "native_exit_gate:",
    "test byte ptr [rsp + 8], 3",
    "jz 3f",
    "mov eax, {kernel_data}",
    "mov ss, eax",
    "cld",
    ".global native_exit",
    "native_exit:",
    "movabs rax, [{stack}]",
    "mov rsp, rax",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
    // The kernel does not use it.
    "3: push 0",
    "push 3",
    "jmp trap_in_ring_0",
    // What exits of programs in ring 3 point to, copied to a page they may execute.
    ".global exit_page_code",
    "exit_page_code: int3",
    stack = const CONTROL + (offset_of!(Control, native) + offset_of!(NativeRun, stack)) as u64,
    segment = const CONTROL + (offset_of!(Control, native) + offset_of!(NativeRun, segment)) as u64,
    isolates = const CONTROL + offset_of!(Control, isolates_programs) as u64,
    user_data = const USER_DATA,
    user_flags = const USER_FLAGS,
    user_code = const USER_CODE,
    kernel_data = const KERNEL_DATA,
);

unsafe extern "C" {
    static native_exit_gate: u8;
    static native_exit: u8;
    static exit_page_code: u8;
}

unsafe extern "sysv64" {
    /// Runs machine code to its exit.
    ///
    /// # Safety
    /// The window is a program's, and its context below it is ready; the code only reaches the two, but where
    /// programs are isolated; [`NativeRun`] says what runs; and no reference to the context or to pages of the
    /// window is alive.
    pub unsafe fn native_enter(window: u64, code: u64);
}

/// The gate of programs in ring 3.
pub fn exit_gate() -> u64 {
    (&raw const native_exit_gate) as u64
}

/// Where a run ends in the kernel.
pub fn landing() -> u64 {
    (&raw const native_exit) as u64
}

/// What the exits of machine code point to.
pub fn exit_pointer() -> u64 {
    // SAFETY: the word is set at boot and does not change.
    match unsafe { (&raw const (*control()).isolates_programs).read() } {
        true => CODE,
        false => landing(),
    }
}

/// The code of the exit page.
pub fn exit_code() -> &'static [u8] {
    // SAFETY: the label names one octet of the image.
    unsafe { core::slice::from_raw_parts(&raw const exit_page_code, 1) }
}
