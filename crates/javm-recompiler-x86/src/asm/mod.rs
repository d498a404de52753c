//! An assembler for the instructions that the translator emits, and no others.
//!
//! One file an instruction family, one encoding a line. Operands come destination first. Nothing here
//! knows of programs.

mod alu;
mod bits;
mod bmi;
mod buffer;
mod encoding;
mod jump;
mod load;
mod mov;
mod multiply;
mod operand;
mod shift;
mod store;
#[cfg(test)]
mod tests;

pub use alu::Alu;
pub use buffer::Asm;
pub use load::Load;
pub use operand::{Condition, Gpr, Mem, Width};
pub use shift::Shift;
