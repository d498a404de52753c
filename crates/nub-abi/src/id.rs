//! Identities. An [`InstanceId`] is never reused and never grants anything by itself.

use crate::hash::{Hash, blake2b_256_parts, write_hex};
use core::fmt;
use parity_scale_codec::{Decode, Encode};

/// The identity of an Instance (`docs/spec/state.md`). Knowing one is not a right to call it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct InstanceId(pub [u8; 32]);

impl InstanceId {
    /// The creator of the Instances of a genesis; never an Instance.
    pub const ZERO: Self = Self([0; 32]);

    /// The identity of the Instance that `creator` makes when it has made `creations` before:
    /// blake2b-256("nub/instance" ‖ chain_id ‖ creator ‖ creations), integers u64 little-endian.
    pub fn derive(chain_id: u64, creator: Self, creations: u64) -> Self {
        let Hash(id) = blake2b_256_parts(&[
            b"nub/instance",
            &chain_id.to_le_bytes(),
            &creator.0,
            &creations.to_le_bytes(),
        ]);
        Self(id)
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// Thirty-two octets fixed when a Ref is minted and read by the callee: who is calling, in the
/// callee's own terms. For an event it is the origin that the node (or the Chain Instance) vouches for.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Badge(pub [u8; 32]);

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}
