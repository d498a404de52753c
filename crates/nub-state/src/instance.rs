//! An Instance: a running actor. It exists only in `System.instances`, by its id.

use crate::codec::{Body, scale};
use crate::error::DecodeError;
use crate::kind::Kind;
use crate::link::Link;
use alloc::vec::Vec;
use parity_scale_codec::Encode;

/// A running actor.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The Image it runs.
    pub image: Link,
    /// The CNode with its slots and storage.
    pub cnode: Link,
    /// The DataCap with its data and heap; no host call can name it.
    pub memory: Link,
    /// Whether events may target it.
    pub public: bool,
    /// Instances it has created.
    pub creations: u64,
}

impl Body for Instance {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.image.encode_to(out);
        self.cnode.encode_to(out);
        self.memory.encode_to(out);
        self.public.encode_to(out);
        self.creations.encode_to(out);
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        Ok(Self {
            image: Link::decode(input, Kind::Image.into())?,
            cnode: Link::decode(input, Kind::CNode.into())?,
            memory: Link::decode(input, Kind::DataCap.into())?,
            public: scale(input)?,
            creations: scale(input)?,
        })
    }
}
