//! The platform that is the host process itself: software page tables, no generated code.
//!
//! - [`LocalArch`] makes address spaces and hands out the blobs it was given.
//! - [`LocalMemory`] is one call's memory: a table of pages, copied on their first store.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod arch;
mod memory;
mod table;

pub use arch::LocalArch;
pub use memory::LocalMemory;
