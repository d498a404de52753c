//! Showing state to others: proofs of single claims, and whole states.

use crate::arch::Arch;
use crate::kernel::Kernel;
use alloc::vec::Vec;
use nub_abi::Hash;
use nub_abi::codec::decode_exact;
use nub_abi::error::{ProveError, QueryError};
use nub_state::export::Export;
use nub_state::proof::{Claim, prove};
use parity_scale_codec::Encode;

/// Bytes of an export that one request gives, or one object if that is longer.
const EXPORT_CHUNK_BYTES: usize = 1 << 20;

impl<A: Arch> Kernel<A> {
    /// An encoded proof of what a root says of an encoded claim.
    ///
    /// # Errors
    /// [`ProveError`] if the root is unknown, the claim is malformed or about a receipt of a block that is not a
    /// live candidate, or the environment failed.
    pub fn prove(&mut self, root: &Hash, claim: &[u8]) -> Result<Vec<u8>, ProveError> {
        self.query_system(root)?;
        let claim: Claim = decode_exact(claim)?;
        let receipts = match (&claim, self.candidates.get(root)) {
            (Claim::StateReceipt { .. }, Some(candidate)) => candidate.summary.receipts.as_slice(),
            (Claim::Receipt { .. } | Claim::StateReceipt { .. }, _) => {
                return Err(ProveError::ReceiptsNotKept);
            }
            _ => &[],
        };
        let proof = prove(root, &claim, receipts, &mut self.runtime).map_err(QueryError::Abort)?;
        Ok(proof.encode())
    }

    /// Begins an export of everything under a root; gives its first bytes. Committing on does not disturb it;
    /// dropping the root, if it is a candidate, may.
    ///
    /// # Errors
    /// [`QueryError`] if the root is unknown or the environment failed.
    pub fn export_begin(&mut self, root: Hash) -> Result<Vec<u8>, QueryError> {
        self.query_system(&root)?;
        self.export = Some(Export::new(root));
        self.export_next()
    }

    /// The next bytes of the export under way; none at its end, and when there is none.
    ///
    /// # Errors
    /// [`QueryError`] if the environment failed; the same bytes may be asked for again.
    pub fn export_next(&mut self) -> Result<Vec<u8>, QueryError> {
        let Some(export) = &mut self.export else { return Ok(Vec::new()) };
        let chunk = export.next_chunk(&mut self.runtime, EXPORT_CHUNK_BYTES)?;
        if chunk.is_empty() {
            self.export = None;
        }
        Ok(chunk)
    }
}
