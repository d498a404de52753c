//! Host calls and accesses with addresses as given. Only for a contract that exists to be wrong: what a store
//! to its own memory breaks is its own.

use nub_sdk::{Args, ArgsError, host_call};

/// `address: u64 → octet: u8`
pub fn peek(mut args: Args) -> Result<[u8; 1], ArgsError> {
    Ok([wild::load(args.u64()?)])
}

/// `address: u64 ‖ value: u8 →` stores it.
pub fn poke(mut args: Args) -> Result<(), ArgsError> {
    wild::store(args.u64()?, args.u8()?);
    Ok(())
}

/// `a: u64 → answer: u64` of host call 63, which does not exist, with a in a0.
pub fn unknown_host_call(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let a = args.u64()?;
    // SAFETY: the kernel knows no such call, so it touches nothing.
    let (answer, _) = unsafe { host_call!(63, "nub_63_unknown", 1, ["a0" = a]) };
    Ok(answer.to_le_bytes())
}

/// `key, key length, value, value length: u64 each → answer: u64`
pub fn raw_storage_put(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let (key, key_len, value, value_len) = (args.u64()?, args.u64()?, args.u64()?, args.u64()?);
    // SAFETY: the kernel only reads.
    let (answer, _) = unsafe {
        host_call!(8, "nub_8_storage_put", 4, ["a0" = key, "a1" = key_len, "a2" = value, "a3" = value_len])
    };
    Ok(answer.to_le_bytes())
}

/// `key, key length, out, out length: u64 each → answer: u64`
pub fn raw_storage_get(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let (key, key_len, out, out_len) = (args.u64()?, args.u64()?, args.u64()?, args.u64()?);
    // SAFETY: none; the kernel writes only where the program may.
    let (answer, _) = unsafe {
        host_call!(7, "nub_7_storage_get", 4, ["a0" = key, "a1" = key_len, "a2" = out, "a3" = out_len])
    };
    Ok(answer.to_le_bytes())
}

/// `address: u64 ‖ length: u64 → the octets there`
pub fn raw_return(mut args: Args) -> Result<(), ArgsError> {
    let (address, len) = (args.u64()?, args.u64()?);
    // SAFETY: the kernel only reads.
    unsafe { host_call!(0, "nub_0_return", 2, ["a0" = address, "a1" = len]) };
    Ok(())
}

/// `length: u64 → that many octets` of the page array, 1 MiB at most.
pub fn output(mut args: Args) -> Result<(), ArgsError> {
    let len = args.u64()?;
    // SAFETY: the kernel only reads.
    unsafe { host_call!(0, "nub_0_return", 2, ["a0" = crate::memory::PAGES.as_ptr(), "a1" = len]) };
    Ok(())
}

/// `out, offset, length: u64 each → answer: u64`, with no call before it.
pub fn raw_output_read(mut args: Args) -> Result<[u8; 8], ArgsError> {
    let (out, offset, len) = (args.u64()?, args.u64()?, args.u64()?);
    // SAFETY: none; the kernel writes only where the program may.
    let (answer, _) =
        unsafe { host_call!(11, "nub_11_output_read", 3, ["a0" = out, "a1" = offset, "a2" = len]) };
    Ok(answer.to_le_bytes())
}

/// Halts with what is given in r7 and r8: `r7: u64 ‖ r8: u64`. An endpoint that returns to r0.
#[cfg(all(target_arch = "riscv64", target_feature = "e"))]
mod halt {
    /// What is left in a0 and a1, which are r7 and r8.
    #[repr(C)]
    struct Pair(u64, u64);

    extern "C" fn entry(args: *const u8, len_bytes: usize) -> Pair {
        // SAFETY: only the kernel enters here, with the arguments' address and length.
        let mut args = nub_sdk::Args::new(unsafe { nub_sdk::host::arguments(args, len_bytes) });
        match (args.u64(), args.u64()) {
            (Ok(r7), Ok(r8)) => Pair(r7, r8),
            _ => nub_sdk::revert(b"arguments are too short"),
        }
    }

    // SAFETY: the section is the linker's table of descriptions; this is one.
    #[unsafe(link_section = ".polkavm_metadata")]
    static EXPORT: nub_sdk::host::Metadata = nub_sdk::host::Metadata::export("nub_endpoint_31_halt");

    nub_sdk::host::export!(EXPORT, entry);
}
