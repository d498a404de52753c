//! A store of σ in a file.
//!
//! - [`FileDevice`]: a file as a block device: one descriptor, locked, preallocated, flushed by `fdatasync`
//! - [`open`], [`open_or_create`]: the store in it
#![forbid(unsafe_code)]

mod device;
mod store;

pub use device::{Caching, FileDevice, FileError};
pub use store::{FileStoreError, device_for_store, open, open_or_create};
