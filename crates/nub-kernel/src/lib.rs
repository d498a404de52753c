//! The kernel: capabilities, calls, blocks and forks over a platform.
//!
//! - It names no platform: everything below is the [`arch`] seam.
//! - State is immutable objects by hash; a block works on copies of the path it changes.
//! - A program's failure is a status; a node's problem is an [`Abort`](nub_abi::error::Abort) and never a verdict.
//! - Nothing observable depends on what is cached, mapped, pending or compiled.
//!
//! From the outside in: [`Kernel`] holds a state and its candidates; `block` runs events on a `world`;
//! `calls` is the call stack of `frame`s; `engine` runs a frame, `pager` and `host_calls` answer
//! its exits; `runtime`
//! finds objects and hashes what changed; `prefetch` has it read ahead.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod arch;
mod block;
mod cache;
mod calls;
mod candidates;
mod code_cache;
mod engine;
mod event;
mod frame;
mod genesis;
mod host_calls;
mod import;
mod kernel;
mod memory;
mod pager;
mod pending;
mod prefetch;
mod program;
mod prove;
mod random;
mod rpc;
mod runtime;
mod spent;
mod stop;
pub mod stored;
mod witness;
mod world;

pub use kernel::Kernel;
pub use program::{ImageError, validate_image};
