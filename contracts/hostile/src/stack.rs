//! The stack: deeper than it is, and over its edges.

use core::convert::Infallible;
use core::hint::black_box;

use nub_sdk::{Args, ArgsError};

/// Where the stack ends, above (`docs/spec/image.md`).
const STACK_TOP: u64 = 0xFEFE_0000;

/// Calls of its own functions without end.
#[allow(unconditional_recursion)]
pub fn recurse(_: Args) -> Result<(), Infallible> {
    deeper(0);
    Ok(())
}

#[inline(never)]
#[allow(unconditional_recursion)]
fn deeper(level: u64) -> u64 {
    let frame = black_box([level; 16]);
    deeper(level + 1) + frame[(level % 16) as usize]
}

/// `up: u8 →` overwrites its stack octet by octet, from the top on: upwards (1), or down through its own frames.
pub fn smash(mut args: Args) -> Result<(), ArgsError> {
    let up = args.u8()? != 0;
    let mut address = if up { STACK_TOP - 256 } else { STACK_TOP - 1 };
    loop {
        wild::store(address, 0xee);
        address = if up { address + 1 } else { address - 1 };
    }
}
