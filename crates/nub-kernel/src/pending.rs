//! Encoded objects of candidates: made by a block, not yet committed.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use nub_abi::Hash;

/// About what an object takes beside its octets, each candidate's list included.
const OVERHEAD_BYTES: u64 = 160;

/// Objects by hash, each counted once per candidate that made it.
#[derive(Default)]
pub(crate) struct Pending {
    objects: BTreeMap<Hash, Counted>,
    bytes: u64,
    /// What candidates made that are gone, still to be uncounted.
    released: Vec<Vec<Hash>>,
    /// How many objects those are.
    waiting: usize,
}

struct Counted {
    bytes: Arc<[u8]>,
    candidates: u32,
}

impl Pending {
    /// The encoded object, if some live candidate made it.
    pub(crate) fn get(&self, hash: &Hash) -> Option<Arc<[u8]>> {
        self.objects.get(hash).map(|counted| counted.bytes.clone())
    }

    /// Counts one more candidate that made the object.
    pub(crate) fn add(&mut self, hash: Hash, bytes: Vec<u8>) {
        let new_bytes = OVERHEAD_BYTES + bytes.len() as u64;
        let counted = self.objects.entry(hash).or_insert_with(|| {
            self.bytes += new_bytes;
            Counted { bytes: bytes.into(), candidates: 0 }
        });
        counted.candidates += 1;
    }

    /// Gives up what one candidate made: [`Pending::free`] counts it less for each, later.
    pub(crate) fn release(&mut self, hashes: Vec<Hash>) {
        self.waiting += hashes.len();
        self.released.push(hashes);
    }

    /// Uncounts at most so many objects that were given up; drops those that no candidate made. Gives how many.
    pub(crate) fn free(&mut self, objects_max: usize) -> usize {
        let waiting = self.waiting;
        for _ in 0..objects_max.min(waiting) {
            let Some(hash) = self.next_released() else { break };
            self.waiting -= 1;
            if let Some(counted) = self.objects.get_mut(&hash) {
                counted.candidates -= 1;
                if counted.candidates == 0 {
                    self.bytes -= OVERHEAD_BYTES + counted.bytes.len() as u64;
                    self.objects.remove(&hash);
                }
            }
        }
        waiting - self.waiting
    }

    /// Drops an object, whoever made it; false if none is left. For when all go.
    pub(crate) fn drop_one(&mut self) -> bool {
        self.objects.pop_first().is_some()
    }

    fn next_released(&mut self) -> Option<Hash> {
        loop {
            let hashes = self.released.last_mut()?;
            if let Some(hash) = hashes.pop() {
                return Some(hash);
            }
            self.released.pop();
        }
    }

    /// Objects given up that are still counted.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// About how much memory they take, those that wait to be freed included.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many objects there are, those that wait to be freed included.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn an_object_stays_while_one_candidate_made_it() {
        let (hash, mut pending) = (Hash([1; 32]), Pending::default());
        pending.add(hash, vec![5]);
        pending.add(hash, vec![5]);
        pending.release(vec![hash]);
        pending.free(1);
        assert_eq!(pending.get(&hash).as_deref(), Some(&[5][..]));
        assert_eq!(pending.bytes(), OVERHEAD_BYTES + 1);
        pending.release(vec![hash]);
        pending.free(1);
        assert_eq!((pending.get(&hash), pending.len(), pending.bytes()), (None, 0, 0));
    }

    #[test]
    fn no_slice_uncounts_more_than_it_may() {
        let hashes = |first: u8, end: u8| (first..end).map(|n| Hash([n; 32])).collect::<Vec<_>>();
        let mut pending = Pending::default();
        for hash in hashes(0, 100).into_iter().chain(hashes(50, 150)) {
            pending.add(hash, vec![5]);
        }
        pending.release(hashes(0, 100));
        pending.release(vec![]);
        pending.free(30);
        assert_eq!((pending.waiting(), pending.len()), (70, 150));
        pending.free(30);
        assert_eq!((pending.waiting(), pending.len()), (40, 140));
        // One that waits to be given up and was made again stays.
        pending.add(Hash([0; 32]), vec![5]);
        pending.free(usize::MAX);
        assert_eq!((pending.waiting(), pending.len()), (0, 101));
        pending.release(hashes(50, 150));
        pending.release(hashes(0, 1));
        pending.free(usize::MAX);
        assert_eq!((pending.waiting(), pending.len(), pending.bytes()), (0, 0, 0));
    }
}
