//! The x86-64 PVM engine: a program in, position-independent machine code out.
//!
//! - [`compile`] translates in one pass, in time and memory linear in the program's size, and checks its
//!   bound on expansion. The same program, opcode table and [`Features`] give the same octets, always.
//! - Rules that engines must agree on (blocks, targets, gas, faults) are `javm-isa`'s. What differs from
//!   the interpreter is a bug of the highest severity.
//! - The thirteen registers and the gas live in machine registers, one of them in rsp: code uses no stack
//!   ([`RegisterMap`]); rcx and rdx are scratch. The segment `gs` begins with the program's window. Addresses are taken modulo 2^32 before the
//!   segment's is added, by the address size, so no access leaves the window and the 8 octets after it; page
//!   tables say what may be touched.
//! - State crosses in a [`Context`] below the window; code is left only through the pointers in it. So one
//!   translation serves every platform and privilege, and this crate names none.
//! - An access that faults has changed nothing: [`CompiledCode::fault_pc`] names its instruction, the
//!   registers are those before it, and its block is already paid for.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod asm;
mod compile;
mod compiled;
mod context;
mod error;
mod features;
mod positions;
mod registers;
mod translate;

pub use compile::{
    MAX_INSTRUCTION_LEN_BYTES, MAX_JUMP_TABLE_ENTRIES, MAX_PROLOGUE_LEN_BYTES, compile, compile_in,
    compile_within,
};
pub use compiled::{CompiledCode, Exit};
pub use context::{CONTEXT_LEN_BYTES, Context, ExitKind};
pub use error::{CompileError, CorruptContext};
pub use features::Features;
pub use positions::Position;
pub use registers::RegisterMap;
