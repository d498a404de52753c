//! Witnesses: the objects a block reads, enough to execute it with no store.
//!
//! What is read is what the spec's algorithm asks for by hash, whatever is cached; so a witness is the
//! same bytes on every node.

use crate::arch::Arch;
use crate::block::{CheckedBlock, Executed, execute};
use crate::kernel::Kernel;
use crate::runtime::Runtime;
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;
use nub_abi::error::{Abort, ApplyError, WitnessError};
use nub_abi::{Hash, Summary, blake2b_256};

/// Bytes of a witness that one request gives, or one object if that is longer.
const CHUNK_BYTES: usize = 1 << 20;

impl<A: Arch> Kernel<A> {
    /// Finds the objects that applying a block reads, and gives the first of them, encoded and ascending by
    /// hash. Keeps no candidate. Dropping the root before all are given, if it is a candidate, may end them.
    ///
    /// # Errors
    /// [`ApplyError`] as for [`Kernel::apply_block`].
    pub fn witness_begin(&mut self, prior_root: Hash, block: &[u8]) -> Result<Vec<Vec<u8>>, ApplyError> {
        self.known_system(&prior_root)?;
        let (executed, reads) = self.runtime.recording(|runtime| execute_at(runtime, &prior_root, block));
        self.runtime.pending.release(executed?.rooted.objects);
        self.runtime.free_slice(0);
        self.witness = reads.into_iter().rev().collect();
        self.witness_next()
    }

    /// The next objects of the witness, at most a MiB of them or one; none at its end.
    ///
    /// # Errors
    /// [`ApplyError::Abort`] if the environment failed; the same objects may be asked for again.
    pub fn witness_next(&mut self) -> Result<Vec<Vec<u8>>, ApplyError> {
        let (mut objects, mut bytes) = (Vec::new(), 0);
        for hash in self.witness.iter().rev() {
            self.runtime.make_room(bytes as u64)?;
            let encoded = self.runtime.encoded(hash)?;
            bytes += encoded.len();
            if bytes > CHUNK_BYTES && !objects.is_empty() {
                break;
            }
            objects.push(encoded.to_vec());
        }
        self.witness.truncate(self.witness.len() - objects.len());
        Ok(objects)
    }

    /// Takes objects for the next execution from a witness; `first` drops those given before.
    ///
    /// # Errors
    /// [`Abort::OutOfMemory`].
    pub fn give_witness(&mut self, first: bool, witness: &[Vec<u8>]) -> Result<(), Abort> {
        if first {
            self.given.clear();
        }
        self.runtime.make_room(witness.iter().map(|bytes| bytes.len() as u64 + 64).sum())?;
        self.given.extend_from_slice(witness);
        Ok(())
    }

    /// Executes a block from a witness alone, with what was given before; gives the new root and its summary. Needs no state and
    /// changes none.
    ///
    /// # Errors
    /// [`WitnessError`] if the witness lacks an object, has one too many, or the block does not fit.
    pub fn execute_witness(
        &mut self,
        prior_root: Hash,
        block: &[u8],
        witness: &[Vec<u8>],
    ) -> Result<(Hash, Summary), WitnessError> {
        // Else it would count against the caches.
        self.runtime.forget_spent();
        let mut objects = BTreeMap::new();
        let taken = self.take_witness(witness, &mut objects);
        let given: Vec<Hash> = objects.keys().copied().collect();
        let worked = self.runtime.with_witness(objects, |runtime| {
            taken.map(|()| runtime.recording(|runtime| execute_at(runtime, &prior_root, block)))
        });
        self.runtime.free_slice(0);
        let (executed, reads) = worked?;
        let Executed { rooted, summary } = executed?;
        match given.into_iter().find(|hash| !reads.contains(hash)) {
            Some(surplus) => Err(WitnessError::Surplus(surplus)),
            None => Ok((rooted.root, summary)),
        }
    }

    /// Puts in order what was given before, and this.
    fn take_witness(
        &mut self,
        witness: &[Vec<u8>],
        objects: &mut BTreeMap<Hash, Vec<u8>>,
    ) -> Result<(), WitnessError> {
        for bytes in core::mem::take(&mut self.given).into_iter().chain(witness.iter().cloned()) {
            self.runtime.make_room(2 * bytes.len() as u64).map_err(ApplyError::from)?;
            let hash = blake2b_256(&bytes);
            if objects.insert(hash, bytes).is_some() {
                return Err(WitnessError::Duplicate(hash));
            }
        }
        Ok(())
    }
}

/// Executes a block on a root that the runtime can load.
fn execute_at<A: Arch>(
    runtime: &mut Runtime<A>,
    prior_root: &Hash,
    block: &[u8],
) -> Result<Executed, ApplyError> {
    let not_a_system =
        || Abort::CorruptObject { hash: *prior_root, reason: "it is not a System".to_string() };
    let prior = runtime.system(prior_root)?.ok_or_else(not_a_system)?;
    let checked = CheckedBlock::new(block, &prior, prior_root)?;
    execute(runtime, &prior, &checked)
}
