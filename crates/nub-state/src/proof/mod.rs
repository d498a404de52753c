//! Proofs: what a state holds, or does not hold, shown to somebody who has its root alone.
//!
//! A proof is the objects that the lookup reads by hash, in the order it reads them, and nothing else
//! (`docs/spec/proofs.md`). So there is exactly one for a claim and a root, and whoever verifies it does the
//! same lookup over it: there is no second algorithm to agree with the first.

mod claim;
mod lookup;
mod prover;
mod verifier;

pub use claim::Claim;
pub use prover::{prove, prove_receipt};
pub use verifier::{ProofError, verify};

use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

/// The encoded objects that a lookup reads by hash, in the order of first read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Proof {
    /// Each longer than 128 bytes, but for the root node of a receipts trie.
    pub objects: Vec<Vec<u8>>,
}

/// What a proof shows.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Verdict {
    /// There is nothing there.
    Absent,
    /// There is this object: its encoding ([`Object::decode`](crate::Object::decode)).
    Present(Vec<u8>),
}
