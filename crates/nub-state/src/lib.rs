//! Objects, tries and their encodings: pure data, usable without a kernel.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod page;

pub use page::{PAGE_BYTES, Page, PageBytes};
