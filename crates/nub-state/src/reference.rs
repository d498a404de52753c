//! A Ref: the right to call an Instance, named by id, never by its content.

use crate::codec::{Body, scale};
use crate::error::DecodeError;
use alloc::vec::Vec;
use nub_abi::host_call::{RIGHT_CALL, RIGHT_GRANT, RIGHT_MANAGE};
use nub_abi::{Badge, InstanceId};
use parity_scale_codec::{Decode, Encode};

/// The right to call an Instance.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ref {
    /// The Instance; it may no longer exist.
    pub instance: InstanceId,
    /// Bits: 1 call, 2 grant, 4 manage; at least one.
    pub rights: u8,
    /// What the callee reads about its caller.
    pub badge: Badge,
}

impl Ref {
    /// Every right.
    pub const ALL_RIGHTS: u8 = RIGHT_CALL | RIGHT_GRANT | RIGHT_MANAGE;

    /// Whether it has all of these rights.
    pub fn allows(&self, rights: u8) -> bool {
        self.rights & rights == rights
    }
}

impl Body for Ref {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.encode_to(out);
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let reference: Self = scale(input)?;
        match reference.rights {
            1..=Self::ALL_RIGHTS => Ok(reference),
            rights => Err(DecodeError::BadRights(rights)),
        }
    }
}
