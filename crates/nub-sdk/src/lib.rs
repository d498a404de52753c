//! The Rust SDK for contracts: what a program on Nub can say to the kernel.
//!
//! ```
//! use nub_sdk::{Address, CounterMap, Event, badge, contract, storage};
//!
//! /// Counts what each caller gives.
//! #[storage]
//! struct Jar {
//!     given: CounterMap<Address, u64>,
//! }
//!
//! #[derive(Event)]
//! struct Given {
//!     by: Address,
//!     total: u64,
//! }
//!
//! #[contract]
//! impl Jar {
//!     #[endpoint]
//!     fn give(&mut self, amount: u64) -> Result<u64, &'static str> {
//!         let by = badge();
//!         let total = self.given.add(&by, amount).map_err(|_| "too much")?;
//!         Given { by, total }.emit();
//!         Ok(total)
//!     }
//! }
//! # fn main() { assert_eq!(Jar::default().give(3), Ok(3)); }
//! ```
//!
//! - A contract is a `no_std`, `no_main` binary crate. `#[contract]` makes an `impl` block's functions its endpoints,
//!   with typed arguments, and writes their types where `nub-link` finds them. Below it is what [`endpoints!`] offers:
//!   functions from [`Args`] to `Result<impl Output, impl Output>`. `Ok` returns, `Err` reverts with a message.
//! - Nothing here needs a heap for values of up to 256 octets; `#[contract(heap = 65536)]` gives one for the rest.
//! - Every host call is a safe function. The `unsafe` that reaches the kernel is in [`host`]; the kernel checks every
//!   address, so a wrong one can fail only the contract that gave it.
//! - Only the macros have dependencies, so a contract's Image depends on this crate, the compiler and itself.
//!
//! Numbers and error codes are those of `nub_abi::host_call`; a test compares them. On anything but the PVM target host
//! calls go to a [`mock`], so `cargo test` tests a contract on the machine it is written on.
//!
//! What contracts are made of:
//!
//! - [`macro@contract`], [`macro@interface`], [`macro@storage`], `#[derive(Event, Scale, Encode, Error)]`
//! - [`state`]: typed values, maps and lists in storage
//! - [`codec`]: values and their octets
//! - [`client`]: typed calls
//! - [`init`]: initialisation, once, by who may
//! - [`heap`], [`persistent`]: memory for a call, and for the Instance's life
//! - [`panic`]: what becomes of a panic
//! - [`mod@mock`]: the kernel's stand-in, for tests
//!
//! What these are made of:
//!
//! - [`args`]: taking arguments apart
//! - [`output`]: what a handler may return
//! - [`endpoint`]: [`endpoints!`] and the entry it writes
//! - [`context`]: who calls, what runs, which block, how much gas
//! - [`mod@storage`]: the contract's own octets, by key
//! - [`calls`]: other contracts
//! - [`capability`]: copying, moving, dropping, minting
//! - [`create`]: Images and Instances
//! - [`manage`]: cloning, upgrading, destroying Instances
//! - [`data`]: DataCaps and views of them
//! - [`cnode`]: CNodes, which hold capabilities and values
//! - [`hash`]: blake2b and Keccak
//! - [`chain`]: what a Chain Instance is asked and may do
//! - [`mod@event`] has logs
//! - [`code`]: the numbers above success
//! - [`host`]: the host calls themselves

#![no_std]

#[doc(hidden)]
pub extern crate alloc;
#[cfg(not(all(target_arch = "riscv64", target_feature = "e")))]
extern crate std;

pub mod args;
pub mod calls;
pub mod capability;
pub mod chain;
pub mod client;
pub mod cnode;
pub mod code;
pub mod codec;
pub mod context;
pub mod create;
pub mod data;
pub mod endpoint;
pub mod event;
pub mod hash;
#[allow(unsafe_code)]
pub mod heap;
#[allow(unsafe_code)]
pub mod host;
pub mod init;
pub mod manage;
#[cfg(not(all(target_arch = "riscv64", target_feature = "e")))]
#[allow(unsafe_code)]
pub mod mock;
pub mod output;
pub mod panic;
#[allow(unsafe_code)]
pub mod persistent;
pub mod state;
pub mod storage;

pub use args::{Args, ArgsError};
pub use calls::{CallError, Selector, call, output_read, passed_count};
pub use capability::{CapabilityError, Rights};
pub use cnode::CNodeError;
pub use codec::{Decode, Encode, Stored, Typed};
pub use context::{
    Address, Badge, BlockContext, InstanceId, badge, block_context, caller, gas_left, self_id,
};
pub use create::{CreateError, image_create, instance_create};
pub use data::DataError;
pub use event::{EmitError, Event, emit};
pub use hash::{blake2b, keccak};
pub use manage::{ManageError, instance_clone, instance_destroy, instance_upgrade};
pub use nub_sdk_macros::{Encode, Error, Event, Scale, contract, interface, storage};
pub use output::{Output, ret, revert};
pub use persistent::Persistent;
pub use state::{CounterError, CounterMap, List, Map, Value};
