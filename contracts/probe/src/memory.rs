//! Pages, persistent memory, the stack.

use core::hint::black_box;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use nub_sdk::{Args, ArgsError};

/// Octets of a page.
const PAGE_BYTES: usize = 4096;
/// How many pages [`PAGES`] has.
const PAGE_COUNT: usize = 256;

/// Zeros at first, so heap pages of the Image; what is written stays.
pub static PAGES: [AtomicU8; PAGE_COUNT * PAGE_BYTES] = [const { AtomicU8::new(0) }; PAGE_COUNT * PAGE_BYTES];

/// Initialised data of the Image.
static COUNTER: AtomicU64 = AtomicU64::new(1000);

/// `→ counter: u64`, one more than before; 1001 the first time.
pub fn count(_: Args) -> Result<[u8; 8], ArgsError> {
    Ok(increment())
}

/// As `count`, then reverts with it.
pub fn count_then_revert(_: Args) -> Result<(), [u8; 8]> {
    Err(increment())
}

fn increment() -> [u8; 8] {
    let next = COUNTER.load(Relaxed).wrapping_add(1);
    COUNTER.store(next, Relaxed);
    next.to_le_bytes()
}

/// `first: u32 ‖ count: u32 → sum: u64` of the first octets of these pages.
pub fn load_pages(mut args: Args) -> Result<[u8; 8], &'static str> {
    let octets = first_octets(&mut args)?;
    Ok(octets.map(|octet| u64::from(octet.load(Relaxed))).sum::<u64>().to_le_bytes())
}

/// `first: u32 ‖ count: u32 ‖ value: u8 →` stores the value to the first octet of these pages.
pub fn store_pages(mut args: Args) -> Result<(), &'static str> {
    let octets = first_octets(&mut args)?;
    let value = args.u8().map_err(ArgsError::message)?;
    octets.for_each(|octet| octet.store(value, Relaxed));
    Ok(())
}

/// Takes `first: u32 ‖ count: u32`: the first octet of each of these pages.
fn first_octets(args: &mut Args) -> Result<impl Iterator<Item = &'static AtomicU8> + use<>, &'static str> {
    let first = args.u32().map_err(ArgsError::message)? as usize;
    let count = args.u32().map_err(ArgsError::message)? as usize;
    if first > PAGE_COUNT || count > PAGE_COUNT - first {
        return Err("there are 256 pages");
    }
    Ok(PAGES[first * PAGE_BYTES..(first + count) * PAGE_BYTES].iter().step_by(PAGE_BYTES))
}

/// `depth: u32 → depth: u64`, by calls nested that deep, each with more than 1 KiB of stack. The stack has
/// 64 KiB, so a depth of 100 runs below it.
pub fn recurse(mut args: Args) -> Result<[u8; 8], ArgsError> {
    Ok(descend(args.u32()?).to_le_bytes())
}

#[inline(never)]
#[allow(unconditional_recursion)]
fn descend(depth: u32) -> u64 {
    let mut frame = [0u8; 1024];
    black_box(&mut frame)[0] = 1;
    if depth == 0 {
        return 0;
    }
    let below = descend(depth - 1);
    below + u64::from(black_box(&frame)[0])
}
