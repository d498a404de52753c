//! Applies a block of a hundred storage writes so many times: what `valgrind --tool=callgrind` counts of two
//! numbers of times tells what one block takes.

use nub_abi::Event;
use nub_bench_kernel::Chain;
use nub_bench_kernel::chain::PROBE_IMAGE;

const STORAGE_PUT: u16 = 9;

fn put(key: u16, value: u8) -> Event {
    let key: Vec<u8> = key.to_be_bytes().repeat(16);
    Chain::event(STORAGE_PUT, [&[key.len() as u8][..], &key, &[value; 16]].concat())
}

fn main() {
    let times: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut chain = Chain::new(PROBE_IMAGE);
    for first in (0..2_000).step_by(500) {
        chain.run((first..first + 500).map(|key| put(key, 1)).collect());
    }
    let block = chain.block((0..100).map(|n| put(n * 17, 2)).collect());
    for _ in 0..times {
        chain.try_block(&block);
    }
}
