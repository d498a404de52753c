//! Verifying proofs: the lookup over a proof and nothing else.

use super::lookup::{Source, look_up};
use super::{Claim, Proof, Verdict};
use crate::error::{DecodeError, StateError};
use crate::handle::Handle;
use crate::link::Loader;
use crate::object::Object;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use nub_abi::{Hash, blake2b_256};

/// Why a proof is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The lookup reads an object that the proof does not have.
    #[error("the proof lacks object {0}")]
    Missing(Hash),
    /// The proof has an object that the lookup does not read.
    #[error("the proof has object {0}, which the lookup does not read")]
    Surplus(Hash),
    /// The proof has an object twice.
    #[error("the proof has object {0} twice")]
    Duplicate(Hash),
    /// The proof's objects are not in the order in which the lookup reads them.
    #[error("the lookup reads object {expected} where the proof has {found}")]
    Misordered {
        /// What the lookup reads there.
        expected: Hash,
        /// What the proof has there.
        found: Hash,
    },
    /// The bytes have the hash they are read by, but are not canonical.
    #[error("object {hash}: {reason}")]
    Malformed {
        /// The object.
        hash: Hash,
        /// What is wrong with it.
        reason: DecodeError,
    },
    /// The objects are canonical but do not make a state: the root is not that of one.
    #[error("the root is not that of a state: {0}")]
    State(#[from] StateError),
}

/// Checks a proof against a root and tells what it shows. Needs no kernel and no store, takes time and
/// memory linear in the proof, and trusts nothing but the root.
///
/// # Errors
/// [`ProofError`]; the proof then shows nothing, neither presence nor absence.
pub fn verify(root: &Hash, claim: &Claim, proof: &Proof) -> Result<Verdict, ProofError> {
    let mut reader = Reader::new(proof)?;
    let found = look_up(root, claim, &mut reader)?;
    reader.finish()?;
    match found {
        None => Ok(Verdict::Absent),
        Some(handle) => match handle.encoding() {
            Some(encoding) => Ok(Verdict::Present(encoding)),
            None => unreachable!("a decoded object is sealed"),
        },
    }
}

/// Reads a proof in order.
struct Reader<'a> {
    objects: Vec<(Hash, &'a [u8])>,
    /// Where each is in `objects`.
    places: BTreeMap<Hash, usize>,
    /// How many were read.
    read: usize,
}

impl<'a> Reader<'a> {
    fn new(proof: &'a Proof) -> Result<Self, ProofError> {
        let objects: Vec<_> = proof.objects.iter().map(|bytes| (blake2b_256(bytes), &**bytes)).collect();
        let mut places = BTreeMap::new();
        for (place, (hash, _)) in objects.iter().enumerate() {
            if places.insert(*hash, place).is_some() {
                return Err(ProofError::Duplicate(*hash));
            }
        }
        Ok(Self { objects, places, read: 0 })
    }

    /// The bytes of an object that was read before or is the next to read.
    fn bytes(&mut self, hash: &Hash) -> Result<&'a [u8], ProofError> {
        let place = *self.places.get(hash).ok_or(ProofError::Missing(*hash))?;
        if place > self.read {
            return Err(ProofError::Misordered { expected: *hash, found: self.objects[self.read].0 });
        }
        self.read = self.read.max(place + 1);
        Ok(self.objects[place].1)
    }

    /// Everything must have been read.
    fn finish(&self) -> Result<(), ProofError> {
        match self.objects.get(self.read) {
            Some((surplus, _)) => Err(ProofError::Surplus(*surplus)),
            None => Ok(()),
        }
    }
}

impl Loader for Reader<'_> {
    type Error = ProofError;

    fn load(&mut self, hash: &Hash) -> Result<Handle, ProofError> {
        let bytes = self.bytes(hash)?;
        Handle::load(hash, bytes).map_err(|reason| ProofError::Malformed { hash: *hash, reason })
    }
}

impl Source for Reader<'_> {
    fn load_receipts_node(&mut self, hash: &Hash) -> Result<Handle, ProofError> {
        let bytes = self.bytes(hash)?;
        let node = Object::decode(bytes).map_err(|reason| ProofError::Malformed { hash: *hash, reason })?;
        Ok(Handle::new(node))
    }
}
