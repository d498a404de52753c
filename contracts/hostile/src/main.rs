//! A contract that tries everything. `README.md` has the attacks; `tests/suite_hostile.rs` shows that each fails
//! nothing but its own call.
//!
//! - [`calls`]: re-entry, calls without end, gas taken from callers
//! - [`stack`]: running off the stack, either way
//! - [`bombs`]: storage, slots, pages, logs, outputs, hashes, Instances, as many as there can be
//! - [`authority`]: capabilities it lacks, Instances it may not manage, Images out of garbage
//! - [`anywhere`]: any host call and any jump, with registers as given

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

#[allow(unsafe_code)]
mod anywhere;
mod authority;
mod bombs;
mod calls;
mod stack;

use anywhere::{wild_host_call, wild_jump, wild_load, wild_store};
use authority::{destroy_itself, garbage, manage_others, seize, upgrade_itself};
use bombs::{
    burn_pages, cnode_bomb, data_bomb, endless_iteration, fill_slots, hash_bomb, huge_return, instance_bomb,
    log_bomb, revert_after_mischief, storage_bomb, view_bomb,
};
use calls::{bounce, dive, greet, reenter, spin, storm};
use stack::{recurse, smash};

nub_sdk::endpoints! {
    0 => greet,
    1 => reenter,
    2 => bounce,
    3 => dive,
    4 => spin,
    5 => storm,
    6 => recurse,
    7 => smash,
    8 => storage_bomb,
    9 => fill_slots,
    10 => burn_pages,
    11 => log_bomb,
    12 => huge_return,
    13 => hash_bomb,
    14 => data_bomb,
    15 => view_bomb,
    16 => instance_bomb,
    17 => endless_iteration,
    18 => revert_after_mischief,
    19 => seize,
    20 => manage_others,
    21 => destroy_itself,
    22 => upgrade_itself,
    23 => garbage,
    24 => wild_host_call,
    25 => wild_jump,
    26 => wild_load,
    27 => wild_store,
    28 => cnode_bomb,
}

nub_sdk::stack_bytes!(32 * 1024);

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
