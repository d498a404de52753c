//! A contract whose endpoints exercise the kernel, for its tests. `README.md` has the argument formats.
//!
//! - [`context`]: what a call sees
//! - [`control`]: ways to end, or not to
//! - [`memory`]: pages, persistent memory, the stack, raw addresses
//! - [`objects`]: storage, events, Images and Instances, calls
//! - [`raw`]: host calls with addresses as given
//! - [`steps`]: any host calls, with registers as given
//! - [`chain`]: a Chain Instance that does as it is told

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

mod chain;
mod context;
mod control;
mod memory;
mod objects;
#[allow(unsafe_code)]
mod raw;
mod steps;

use chain::{after, before};
use context::{badge, block_context, caller, gas_left, passed_count, self_id};
use control::{burn, echo, endless, panic, revert};
use memory::{count, count_then_revert, load_pages, recurse, store_pages};
use objects::{call, call_then_revert, create, emit, storage_get, storage_put, storage_remove};
use raw::{
    output, peek, poke, raw_output_read, raw_return, raw_storage_get, raw_storage_put, unknown_host_call,
};
use steps::{script, script_then_revert};

nub_sdk::endpoints! {
    0 => echo,
    1 => panic,
    2 => revert,
    3 => endless,
    4 => count,
    5 => count_then_revert,
    6 => load_pages,
    7 => store_pages,
    8 => recurse,
    9 => storage_put,
    10 => storage_get,
    11 => storage_remove,
    12 => call,
    13 => call_then_revert,
    14 => emit,
    15 => create,
    16 => gas_left,
    17 => block_context,
    18 => caller,
    19 => badge,
    20 => self_id,
    21 => passed_count,
    22 => peek,
    23 => poke,
    24 => unknown_host_call,
    25 => raw_storage_put,
    26 => raw_storage_get,
    27 => raw_return,
    28 => raw_output_read,
    29 => burn,
    30 => output,
    32 => script,
    33 => script_then_revert,
    65534 => before,
    65535 => after,
}

nub_sdk::stack_bytes!(64 * 1024);

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
