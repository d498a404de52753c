//! The bare-metal image.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use hyperlight_guest::error::Result;
use hyperlight_guest_bin::guest_function;

#[guest_function("rpc")]
fn rpc(request: Vec<u8>) -> Result<Vec<u8>> {
    Ok(request)
}

/// Called once by the entry point, before the first call.
#[unsafe(no_mangle)]
pub extern "C" fn hyperlight_main() {}
