//! Making proofs: the lookup over whatever has the objects, written down.

use super::lookup::{Source, look_up};
use super::{Claim, Proof};
use crate::error::StateError;
use crate::handle::Handle;
use crate::link::{Loader, NoLoader};
use crate::receipts::SealedReceipts;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use nub_abi::{Hash, Receipt};

/// The proof of a claim against a root.
///
/// `receipts` are those of the block that made the state of that root, or that the root is the receipts
/// root of; only claims about receipts look at them, and they are in no store.
///
/// # Errors
/// The loader's, and [`StateError`] for a state that does not hang together or receipts that are not those
/// of the root ([`StateError::Missing`] with the receipts root).
pub fn prove<L: Loader>(
    root: &Hash,
    claim: &Claim,
    receipts: &[Receipt],
    loader: &mut L,
) -> Result<Proof, L::Error> {
    let receipts = match claim {
        Claim::Receipt { .. } | Claim::StateReceipt { .. } => SealedReceipts::new(receipts),
        Claim::Instance { .. } | Claim::Entry { .. } | Claim::MemoryPage { .. } => SealedReceipts::default(),
    };
    let mut recorder = Recorder { loader, receipts, objects: Vec::new(), seen: BTreeSet::new() };
    look_up(root, claim, &mut recorder)?;
    Ok(Proof { objects: recorder.objects })
}

/// The proof that a block had this receipt at `index`, or none, against the receipts root
/// ([`receipts_root`](crate::receipts_root)).
pub fn prove_receipt(receipts: &[Receipt], index: u32) -> Proof {
    let root = SealedReceipts::new(receipts).root();
    match prove(&root, &Claim::Receipt { index }, receipts, &mut NoLoader) {
        Ok(proof) => proof,
        Err(_) => unreachable!("the receipts trie is all there"),
    }
}

/// Writes down what is loaded.
struct Recorder<'a, L> {
    loader: &'a mut L,
    receipts: SealedReceipts,
    objects: Vec<Vec<u8>>,
    seen: BTreeSet<Hash>,
}

impl<L: Loader> Recorder<'_, L> {
    fn record(&mut self, hash: &Hash, handle: &Handle) {
        if self.seen.insert(*hash) {
            let Some(encoding) = handle.encoding() else { unreachable!("a loaded object is sealed") };
            self.objects.push(encoding);
        }
    }
}

impl<L: Loader> Loader for Recorder<'_, L> {
    type Error = L::Error;

    fn load(&mut self, hash: &Hash) -> Result<Handle, L::Error> {
        let handle = match self.receipts.get(hash) {
            Some(handle) => handle.clone(),
            None => self.loader.load(hash)?,
        };
        self.record(hash, &handle);
        Ok(handle)
    }
}

impl<L: Loader> Source for Recorder<'_, L> {
    fn load_receipts_node(&mut self, hash: &Hash) -> Result<Handle, L::Error> {
        let node = self.receipts.root_node().filter(|_| self.receipts.root() == *hash);
        let node = node.cloned().ok_or(StateError::Missing(*hash))?;
        self.record(hash, &node);
        Ok(node)
    }
}
