//! Chains to measure: a kernel in this process over a store in memory, with nothing between.
//!
//! - [`chain`]: a kernel, its root, and blocks for it
//! - [`script`]: host calls of the probe contract, one after the other
//! - [`scenes`]: states with much or little below a capability

#![forbid(unsafe_code)]

pub mod chain;
pub mod scenes;
pub mod script;

pub use chain::Chain;
pub use script::Script;
