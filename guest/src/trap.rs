//! Traps: assembly stubs that save the registers, and where each exception goes.
//!
//! A trap is handled in the ring it came from. From ring 3 the stub only notes the fault address and returns
//! to ring 3, to the code that saves the registers, on the stack that the processor chose: the dozen
//! instructions it takes are all that runs in ring 0. A handler does not trap but to use the gate, which has
//! a stack of its own.

use crate::control::Control;
use crate::descriptor::{USER_CODE, USER_DATA};
use crate::layout::CONTROL;
use crate::{epitaph, fault, gate, isolation, native_run};
use core::arch::global_asm;
use core::mem::{offset_of, size_of};

/// The registers at a trap, in the order the stubs push them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TrapFrame {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rbp: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rbx: u64,
    pub rax: u64,
    pub vector: u64,
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

impl TrapFrame {
    /// The registers in the order of their numbers in instructions.
    pub fn by_number(&self) -> [u64; 16] {
        let low = [self.rax, self.rcx, self.rdx, self.rbx, self.rsp, self.rbp, self.rsi, self.rdi];
        let high = [self.r8, self.r9, self.r10, self.r11, self.r12, self.r13, self.r14, self.r15];
        core::array::from_fn(|number| if number < 8 { low[number] } else { high[number - 8] })
    }
}

const _: () = assert!(offset_of!(TrapFrame, vector) == 15 * 8);
const _: () = assert!(offset_of!(TrapFrame, rip) == 17 * 8);
// With a 16-aligned interrupt stack, `trap` is called with the alignment its ABI wants.
const _: () = assert!(size_of::<TrapFrame>().is_multiple_of(16));

/// The vector of page faults.
pub const PAGE_FAULT: u64 = 14;
const STUB_BYTES: u64 = 16;

global_asm!(
    // A stub for each vector, then on to `target`. The processor pushes an error code for some; for the others the
    // stub does.
    ".macro stubs_of_traps name, target",
    ".global \\name",
    ".balign 16",
    "\\name:",
    ".irp vector, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    ".balign 16",
    ".if (\\vector == 8) || ((\\vector >= 10) && (\\vector <= 14)) || (\\vector == 17) || (\\vector == 21) || (\\vector == 29) || (\\vector == 30)",
    ".else",
    "push 0",
    ".endif",
    "push \\vector",
    "jmp \\target",
    ".endr",
    ".endm",
    "stubs_of_traps trap_stubs, trap_common",
    // Traps that are handled in ring 0 wherever they come from.
    "stubs_of_traps trap_stubs_for_ring_0, trap_in_ring_0",
    ".balign 16",
    ".global trap_in_ring_0",
    "trap_in_ring_0:",
    "push rax",
    "mov rax, cr2",
    "movabs [{fault_address}], rax",
    "pop rax",
    "jmp trap_save",
    ".balign 16",
    "trap_common:",
    "push rax",
    "mov rax, cr2",
    "movabs [{fault_address}], rax",
    // Above are rax, the vector, the error code, rip; then cs.
    "test byte ptr [rsp + 32], 3",
    "jz 2f",
    "lea rax, [rsp + 8]",
    "push {user_data}",
    "push rax",
    "push {user_flags}",
    "push {user_code}",
    "lea rax, [rip + trap_save]",
    "push rax",
    "mov rax, [rsp + 40]",
    "iretq",
    "2: pop rax",
    "trap_save:",
    "push rax",
    "push rbx",
    "push rcx",
    "push rdx",
    "push rsi",
    "push rdi",
    "push rbp",
    "push r8",
    "push r9",
    "push r10",
    "push r11",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "cld",
    "mov rdi, rsp",
    "call {trap}",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop r11",
    "pop r10",
    "pop r9",
    "pop r8",
    "pop rbp",
    "pop rdi",
    "pop rsi",
    "pop rdx",
    "pop rcx",
    "pop rbx",
    "pop rax",
    "add rsp, 16",
    "iretq",
    // The gate: eax says what, rdi and edx with what.
    ".global gate_stub",
    ".balign 16",
    "gate_stub:",
    "cmp eax, {flush_page}",
    "jb 3f",
    "je 4f",
    "mov eax, edi",
    "out dx, eax",
    "iretq",
    "3: mov rax, cr3",
    "mov cr3, rax",
    "iretq",
    "4: invlpg [rdi]",
    "iretq",
    trap = sym trap,
    fault_address = const CONTROL + offset_of!(Control, fault_address) as u64,
    user_data = const USER_DATA,
    user_code = const USER_CODE,
    user_flags = const USER_FLAGS,
    flush_page = const gate::FLUSH_PAGE,
);

unsafe extern "C" {
    static trap_stubs: u8;
    static trap_stubs_for_ring_0: u8;
    #[link_name = "gate_stub"]
    static gate_start: u8;
}

/// Flags that code in ring 3 starts with.
pub const USER_FLAGS: u16 = 0x202;

const _: () = assert!(gate::FLUSH_ALL < gate::FLUSH_PAGE && gate::FLUSH_PAGE < gate::OUT);

/// The address of the gate's stub.
pub fn gate_stub() -> u64 {
    (&raw const gate_start) as u64
}

/// The address of an exception's stub.
pub fn trap_stub(vector: u8) -> u64 {
    (&raw const trap_stubs) as u64 + u64::from(vector) * STUB_BYTES
}

/// The address of an exception's stub where ring 0 handles all.
pub fn trap_stub_for_ring_0(vector: u8) -> u64 {
    (&raw const trap_stubs_for_ring_0) as u64 + u64::from(vector) * STUB_BYTES
}

/// A trap. Returning resumes what the frame says.
extern "sysv64" fn trap(frame: &mut TrapFrame) {
    let is_done = match native_run::is_native(frame) {
        true => native_run::trap(frame),
        false if frame.vector == PAGE_FAULT => fault::page_fault(frame),
        false => isolation::skip_optional(frame),
    };
    if !is_done {
        epitaph::exception(frame)
    }
}
