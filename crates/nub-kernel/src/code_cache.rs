//! Machine code by Image, under a byte budget. What it holds never shows outside: a miss is only slower.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use javm_isa::OpcodeTable;
use nub_abi::Hash;

/// What machine code was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CodeKey {
    pub(crate) image: Hash,
    table: bool,
    features: u32,
}

impl CodeKey {
    /// An Image's program under an opcode table, with optional instructions.
    pub(crate) fn new(image: Hash, table: OpcodeTable, features: u32) -> Self {
        Self { image, table: table == OpcodeTable::JamV1, features }
    }
}

/// The least recently used goes first. What a call in progress holds stays: its memory would not come free.
pub(crate) struct CodeCache<N> {
    entries: BTreeMap<CodeKey, Kept<N>>,
    /// Keys by last use, oldest first.
    by_use: BTreeMap<u64, CodeKey>,
    uses: u64,
    bytes: u64,
    budget_bytes: u64,
}

struct Kept<N> {
    code: Arc<N>,
    bytes: u64,
    used_at: u64,
}

impl<N> CodeCache<N> {
    pub(crate) fn new(budget_bytes: u64) -> Self {
        Self { entries: BTreeMap::new(), by_use: BTreeMap::new(), uses: 0, bytes: 0, budget_bytes }
    }

    /// The code, if it is held.
    pub(crate) fn get(&mut self, key: &CodeKey) -> Option<Arc<N>> {
        let kept = self.entries.get_mut(key)?;
        self.by_use.remove(&kept.used_at);
        self.uses += 1;
        kept.used_at = self.uses;
        self.by_use.insert(self.uses, *key);
        Some(kept.code.clone())
    }

    /// Whether the code is held.
    pub(crate) fn contains(&self, key: &CodeKey) -> bool {
        self.entries.contains_key(key)
    }

    /// Makes room for `bytes` if that can be done. False if calls in progress hold too much.
    pub(crate) fn make_room(&mut self, bytes: u64) -> bool {
        let Some(target_bytes) = self.budget_bytes.checked_sub(bytes) else { return false };
        if self.bytes > target_bytes {
            self.evict(target_bytes);
        }
        self.bytes <= target_bytes
    }

    /// Holds code that takes `bytes` of memory, if there is room or room can be made.
    pub(crate) fn insert(&mut self, key: CodeKey, code: Arc<N>, bytes: u64) {
        self.remove(&key);
        if !self.make_room(bytes) {
            return;
        }
        self.uses += 1;
        self.bytes += bytes;
        self.by_use.insert(self.uses, key);
        self.entries.insert(key, Kept { code, bytes, used_at: self.uses });
    }

    /// Forgets code.
    pub(crate) fn remove(&mut self, key: &CodeKey) {
        if let Some(kept) = self.entries.remove(key) {
            self.by_use.remove(&kept.used_at);
            self.bytes -= kept.bytes;
        }
    }

    fn evict(&mut self, target_bytes: u64) {
        let mut excess = self.bytes.saturating_sub(target_bytes);
        let mut victims = alloc::vec::Vec::new();
        for key in self.by_use.values() {
            let Some(kept) = self.entries.get(key) else { continue };
            if excess == 0 {
                break;
            }
            if Arc::strong_count(&kept.code) == 1 {
                excess = excess.saturating_sub(kept.bytes);
                victims.push(*key);
            }
        }
        victims.iter().for_each(|key| self.remove(key));
    }

    /// What is held.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &N> {
        self.entries.values().map(|kept| &*kept.code)
    }

    /// Bytes that it stands for.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The most bytes it may hold.
    pub(crate) fn budget_bytes(&self) -> u64 {
        self.budget_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> CodeKey {
        CodeKey::new(Hash([n; 32]), OpcodeTable::JamV1, 0)
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut cache = CodeCache::new(100);
        (1..=3).for_each(|n| cache.insert(key(n), Arc::new(n), 30));
        assert!(cache.get(&key(1)).is_some());
        cache.insert(key(4), Arc::new(4), 30);
        let held: alloc::vec::Vec<u8> = cache.codes().copied().collect();
        assert_eq!(held, [1, 3, 4]);
        assert_eq!(cache.bytes, 90);
    }

    #[test]
    fn what_a_call_holds_stays() {
        let mut cache = CodeCache::new(100);
        let pinned = Arc::new(1);
        cache.insert(key(1), pinned.clone(), 60);
        cache.insert(key(2), Arc::new(2), 30);
        assert!(!cache.make_room(50), "60 of 100 are held by a call");
        assert!(cache.get(&key(2)).is_none() && cache.get(&key(1)).is_some());
        cache.insert(key(3), Arc::new(3), 50);
        assert!(cache.get(&key(3)).is_none());
        drop(pinned);
        cache.insert(key(3), Arc::new(3), 50);
        assert!(cache.get(&key(3)).is_some() && cache.get(&key(1)).is_none());
    }

    #[test]
    fn tables_and_features_are_told_apart() {
        let mut cache = CodeCache::new(100);
        cache.insert(key(1), Arc::new(1), 1);
        assert!(cache.get(&CodeKey::new(Hash([1; 32]), OpcodeTable::Gp07, 0)).is_none());
        assert!(cache.get(&CodeKey::new(Hash([1; 32]), OpcodeTable::JamV1, 1)).is_none());
    }

    #[test]
    fn what_is_larger_than_the_budget_evicts_nothing() {
        let mut cache = CodeCache::new(100);
        cache.insert(key(1), Arc::new(1), 10);
        assert!(!cache.make_room(101));
        cache.insert(key(2), Arc::new(2), 101);
        assert!(cache.get(&key(1)).is_some() && cache.get(&key(2)).is_none());
    }
}
