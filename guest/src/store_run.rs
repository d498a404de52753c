//! Drives a store on any device, step by step. Measurements run the same file on a device of the host's and compare.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use nub_abi::guest::StoreStep;
use nub_abi::{Hash, blake2b_256};
use nub_store::fault::Coin;
use nub_store::{BlockDevice, Options, Store};

/// Words of 8 octets an object.
const OBJECT_WORDS: u64 = 25;

/// A store, and objects that wait to be committed.
pub struct StoreRun<D> {
    store: Store<D>,
    objects: Vec<(Hash, Vec<u8>)>,
    /// Objects made so far: the next one's number.
    made: u64,
    height: u64,
}

impl<D: BlockDevice> StoreRun<D> {
    /// Opens the store on the device. It keeps no objects in memory, so that each is read from the device.
    ///
    /// # Errors
    /// Why there is no store.
    pub fn open(device: D) -> Result<Self, String> {
        let store = Store::open(device, None, Options::default()).map_err(|error| error.to_string())?;
        Ok(Self { store, objects: Vec::new(), made: 0, height: 0 })
    }

    /// Does a step; gives how many objects it made, committed or found.
    ///
    /// # Errors
    /// Why the store did not do it.
    pub fn step(&mut self, step: &StoreStep) -> Result<u64, String> {
        match *step {
            StoreStep::Make(count) => Ok(self.make(count)),
            StoreStep::Commit => self.commit(),
            StoreStep::Get { count, together } => self.get(count, together),
        }
    }

    fn make(&mut self, count: u32) -> u64 {
        let numbers = self.made..self.made + u64::from(count);
        self.made = numbers.end;
        self.objects = numbers.map(object).collect();
        u64::from(count)
    }

    fn commit(&mut self) -> Result<u64, String> {
        let objects = core::mem::take(&mut self.objects);
        let root = objects.last().map_or(Hash::ZERO, |(hash, _)| *hash);
        self.height += 1;
        self.store.commit_hashed(root, self.height, &objects).map_err(|error| error.to_string())?;
        Ok(objects.len() as u64)
    }

    fn get(&mut self, count: u32, together: u32) -> Result<u64, String> {
        let mut coin = Coin::new(77);
        let hashes: Vec<Hash> = (0..count).map(|_| object(coin.below(self.made.max(1))).0).collect();
        let mut found = 0;
        if together == 0 {
            core::hint::black_box(hashes);
            return Ok(0);
        }
        for hashes in hashes.chunks(together as usize) {
            found += match hashes {
                [hash] => usize::from(self.store.get(hash).map_err(|error| error.to_string())?.is_some()),
                hashes => {
                    let objects = self.store.get_many(hashes).map_err(|error| error.to_string())?;
                    objects.iter().flatten().count()
                }
            };
        }
        Ok(found as u64)
    }
}

/// The object of a number: 200 octets that do not compress, and their hash.
fn object(number: u64) -> (Hash, Vec<u8>) {
    let mut octets = Coin::new(number ^ 0x5eed_0000_0000);
    let object: Vec<u8> = (0..OBJECT_WORDS).flat_map(|_| octets.next_u64().to_le_bytes()).collect();
    (blake2b_256(&object), object)
}
