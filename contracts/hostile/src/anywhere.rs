//! Registers as given, addresses out of the air.

use nub_sdk::{Args, ArgsError};

/// `address: u64 → octet`
pub fn wild_load(mut args: Args) -> Result<[u8; 1], ArgsError> {
    Ok([wild::load(args.u64()?)])
}

/// `address: u64 →` stores there.
pub fn wild_store(mut args: Args) -> Result<(), ArgsError> {
    wild::store(args.u64()?, 0xee);
    Ok(())
}

/// `address: u64 →` jumps there.
pub fn wild_jump(mut args: Args) -> Result<(), ArgsError> {
    jump(args.u64()?)
}

#[cfg(all(target_arch = "riscv64", target_feature = "e"))]
fn jump(address: u64) -> ! {
    // SAFETY: none; the kernel fails the call unless the program declared the place as a target.
    unsafe { core::arch::asm!("jr {address}", address = in(reg) address, options(noreturn)) }
}

#[cfg(not(all(target_arch = "riscv64", target_feature = "e")))]
fn jump(_: u64) -> ! {
    nub_sdk::host::stop()
}

/// `number: u8 ‖ r7 … r12: u64 each → r7: u64 ‖ r8: u64`
pub fn wild_host_call(mut args: Args) -> Result<[u8; 16], ArgsError> {
    let number = args.u8()?;
    let mut registers = [0; 6];
    for register in &mut registers {
        *register = args.u64()?;
    }
    let (r7, r8) = wild::host_call(number, registers);
    let mut answer = [0; 16];
    answer[..8].copy_from_slice(&r7.to_le_bytes());
    answer[8..].copy_from_slice(&r8.to_le_bytes());
    Ok(answer)
}
