//! The store of σ: objects by hash and committed roots, on a block device.
//!
//! - A commit is durable when it returns, by one flush. After a crash anywhere the last such root is found
//!   again, and everything under it.
//! - The device holds a log of objects, and an index that a checkpoint writes now and then.
//!   `docs/spec/store.md` gives every byte.
//! - Objects name themselves: bytes are copied, compared with their hash, then given out. A flipped bit is an
//!   error that says where, never data.
//! - A write or flush that failed is final until the store is opened again; it still reads.
//! - The same operations write the same bytes, in a process and in a micro-VM.
//!
//! Table of contents:
//! - [`device`]: what is below: blocks and a flush; [`memory`] and [`fault`] are devices
//! - [`mod@format`]: the bytes
//! - [`store`], [`options`], [`error`]: an open store, what it is told, why it fails
//! - `create`, `recover`: making and opening
//! - `read`, `append`, `commit`, `stage`, `fence`, `checkpoint`, `collect`: what it does
//! - [`fsck`](fsck()): a check that needs none of that
//! - `index`, `leaf`, `pages`, `segments`, `cache`: what it knows

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod append;
mod cache;
mod checkpoint;
mod collect;
mod commit;
mod create;
pub mod device;
pub mod error;
pub mod fault;
mod fence;
pub mod format;
mod fsck;
mod index;
mod leaf;
pub mod memory;
pub mod options;
mod pages;
mod read;
mod recover;
mod segments;
mod stage;
pub mod store;

pub use collect::{Progress, reachable};
pub use create::OpenOrCreateError;
pub use device::{BLOCK_BYTES, BlockDevice, DeviceError};
pub use error::{CollectError, CreateError, OpenError, ReadError, WriteError};
pub use format::superblock::RootEntry;
pub use fsck::{Finding, FsckReport, fsck};
pub use memory::MemoryDevice;
pub use options::{ForEachChild, Layout, NotAnObject, Options};
pub use store::{Stats, Store, Written};
