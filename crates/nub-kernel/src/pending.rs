//! Encoded objects of candidates: made by a block, not yet committed.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use nub_abi::Hash;

/// Objects by hash, each counted once per candidate that made it.
#[derive(Default)]
pub(crate) struct Pending {
    objects: BTreeMap<Hash, Counted>,
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
        let counted =
            self.objects.entry(hash).or_insert_with(|| Counted { bytes: bytes.into(), candidates: 0 });
        counted.candidates += 1;
    }

    /// Counts one candidate less for each; drops those that none made.
    pub(crate) fn release(&mut self, hashes: &[Hash]) {
        for hash in hashes {
            if let Some(counted) = self.objects.get_mut(hash) {
                counted.candidates -= 1;
                if counted.candidates == 0 {
                    self.objects.remove(hash);
                }
            }
        }
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
        pending.release(&[hash]);
        assert_eq!((pending.get(&hash), pending.len()), (None, 0));
    }
}
