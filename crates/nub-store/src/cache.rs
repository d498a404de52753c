//! Objects in memory under a byte budget.

use alloc::sync::Arc;
use core::hash::BuildHasher;
use hashbrown::HashMap;
use nub_abi::Hash;
use siphasher::sip::SipHasher13;

/// Approximate memory of an entry beside its bytes.
const ENTRY_BYTES: usize = 96;

/// Encoded objects by hash. When the budget is full, those not used since the last eviction go. It is never
/// walked where the order could show.
pub(crate) struct ObjectCache {
    entries: HashMap<Hash, Entry, Keyed>,
    bytes: usize,
    budget_bytes: usize,
    generation: u64,
}

struct Entry {
    object: Arc<[u8]>,
    used_in: u64,
}

/// Hashers that share a secret key.
#[derive(Clone, Copy)]
pub(crate) struct Keyed([u8; 16]);

impl BuildHasher for Keyed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0)
    }
}

impl ObjectCache {
    pub(crate) fn new(budget_bytes: usize, key: [u8; 16]) -> Self {
        Self { entries: HashMap::with_hasher(Keyed(key)), bytes: 0, budget_bytes, generation: 0 }
    }

    pub(crate) fn get(&mut self, hash: &Hash) -> Option<Arc<[u8]>> {
        if self.entries.is_empty() {
            return None;
        }
        let entry = self.entries.get_mut(hash)?;
        entry.used_in = self.generation;
        Some(entry.object.clone())
    }

    pub(crate) fn insert(&mut self, hash: &Hash, object: &[u8]) {
        if self.make_room(object.len() + ENTRY_BYTES) {
            self.hold(hash, object.into());
        }
    }

    /// Holds an object that somebody else holds too.
    pub(crate) fn insert_shared(&mut self, hash: &Hash, object: &Arc<[u8]>) {
        if self.make_room(object.len() + ENTRY_BYTES) {
            self.hold(hash, object.clone());
        }
    }

    /// False if so much is more than there may ever be.
    fn make_room(&mut self, bytes: usize) -> bool {
        let fits = bytes <= self.budget_bytes;
        if fits && self.bytes + bytes > self.budget_bytes {
            self.evict(self.budget_bytes - bytes);
        }
        fits
    }

    fn hold(&mut self, hash: &Hash, object: Arc<[u8]>) {
        let bytes = object.len() + ENTRY_BYTES;
        let entry = Entry { object, used_in: self.generation };
        if self.entries.insert(*hash, entry).is_none() {
            self.bytes += bytes;
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn evict(&mut self, target_bytes: usize) {
        let (generation, mut bytes) = (self.generation, self.bytes);
        self.entries.retain(|_, entry| {
            let keep = entry.used_in == generation;
            if !keep {
                bytes -= entry.object.len() + ENTRY_BYTES;
            }
            keep
        });
        self.bytes = bytes;
        self.generation += 1;
        if self.bytes > target_bytes {
            self.entries.clear();
            self.bytes = 0;
        }
    }
}
