//! Registers as given, addresses out of the air: for contracts that exist to be wrong, and for no others. What is
//! `unsafe` in them is here, and none of its conditions is met: the kernel must not need them.

#![no_std]
#![allow(unsafe_code)]

use core::ptr;

/// Loads an octet from anywhere.
#[inline]
pub fn load(address: u64) -> u8 {
    // SAFETY: none; the kernel fails the call if the program may not read there.
    unsafe { ptr::read_volatile(address as *const u8) }
}

/// Stores an octet anywhere.
#[inline]
pub fn store(address: u64, octet: u8) {
    // SAFETY: none; the kernel fails the call if the program may not write there.
    unsafe { ptr::write_volatile(address as *mut u8, octet) };
}

/// Writes one arm for each host call, for its number is part of the instruction. Symbols and counts of registers are
/// those of the SDK, as the linker wants one description of each.
macro_rules! host_calls {
    ($number:expr, $registers:expr, $($call:literal => ($symbol:literal, $inputs:literal),)*) => {{
        let [a, b, c, d, e, f] = $registers;
        match $number {
            $(
                // SAFETY: none; the kernel reads and writes only where the program may, and what that breaks is the
                // contract's own.
                $call => unsafe {
                    nub_sdk::host_call!(
                        $call,
                        $symbol,
                        $inputs,
                        ["a0" = a, "a1" = b, "a2" = c, "a3" = d, "a4" = e, "a5" = f]
                    )
                },
            )*
            _ => nub_sdk::host::stop(),
        }
    }};
}

/// Host call `number` with these registers.
#[inline(never)]
pub fn host_call(number: u8, registers: [u64; 6]) -> (u64, u64) {
    host_calls!(number, registers,
        0 => ("nub_0_return", 2),
        1 => ("nub_1_revert", 2),
        2 => ("nub_2_gas_left", 0),
        3 => ("nub_3_caller", 1),
        4 => ("nub_4_badge", 1),
        5 => ("nub_5_self_id", 1),
        6 => ("nub_6_block_context", 1),
        7 => ("nub_7_storage_get", 4),
        8 => ("nub_8_storage_put", 4),
        9 => ("nub_9_storage_remove", 2),
        10 => ("nub_10_call", 6),
        11 => ("nub_11_output_read", 3),
        12 => ("nub_12_image_create", 3),
        13 => ("nub_13_instance_create", 5),
        14 => ("nub_14_emit", 3),
        15 => ("nub_15_passed_count", 0),
        16 => ("nub_16_capability_copy", 2),
        17 => ("nub_17_capability_move", 2),
        18 => ("nub_18_capability_drop", 1),
        19 => ("nub_19_ref_mint", 5),
        20 => ("nub_20_data_new", 2),
        21 => ("nub_21_data_size", 1),
        22 => ("nub_22_data_read", 4),
        23 => ("nub_23_data_write", 4),
        24 => ("nub_24_data_map", 4),
        25 => ("nub_25_data_unmap", 1),
        26 => ("nub_26_storage_next", 4),
        27 => ("nub_27_blake2b", 3),
        28 => ("nub_28_keccak", 3),
        29 => ("nub_29_instance_clone", 4),
        30 => ("nub_30_instance_upgrade", 2),
        31 => ("nub_31_instance_destroy", 1),
        32 => ("nub_32_set_params", 3),
        33 => ("nub_33_cnode_new", 1),
        34 => ("nub_34_cnode_get", 4),
        35 => ("nub_35_cnode_put", 4),
        36 => ("nub_36_cnode_remove", 3),
        37 => ("nub_37_cnode_next", 5),
        38 => ("nub_38_cnode_read", 5),
        39 => ("nub_39_cnode_write", 5),
        250 => ("nub_250_unknown", 6),
    )
}
