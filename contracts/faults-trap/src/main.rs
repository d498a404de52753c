//! The panics of `faults`, where a panic is `"trap"`. Its README has the endpoints.

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

use nub_sdk::contract;

/// It keeps nothing.
#[derive(Default)]
struct Faults;

#[contract(heap = 4096, panic = "trap")]
impl Faults {
    /// The sum, if it fits.
    #[endpoint]
    fn sum(&self, a: u64, b: u64) -> u64 {
        faults::sum(a, b)
    }

    /// Entry `index` of four.
    #[endpoint]
    fn entry(&self, index: u32) -> u8 {
        faults::entry(index)
    }

    /// Panics with the number.
    #[endpoint]
    fn say(&self, number: u64) {
        faults::say(number);
    }

    /// The value, if there is one.
    #[endpoint]
    fn need(&self, value: Option<u64>) -> u64 {
        faults::need(value)
    }

    /// Takes memory until there is none.
    #[endpoint]
    fn exhaust(&self, chunk_bytes: u32) {
        loop {
            core::mem::forget(nub_sdk::alloc::vec![0x5au8; chunk_bytes as usize]);
        }
    }
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
