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
//! - [`type_def`]: names and types of endpoints and events
//! - [`cargo`]: running cargo, and what its failures mean
//! - [`report`], [`listing`]: what a person wants to know of an Image
//! - [`error`]: why there is no Image
#![forbid(unsafe_code)]

pub mod blob;
pub mod build;
pub mod cargo;
pub mod error;
pub mod link;
pub mod listing;
pub mod memory;
mod names;
pub mod report;
pub mod symbols;
mod target;
mod target_check;
pub mod type_def;

pub use build::{Built, CheckOutcome, Contracts, build_package};
pub use error::{BuildError, LinkError};
pub use link::{LinkOptions, LinkedContract, image_from_blob, link, link_contract};
