//! What crosses a boundary of Nub: between node and kernel, host and guest, kernel and contract.
//!
//! Everything here is plain data with one canonical encoding (SCALE, see `docs/spec/encoding.md`).
//! Nothing here computes on state; the crate is `no_std` so that every side compiles the same bytes.
//!
//! - [`hash`]: hashes and the one hash function
//! - [`id`]: identities of Instances and the badge a capability carries
//! - [`codec`]: strict decoding of untrusted bytes
//! - [`params`]: gas prices and consensus limits
//! - [`genesis`], [`block`], [`receipt`]: what a node gives and gets
//! - [`host_call`]: numbers and error codes a contract sees
//! - [`error`]: one typed error per operation
//! - [`rpc`]: the messages between host and guest
//! - [`guest`]: names, sizes, callbacks and probes around them

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod block;
pub mod codec;
pub mod error;
pub mod genesis;
pub mod guest;
pub mod hash;
pub mod host_call;
pub mod id;
pub mod params;
pub mod receipt;
pub mod rpc;
pub mod run_case;

pub use block::{Admission, Block, Event};
pub use genesis::{Genesis, GenesisInstance, GenesisRef};
pub use hash::{Hash, blake2b_256};
pub use id::{Badge, InstanceId};
pub use params::{GasTable, Limits, Params};
pub use receipt::{Growth, Log, Receipt, Status, Summary};

/// The protocol version this kernel executes; the `version` of every [`Block`] it accepts.
pub const PROTOCOL_VERSION: u32 = 1;
