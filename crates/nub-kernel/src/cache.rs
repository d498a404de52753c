//! A cache by hash under a byte budget. What it holds never shows outside: a miss is only slower.

use crate::random::KernelBuildHasher;
use hashbrown::HashMap;
use nub_abi::Hash;

/// Values by hash. When their bytes exceed the budget, those not used since the last eviction go.
pub(crate) struct Cache<V> {
    entries: HashMap<Hash, Entry<V>, KernelBuildHasher>,
    bytes: u64,
    budget_bytes: u64,
    generation: u64,
}

struct Entry<V> {
    value: V,
    bytes: u64,
    used_in: u64,
}

impl<V: Clone> Cache<V> {
    pub(crate) fn new(budget_bytes: u64, hasher: KernelBuildHasher) -> Self {
        Self { entries: HashMap::with_hasher(hasher), bytes: 0, budget_bytes, generation: 0 }
    }

    /// The value, if it is held.
    pub(crate) fn get(&mut self, hash: &Hash) -> Option<V> {
        let entry = self.entries.get_mut(hash)?;
        entry.used_in = self.generation;
        Some(entry.value.clone())
    }

    /// Holds a value that stands for about `bytes` of memory; evicts first if it would not fit.
    pub(crate) fn insert(&mut self, hash: Hash, value: V, bytes: u64) {
        if bytes > self.budget_bytes {
            return;
        }
        if self.bytes + bytes > self.budget_bytes {
            self.evict(self.budget_bytes - bytes);
        }
        let entry = Entry { value, bytes, used_in: self.generation };
        if let Some(previous) = self.entries.insert(hash, entry) {
            self.bytes -= previous.bytes;
        }
        self.bytes += bytes;
    }

    /// Drops what was not used since the last eviction; everything, if that is not enough.
    fn evict(&mut self, target_bytes: u64) {
        let (generation, mut bytes) = (self.generation, self.bytes);
        self.entries.retain(|_, entry| {
            let keep = entry.used_in == generation;
            if !keep {
                bytes -= entry.bytes;
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

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.entries.shrink_to_fit();
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
    fn keeps_what_was_used_since_the_last_eviction() {
        let mut cache = cache(100);
        cache.insert(key(1), 1, 40);
        cache.insert(key(2), 2, 40);
        cache.insert(key(3), 3, 40); // everything was fresh: all go
        assert_eq!((cache.get(&key(1)), cache.get(&key(3))), (None, Some(3)));
        cache.insert(key(4), 4, 40);
        cache.evict(100);
        assert_eq!(cache.get(&key(4)), Some(4));
        cache.insert(key(5), 5, 60); // 3 was not used since, 4 was
        assert_eq!((cache.get(&key(3)), cache.get(&key(4)), cache.get(&key(5))), (None, Some(4), Some(5)));
        assert_eq!(cache.bytes(), 100);
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
