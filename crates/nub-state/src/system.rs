//! The System: the root object of a state. Its hash is the state root.

use crate::codec::{Body, scale};
use crate::error::DecodeError;
use crate::kind::Kind;
use crate::link::Link;
use alloc::vec::Vec;
use nub_abi::{Hash, Params};
use parity_scale_codec::Encode;

/// The root of a state.
#[derive(Clone, Debug)]
pub struct System {
    /// The rules the state was made by.
    pub protocol_version: u32,
    /// The chain it belongs to.
    pub chain_id: u64,
    /// Blocks applied since genesis.
    pub height: u64,
    /// The last block's, in the chain's unit (milliseconds by convention).
    pub timestamp: u64,
    /// Hash of the last block; zero at genesis.
    pub last_block: Hash,
    /// Receipts root of the last block; zero at genesis and after a block without events.
    pub last_receipts_root: Hash,
    /// Prices and limits in force.
    pub params: Params,
    /// Prices and limits that replace `params` before the first event of the block of that height.
    pub next_params: Option<(u64, Params)>,
    /// A CNode of all Instances, by id.
    pub instances: Link,
}

impl Body for System {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.protocol_version.encode_to(out);
        self.chain_id.encode_to(out);
        self.height.encode_to(out);
        self.timestamp.encode_to(out);
        self.last_block.encode_to(out);
        self.last_receipts_root.encode_to(out);
        self.params.encode_to(out);
        self.next_params.encode_to(out);
        self.instances.encode_to(out);
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        Ok(Self {
            protocol_version: scale(input)?,
            chain_id: scale(input)?,
            height: scale(input)?,
            timestamp: scale(input)?,
            last_block: scale(input)?,
            last_receipts_root: scale(input)?,
            params: scale(input)?,
            next_params: scale(input)?,
            instances: Link::decode(input, Kind::CNode.into())?,
        })
    }
}
