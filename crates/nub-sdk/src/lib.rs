//! The Rust SDK for contracts: what a program on Nub can say to the kernel.
//!
//! - A contract is a `no_std`, `no_main` binary crate. It names its endpoints with [`endpoints!`]; each is a
//!   function from [`Args`] to `Result<impl Output, impl Output>`. `Ok` returns its octets, `Err` reverts with
//!   them as the message.
//! - Nothing here allocates: arguments are a slice, outputs are arrays, the stack holds the rest.
//! - Every host call is a safe function. The `unsafe` that reaches the kernel is in one module, [`host`]; the
//!   kernel checks every address, so a wrong one can fail only the contract that gave it.
//! - There are no dependencies, so a contract's Image depends on this crate, the compiler and itself.
//!
//! Numbers and error codes are those of `nub_abi::host_call`; a test compares them. On anything but the PVM
//! target the crate compiles, for tests of a contract's logic, but a host call panics.
//!
//! - [`args`]: taking arguments apart
//! - [`output`]: what a handler may return
//! - [`endpoint`]: [`endpoints!`] and the entry it writes
//! - [`context`]: who calls, what runs, which block, how much gas
//! - [`storage`]: the contract's own values
//! - [`calls`]: other contracts
//! - [`capability`]: copying, moving, dropping, minting
//! - [`create`]: Images and Instances
//! - [`manage`]: cloning, upgrading, destroying Instances
//! - [`data`]: DataCaps and views of them
//! - [`hash`]: blake2b and Keccak
//! - [`chain`]: what a Chain Instance is asked and may do
//! - [`event`][]: logs
//! - [`code`]: the numbers above success
//! - [`host`]: the host calls themselves

#![no_std]

pub mod args;
pub mod calls;
pub mod capability;
pub mod chain;
pub mod code;
pub mod context;
pub mod create;
pub mod data;
pub mod endpoint;
pub mod event;
pub mod hash;
#[allow(unsafe_code)]
pub mod host;
pub mod manage;
pub mod output;
pub mod storage;

pub use args::{Args, ArgsError};
pub use calls::{CallError, Selector, call, output_read, passed_count};
pub use capability::{CapabilityError, Rights};
pub use context::{Badge, BlockContext, InstanceId, badge, block_context, caller, gas_left, self_id};
pub use create::{CreateError, image_create, instance_create};
pub use data::DataError;
pub use event::{EmitError, emit};
pub use hash::{blake2b, keccak};
pub use manage::{ManageError, instance_clone, instance_destroy, instance_upgrade};
pub use output::{Output, ret, revert};
