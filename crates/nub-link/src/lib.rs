//! Turns a contract's ELF into an Image, and builds the contracts of a folder reproducibly.
//!
//! - An Image from here is one the kernel accepts: the checks of `image_create` are made here too.
//! - polkavm's linker does the translation to the PVM; nothing of its container survives. What an Image says
//!   of memory is compared with what the linker assumed.
//! - The same source under the same compiler gives the same Image, wherever the folder is.
//! - A contract's author gets an error that names the contract's fault, not a panic.
//!
//! `docs/spec/image.md` is the normative description; `docs/guide/contracts.md` shows how to use it.
//!
//! - [`mod@link`]: from an ELF to an Image
//! - [`blob`]: polkavm's container
//! - [`symbols`]: how host calls and endpoints are named
//! - [`memory`]: data, heap and stack
//! - [`build`]: contracts from source
//! - [`report`]: what a person wants to know of an Image
//! - [`error`]: why there is no Image
#![forbid(unsafe_code)]

pub mod blob;
pub mod build;
pub mod error;
pub mod link;
pub mod memory;
pub mod report;
pub mod symbols;
mod target;

pub use build::{Built, CheckOutcome, Contracts};
pub use error::{BuildError, LinkError};
pub use link::{LinkOptions, image_from_blob, link};
