//! A cache by hash under a byte budget. What it holds never shows outside: a miss is only slower.

use crate::random::KernelBuildHasher;
use alloc::collections::VecDeque;
use hashbrown::HashMap;
use nub_abi::Hash;

/// Entries that one insertion passes over because they were used.
const SPARED_MAX: usize = 64;

/// Values by hash. When their bytes exceed the budget, the oldest go that were not used since they were last looked
/// at; so an insertion drops no more than takes the room of what it inserts.
pub(crate) struct Cache<V> {
    entries: HashMap<Hash, Entry<V>, KernelBuildHasher>,
    /// Every entry once, the next to be looked at first.
    order: VecDeque<Hash>,
    bytes: u64,
    budget_bytes: u64,
}

struct Entry<V> {
    value: V,
    bytes: u64,
    is_used: bool,
}

impl<V: Clone> Cache<V> {
    pub(crate) fn new(budget_bytes: u64, hasher: KernelBuildHasher) -> Self {
        Self { entries: HashMap::with_hasher(hasher), order: VecDeque::new(), bytes: 0, budget_bytes }
    }

    /// The value, if it is held.
    pub(crate) fn get(&mut self, hash: &Hash) -> Option<V> {
        let entry = self.entries.get_mut(hash)?;
        entry.is_used = true;
        Some(entry.value.clone())
    }

    /// Holds a value that stands for about `bytes` of memory; evicts first if it would not fit.
    pub(crate) fn insert(&mut self, hash: Hash, value: V, bytes: u64) {
        if bytes > self.budget_bytes {
            return;
        }
        self.evict(self.budget_bytes - bytes);
        let entry = Entry { value, bytes, is_used: false };
        match self.entries.insert(hash, entry) {
            Some(previous) => self.bytes -= previous.bytes,
            None => self.order.push_back(hash),
        }
        self.bytes += bytes;
    }

    /// Drops values, one by one, until no more than `target_bytes` are held.
    fn evict(&mut self, target_bytes: u64) {
        let mut spared = 0;
        while self.bytes > target_bytes {
            let Some(hash) = self.order.pop_front() else { return };
            let Some(entry) = self.entries.get_mut(&hash) else { continue };
            if entry.is_used && spared < SPARED_MAX {
                entry.is_used = false;
                spared += 1;
                self.order.push_back(hash);
                continue;
            }
            self.bytes -= entry.bytes;
            self.entries.remove(&hash);
        }
    }

    /// Drops the value that is next to be looked at; false if none is left.
    pub(crate) fn drop_one(&mut self) -> bool {
        let Some(entry) = self.order.pop_front().and_then(|hash| self.entries.remove(&hash)) else {
            return false;
        };
        self.bytes -= entry.bytes;
        true
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.entries.shrink_to_fit();
        self.order = VecDeque::new();
        self.bytes = 0;
    }

    /// The most bytes it may hold.
    pub(crate) fn budget_bytes(&self) -> u64 {
        self.budget_bytes
    }

    /// Number of values held.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes they stand for.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::kernel_rng;

    fn cache(budget_bytes: u64) -> Cache<u32> {
        Cache::new(budget_bytes, KernelBuildHasher::new(&mut kernel_rng([7; 32])))
    }

    fn key(n: u8) -> Hash {
        Hash([n; 32])
    }

    #[test]
    fn keeps_what_was_used() {
        let mut cache = cache(100);
        cache.insert(key(1), 1, 40);
        cache.insert(key(2), 2, 40);
        assert_eq!(cache.get(&key(1)), Some(1));
        cache.insert(key(3), 3, 40);
        assert_eq!((cache.get(&key(1)), cache.get(&key(2)), cache.get(&key(3))), (Some(1), None, Some(3)));
        // All were used: the oldest goes all the same.
        cache.insert(key(4), 4, 60);
        assert_eq!(cache.bytes(), 100);
        assert_eq!(cache.get(&key(4)), Some(4));
    }

    #[test]
    fn an_insertion_drops_no_more_than_its_room_and_looks_at_few() {
        let mut cache = cache(1000);
        (0..200).for_each(|n| cache.insert(key(n), u32::from(n), 5));
        for n in 200..=255 {
            let before = cache.len();
            cache.insert(key(n), u32::from(n), 10);
            assert!(before - cache.len() <= 1, "two go for one that is twice as large");
        }
        // However many were used, room is found.
        (0..=255).for_each(|n| _ = cache.get(&key(n)));
        cache.insert(Hash::ZERO, 0, 1000);
        assert_eq!((cache.len(), cache.bytes()), (1, 1000));
    }

    #[test]
    fn never_exceeds_its_budget() {
        let mut cache = cache(100);
        for n in 0..200 {
            cache.insert(key(n), u32::from(n), u64::from(n));
            assert!(cache.bytes() <= 100);
        }
        assert!(cache.len() > 0);
    }

    #[test]
    fn replacing_a_value_counts_its_bytes_once() {
        let mut cache = cache(100);
        cache.insert(key(1), 1, 40);
        cache.insert(key(1), 2, 30);
        assert_eq!((cache.len(), cache.bytes(), cache.get(&key(1))), (1, 30, Some(2)));
    }
}
