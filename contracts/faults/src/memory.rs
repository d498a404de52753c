//! What is done with the heap.

use core::hint::black_box;

use nub_sdk::alloc::boxed::Box;
use nub_sdk::alloc::vec::Vec;

/// Takes chunks of `chunk_bytes`, each full of its own octet, until one is refused. How many there were.
pub fn fill(chunk_bytes: usize) -> Result<u32, &'static str> {
    let chunk = |number: usize| {
        let mut chunk = Vec::new();
        chunk.try_reserve_exact(chunk_bytes).ok()?;
        chunk.resize(chunk_bytes, number as u8);
        Some(chunk)
    };
    // Room for the list first: it would move among the chunks.
    let mut chunks: Vec<Vec<u8>> = Vec::with_capacity(64);
    while let Some(next) = (chunks.len() < 64).then(|| chunk(chunks.len())).flatten() {
        chunks.push(next);
    }
    let intact = |(number, chunk): (usize, &Vec<u8>)| chunk.iter().all(|&octet| octet == number as u8);
    if !black_box(&chunks).iter().enumerate().all(intact) {
        return Err("a chunk is not what it was");
    }
    let count = chunks.len() as u32;
    // The last first: only then is memory given back.
    while chunks.pop().is_some() {}
    Ok(count)
}

/// The numbers below `count`, even and odd ones, from lists that grow in turn; each then without its second half.
pub fn grow(count: u32) -> (Vec<u32>, Vec<u32>) {
    let (mut even, mut odd) = (Vec::new(), Vec::new());
    for number in 0..count {
        if number % 2 == 0 { &mut even } else { &mut odd }.push(number);
    }
    for list in [&mut even, &mut odd] {
        list.truncate(list.len() / 2);
        list.shrink_to_fit();
    }
    (even, odd)
}

/// Does one piece fit? Written to its end, if so.
pub fn fits(size_bytes: usize) -> bool {
    let mut piece: Vec<u8> = Vec::new();
    let fits = piece.try_reserve_exact(size_bytes).is_ok();
    if fits {
        piece.resize(size_bytes, 7);
        black_box(&piece);
    }
    fits
}

/// A type of each alignment.
macro_rules! aligned {
    ($($bytes:literal)+) => {
        /// Values of each alignment, one after the other.
        pub fn align() -> Result<(), &'static str> {
            $({
                #[repr(align($bytes))]
                struct Aligned(u8);
                // What is before it has no alignment at all.
                let before = Box::new(black_box(1u8));
                let aligned = Box::new(Aligned(black_box(2)));
                let address = &raw const *aligned as usize;
                if !address.is_multiple_of($bytes) || *before + aligned.0 != 3 {
                    return Err(concat!("not aligned to ", stringify!($bytes)));
                }
            })+
            Ok(())
        }
    };
}

aligned!(2 4 8 16 64 1024 4096 8192 16384 32768);

/// The heap's last octet before and after it is written; that of a call before is gone.
pub fn leave() -> (u8, u8) {
    let last = nub_sdk::heap::STACK_END as u64 - 1;
    let before = wild::load(last);
    wild::store(last, 9);
    (before, wild::load(last))
}
