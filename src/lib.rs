//! Nub: an execution microkernel for blockchain validators.
//!
//! A node links this crate, makes a [`Nub`] and calls [`Nub::apply_block`]. Behind the handle one kernel
//! runs, in this process or in a micro-VM; both give the same state roots, receipts and gas, to the byte.
//! The host keeps committed objects as opaque blocks ([`SharedDevice`]) and never parses them.
//!
//! - [`Nub`], [`NubBuilder`], [`BackendKind`]: the handle
//! - [`Failure`], [`BackendError`], [`UnknownChoice`], [`error`]: why an operation failed
//! - [`open_file`], [`SharedDevice`], [`SharedBlobs`], [`Blobs`]: where committed objects live
//! - [`Block`], [`Event`], [`Genesis`], [`Receipt`] and their parts: what goes in and comes out
//! - [`hyperlight`]: the micro-VM

#![forbid(unsafe_code)]

mod backend;
mod blobs;
mod builder;
mod environment;
mod failure;
pub mod hyperlight;
mod nub;

pub use blobs::{Blobs, MemoryBlobs, SharedBlobs, SharedDevice, Storage, open_file};
pub use builder::NubBuilder;
pub use environment::UnknownChoice;
pub use failure::{BackendError, ExportError, Failure, ImportError};
pub use nub::{BackendKind, Nub};
pub use nub_abi::rpc::{EnginePolicy, Health, InvokeOutcome, Query, StoreConfig};
pub use nub_abi::{
    Badge, Block, Event, GasTable, Genesis, GenesisInstance, GenesisRef, Growth, Hash, InstanceId, Limits,
    Log, PROTOCOL_VERSION, Params, Receipt, Status, Summary, blake2b_256, codec, error, host_call, params,
};
pub use nub_state::proof;
pub use nub_store::{BlockDevice, DeviceError, MemoryDevice};
pub use nub_store_file::{FileError, FileStoreError};

/// The example in the README compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
