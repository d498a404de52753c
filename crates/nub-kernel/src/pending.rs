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

    /// Counts one candidate less for each; drops those that none made.
    pub(crate) fn release(&mut self, hashes: &[Hash]) {
        for hash in hashes {
            if let Some(counted) = self.objects.get_mut(hash) {
                counted.candidates -= 1;
                if counted.candidates == 0 {
                    self.bytes -= OVERHEAD_BYTES + counted.bytes.len() as u64;
                    self.objects.remove(hash);
                }
            }
        }
    }

    /// About how much memory they take.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many objects there are.
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
        pending.release(&[hash]);
        assert_eq!(pending.get(&hash).as_deref(), Some(&[5][..]));
        assert_eq!(pending.bytes(), OVERHEAD_BYTES + 1);
        pending.release(&[hash]);
        assert_eq!((pending.get(&hash), pending.len(), pending.bytes()), (None, 0, 0));
    }
}
