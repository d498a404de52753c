//! What an event's authentication says, and what is signed.

use nub_sdk::chain::Event;
use nub_sdk::codec::decode_all;
use nub_sdk::{Encode, Scale, block_context};
use signatures::{Key, Signature};

use crate::Failure;
use crate::bank::Error;

/// What the message begins with whose hash is signed.
const DOMAIN: &[u8; 16] = b"nub/event/v1\0\0\0\0";

/// Who signed, with which number.
#[derive(Scale)]
pub struct Authentication {
    key: Key,
    /// How many events the account sent before.
    pub nonce: u64,
    signature: Signature,
}

impl Authentication {
    /// What an event shows; its key must be the one that its origin is the hash of.
    pub fn of(event: &Event) -> Result<Self, Failure> {
        let shown: Self = decode_all(event.authentication)?;
        let account = shown.key.with_octets(nub_sdk::blake2b);
        if *event.origin == account { Ok(shown) } else { Err(Error::WrongKey.into()) }
    }

    /// Is the signature for this event, on this chain, with this number?
    pub fn is_for(&self, event: &Event) -> bool {
        let Event { target, endpoint, args, gas_limit, refs, origin, .. } = *event;
        let (chain_id, args, refs) =
            (block_context().chain_id(), nub_sdk::blake2b(args), nub_sdk::blake2b(refs));
        let message = (DOMAIN, chain_id, self.nonce, target, endpoint, gas_limit, origin);
        let hash = (message, args, refs).with_octets(nub_sdk::blake2b);
        self.key.verifies(&hash, &self.signature)
    }
}
