//! The published PVM test vectors as values, for the tests of every engine: what a program starts with, and what must
//! be so when it ends (PVM.md, "Test vectors").
//!
//! - [`published`]: all of them, from the folder that `NUB_PVM_VECTORS` names
//! - [`Vector`]: one of them; [`Vector::difference`] says where an engine's end is another
//! - [`Ended`], [`Status`]: how a run ended, in the vectors' words
#![forbid(unsafe_code)]

mod folder;
mod vector;

pub use folder::{VectorsError, published, say};
pub use vector::{Ended, NonZeroOctets, Status, Vector, non_zero};
