//! Objects made from their numbers.

use nub_abi::{Hash, blake2b_256};
use nub_store::fault::Coin;

/// An object of 200 bytes.
pub fn object(number: u64) -> Vec<u8> {
    let mut octets = Coin::new(number ^ 0x5eed_0000_0000);
    (0..25).flat_map(|_| octets.next_u64().to_le_bytes()).collect()
}

/// Its hash.
pub fn hash_of(number: u64) -> Hash {
    blake2b_256(&object(number))
}

/// Objects of a commit.
pub struct Batch {
    pub root: Hash,
    pub height: u64,
    pub objects: Vec<(Hash, Vec<u8>)>,
}

impl Batch {
    /// So many objects from a number on; the last is the root.
    pub fn new(first: u64, count: u64) -> Self {
        let objects: Vec<_> =
            (first..first + count).map(|number| (hash_of(number), object(number))).collect();
        let root = objects.last().expect("an object").0;
        Self { root, height: first / count, objects }
    }
}

/// Numbers below `objects`, in no order.
pub fn order(objects: u64, count: u64) -> Vec<u64> {
    let mut coin = Coin::new(77);
    (0..count).map(|_| coin.below(objects)).collect()
}
