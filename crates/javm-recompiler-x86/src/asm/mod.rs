//! An assembler for the instructions that the translator emits, and no others.
//!
//! One file an instruction family, one encoding a line. Operands come destination first. Nothing here
//! knows of programs.

mod access;
mod alu;
mod bits;
mod bmi;
mod buffer;
mod encoding;
mod fields;
mod form;
mod jump;
mod mov;
mod multiply;
mod operand;
mod shift;
mod store;
#[cfg(test)]
mod tests;

pub use access::Access;
pub use alu::Alu;
pub use buffer::{Asm, Made};
pub use fields::{Pair, Pairs};
pub use form::{Form, FormOfThree};
pub use operand::{Condition, Gpr, Mem, Width};
pub use shift::Shift;
