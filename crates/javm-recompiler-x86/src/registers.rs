//! Which machine register holds what.

use javm_isa::{REGISTER_COUNT, Reg};

use crate::asm::Gpr;

/// Holds the gas left.
pub(crate) const GAS: Gpr = Gpr::R12;

/// Nothing lives here between instructions. Counts of shifts must be here.
pub(crate) const SCRATCH: Gpr = Gpr::Rcx;

/// Nothing lives here between instructions either. Upper halves of products and dividends are here.
pub(crate) const UPPER: Gpr = Gpr::Rdx;

/// r0 to r12. The stack pointer and the first arguments get short encodings as bases; rax, which products
/// and quotients overwrite, is a temporary. The return address is hardly calculated with, so it is in rsp: there
/// processors are slow at sums.
const GPRS: [Gpr; REGISTER_COUNT] = [
    Gpr::Rsp, // r0, return address
    Gpr::Rbp, // r1, stack pointer
    Gpr::Rax, // r2, temporary
    Gpr::R15, // r3, temporary
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

/// The number of the machine register that holds the gas left while code runs: that of r12.
pub const GAS_REGISTER: u8 = GAS as u8;
