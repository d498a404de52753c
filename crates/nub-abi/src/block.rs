//! Blocks and events: what consensus agreed to execute (`docs/spec/blocks.md`).

use crate::codec::{CodecError, decode_exact};
use crate::{Badge, Hash, InstanceId, blake2b_256};
use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

/// The kind tag in front of an encoded [`Block`].
pub const BLOCK_TAG: u8 = 0x20;

/// A block: a header and the events it runs, in order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Block {
    /// The protocol version its author ran; [`crate::PROTOCOL_VERSION`].
    pub version: u32,
    /// The chain it belongs to.
    pub chain_id: u64,
    /// The state root it builds on.
    pub prior_root: Hash,
    /// The prior state's height plus one.
    pub height: u64,
    /// Milliseconds since the Unix epoch, by convention of the chain; never below the prior state's.
    pub timestamp: u64,
    /// Randomness that consensus agreed on; programs read it.
    pub randomness: [u8; 32],
    /// The events, in order of execution.
    pub events: Vec<Event>,
}

/// A message from outside the machine to a public Instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Event {
    /// The Instance it runs on.
    pub target: InstanceId,
    /// The endpoint's number in the target's Image.
    pub endpoint: u16,
    /// Arguments, opaque to the kernel.
    pub args: Vec<u8>,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// Public Instances to mint Refs to for this call (right `call`, badge = origin).
    pub refs: Vec<InstanceId>,
    /// The callee's caller badge, as the block's author vouches for it where no Chain Instance does.
    pub origin: Badge,
    /// Signatures and the like, for a Chain Instance; opaque to the kernel.
    pub authentication: Vec<u8>,
}

/// What the Chain Instance's `before` returns, SCALE-encoded: how the event runs (`docs/spec/blocks.md`).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Admission {
    /// The caller badge the target reads.
    pub origin: Badge,
    /// The Instance the event runs on.
    pub target: InstanceId,
    /// Its arguments.
    pub args: Vec<u8>,
    /// The most gas it may use; at most the event's own limit.
    pub gas_limit: u64,
}

impl Admission {
    /// Octets that an encoded Admission has beside its arguments, at most: origin, target, their length, gas limit.
    pub const OVERHEAD_BYTES: u32 = 32 + 32 + 5 + 8;
}

impl Block {
    /// The block's bytes: kind tag, then SCALE.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.encoded_size());
        bytes.push(BLOCK_TAG);
        self.encode_to(&mut bytes);
        bytes
    }

    /// Decodes exactly one block from all of `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        match bytes.split_first() {
            Some((&BLOCK_TAG, rest)) => decode_exact(rest),
            _ => Err(CodecError::Malformed("a block starts with kind tag 0x20".into())),
        }
    }

    /// The hash that `System.last_block` keeps.
    pub fn hash(&self) -> Hash {
        blake2b_256(&self.to_bytes())
    }
}
