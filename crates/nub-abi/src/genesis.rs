//! The description a chain starts from.

use crate::{Badge, Params};
use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

/// Everything a chain's first state is made of (`docs/spec/blocks.md`). Height 0, both `last_*` hashes zero.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Genesis {
    /// Identifies the chain; part of every block and of every [`crate::InstanceId`].
    pub chain_id: u64,
    /// Milliseconds since the Unix epoch, by convention of the chain; blocks never go below it.
    pub timestamp: u64,
    /// The parameters in force from height 1.
    pub params: Params,
    /// The first Instances. The n-th one's id is derived from creator zero and creations n.
    pub instances: Vec<GenesisInstance>,
}

/// One Instance of a genesis.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GenesisInstance {
    /// The encoded Image, kind tag included; validated as `image_create` does.
    pub image: Vec<u8>,
    /// Whether events may target it.
    pub public: bool,
    /// Storage: keys of 2 to 32 bytes, strictly ascending, with values of at most 4096 bytes.
    pub storage: Vec<(Vec<u8>, Vec<u8>)>,
    /// Refs placed in its slots, strictly ascending by slot.
    pub refs: Vec<GenesisRef>,
}

/// A Ref that a genesis places in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GenesisRef {
    /// The slot, 0–255.
    pub slot: u8,
    /// The target's index in [`Genesis::instances`].
    pub instance: u32,
    /// Rights bits: 1 call, 2 grant, 4 manage; at least one, no other bit.
    pub rights: u8,
    /// The badge the target reads when called through it.
    pub badge: Badge,
}
