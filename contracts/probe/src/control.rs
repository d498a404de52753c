//! Ways to end, or not to.

use core::convert::Infallible;
use core::hint::black_box;

use nub_sdk::{Args, ArgsError};

/// `octets → octets`
pub fn echo(args: Args<'static>) -> Result<&'static [u8], Infallible> {
    Ok(args.rest())
}

/// Traps.
pub fn panic(_: Args) -> Result<(), Infallible> {
    nub_sdk::host::stop()
}

/// `message →` reverts with it.
pub fn revert(args: Args<'static>) -> Result<(), &'static [u8]> {
    Err(args.rest())
}

/// Never ends.
pub fn endless(_: Args) -> Result<(), Infallible> {
    loop {
        black_box(());
    }
}

/// `count: u64 →` that many rounds of a loop of a few instructions.
pub fn burn(mut args: Args) -> Result<(), ArgsError> {
    let mut count = args.u64()?;
    while count != 0 {
        count = black_box(count) - 1;
    }
    Ok(())
}
