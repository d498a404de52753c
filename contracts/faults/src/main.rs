//! Panics that are told with place and reason, and a heap used to its end. `README.md` has the endpoints.
//!
//! - [`memory`]: what is done with the heap

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

mod memory;

use nub_sdk::alloc::vec::Vec;
use nub_sdk::contract;

/// It keeps nothing.
#[derive(Default)]
struct Faults;

#[contract(heap = 69632)]
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

    /// Takes chunks until one is refused, and looks whether each still holds what was put there; gives all back and does
    /// it again. How many there were, each time.
    #[endpoint]
    fn fill(&self, chunk_bytes: u32) -> Result<(u32, u32), &'static str> {
        let first = memory::fill(chunk_bytes as usize)?;
        Ok((first, memory::fill(chunk_bytes as usize)?))
    }

    /// Lets two lists grow in turn, so that both move, and gives them shorter.
    #[endpoint]
    fn grow(&self, count: u32) -> (Vec<u32>, Vec<u32>) {
        memory::grow(count)
    }

    /// Does one piece of so many octets fit?
    #[endpoint]
    fn fits(&self, size_bytes: u32) -> bool {
        memory::fits(size_bytes as usize)
    }

    /// Are values aligned as their types say, up to 32 KiB?
    #[endpoint]
    fn align(&self) -> Result<(), &'static str> {
        memory::align()
    }

    /// What is left of the call before: the octet at the heap's end, before and after it is written.
    #[endpoint]
    fn leave(&self) -> (u8, u8) {
        memory::leave()
    }
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
