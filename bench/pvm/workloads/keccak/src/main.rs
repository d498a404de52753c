//! The kernel `keccak` as a PVM program.
#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

use nub_sdk::{Args, ArgsError};

nub_sdk::stack_bytes!(65536);
nub_sdk::endpoints! { 0 => run }

/// `rounds: u32 → result: u64`
fn run(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let rounds = args.u32()?;
    args.finish()?;
    Ok(pvm_kernels::keccak(rounds).to_le_bytes())
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
