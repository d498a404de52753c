//! The portable PVM engine, generic over its memory.
//!
//! - A program is decoded once into a [`Code`]; [`run`] executes it on a [`Machine`] and a [`Memory`]
//!   until it exits. Nothing is kept anywhere else, so a machine can be stored, moved and resumed.
//! - The rules (blocks, gas, jumps, faults, arithmetic) are `javm-isa`'s, shared with other engines.
//! - Whatever the program, the start and the registers are, `run` ends in an [`Exit`]; it does not
//!   panic, and it stops at the latest when the gas is used up.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod code;
mod exit;
mod machine;
mod memory;
mod op;
mod run;
mod step;

pub use code::Code;
pub use exit::Exit;
pub use machine::{Machine, Meter};
pub use memory::{Memory, Miss};
pub use run::run;
