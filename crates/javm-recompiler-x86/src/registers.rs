//! Which machine register holds what.

use javm_isa::{REGISTER_COUNT, Reg};

use crate::asm::Gpr;

/// Holds the address of the window, whose context lies just below.
pub(crate) const WINDOW: Gpr = Gpr::R15;

/// Nothing lives here between instructions.
pub(crate) const SCRATCH: Gpr = Gpr::Rcx;

/// r0 to r12. The stack pointer and the first arguments get short encodings as bases; rax and rdx, which
/// products and quotients overwrite, are temporaries.
const GPRS: [Gpr; REGISTER_COUNT] = [
    Gpr::R12, // r0, return address
    Gpr::Rbp, // r1, stack pointer
    Gpr::Rax, // r2, temporary
    Gpr::Rdx, // r3, temporary
    Gpr::R11, // r4, temporary
    Gpr::R14, // r5, saved
    Gpr::R13, // r6, saved
    Gpr::Rdi, // r7, argument
    Gpr::Rsi, // r8, argument
    Gpr::Rbx, // r9, argument
    Gpr::R8,  // r10, argument
    Gpr::R9,  // r11, argument
    Gpr::R10, // r12, argument
];

/// The machine register of a register.
#[inline(always)]
pub(crate) const fn gpr(reg: Reg) -> Gpr {
    GPRS[reg.index()]
}

/// For r0 to r12 the number of its machine register in instruction encodings (rax 0, rcx 1, rdx 2, rbx 3,
/// rsp 4, rbp 5, rsi 6, rdi 7, r8 8 and so on): what a fault handler needs to read the registers.
pub const MACHINE_REGISTERS: [u8; REGISTER_COUNT] = {
    let mut numbers = [0; REGISTER_COUNT];
    let mut index = 0;
    while index < REGISTER_COUNT {
        numbers[index] = GPRS[index] as u8;
        index += 1;
    }
    numbers
};

/// The number of the machine register that holds the window's address while code runs.
pub const WINDOW_REGISTER: u8 = WINDOW as u8;
