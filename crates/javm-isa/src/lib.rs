//! What a PVM program is: its container, instructions, blocks, memory rules and layout.
//!
//! - The Gray Paper decides; where its versions or implementations differ, the doc comment at the place
//!   says which we follow. `docs/spec/pvm.md` is the summary.
//! - Everything that two engines must agree on is one function here: branch targets
//!   ([`BranchTargets`]), gas blocks ([`GasBlocks`]), dynamic jumps ([`dynamic_jump`]), faults
//!   ([`classify`]), arithmetic ([`arith`]).
//! - A blob is untrusted: nothing here panics on one, recurses, or uses more memory than a small
//!   multiple of its length.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod access;
pub mod arith;
mod blob;
mod branch;
mod fault;
mod gas;
mod instruction;
mod layout;
mod opcode;
mod operands;
mod register;
mod steps;
mod validation;
mod varint;

pub use blob::*;
pub use branch::*;
pub use fault::*;
pub use gas::*;
pub use instruction::*;
pub use layout::*;
pub use opcode::*;
pub use register::*;
pub use steps::*;
pub use validation::*;
