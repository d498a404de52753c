//! Tests of contracts on the kernel itself.
//!
//! ```
//! use nub_testing::{Badge, Chain, Contract};
//!
//! const ALICE: Badge = Badge([1; 32]);
//! const BOB: Badge = Badge([2; 32]);
//!
//! #[nub_testing::test(all)]
//! fn a_transfer_moves_what_there_is(chain: &mut Chain) {
//!     # stringify!(
//!     let contract = Contract::load("contracts/token");
//!     # );
//!     # let contract = Contract::load(concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/token"));
//!     let token = chain.deploy(&contract);
//!     chain.on(token).from(ALICE).call("init", (ALICE, 1000u128)).succeeds();
//!     let before = chain.mark();
//!     chain.on(token).from(ALICE).call("transfer", (BOB, 300u128)).succeeds().gas(3_000..15_000);
//!     chain.on(token).query("balance_of", BOB).returns(300u128);
//!     chain.on(token).from(BOB).call("transfer", (ALICE, 301u128)).reverts("token: insufficient balance");
//!     chain.back_to(&before);
//!     chain.on(token).query("balance_of", BOB).returns(0u128);
//! }
//! # fn main() {}
//! ```
//!
//! - A [`Chain`] is a state and blocks on it, each call a block of one event. Nothing is committed, so every state a
//!   test has been in is there to go [back to](Chain::back_to).
//! - An [`Outcome`] is what became of a call. What a test expects of it and does not get is told with the receipt and a
//!   [`trace`]: calls, gas, and the storage each touched.
//! - [`test`](macro@test) runs a test on the local backend, or with `all` on every backend and engine. Where there is
//!   no micro-VM those are skipped, and say so.
//! - Trace and [debugger](debug) are the kernel over a platform that [watches](watch) programs; no second set of rules.
#![forbid(unsafe_code)]

mod backend;
mod chain;
mod contract;
pub mod debug;
mod outcome;
mod replay;
pub mod trace;
pub mod watch;

pub use backend::{Backend, run};
pub use chain::{Chain, Mark, On};
pub use contract::Contract;
pub use nub::{Badge, Event, Genesis, GenesisInstance, GenesisRef, InstanceId, Params, Status};
pub use nub_sdk_macros::test;
pub use outcome::Outcome;
