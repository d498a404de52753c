//! Decoding blocks: what is accepted is canonical.

use super::Session;
use crate::random::Random;
use nub_abi::{Badge, Block, Event, Hash, InstanceId, PROTOCOL_VERSION};

/// Blocks to start from.
pub struct Blocks(Vec<Vec<u8>>);

impl Blocks {
    /// An empty block and one with events.
    pub fn new() -> Self {
        let event = |length: usize| Event {
            target: InstanceId([1; 32]),
            endpoint: 7,
            args: vec![9; length],
            gas_limit: 1 << 40,
            refs: vec![InstanceId([2; 32]); length % 3],
            origin: Badge([3; 32]),
            authentication: vec![4; length / 2],
        };
        let block = |events| Block {
            version: PROTOCOL_VERSION,
            chain_id: 3,
            prior_root: Hash([5; 32]),
            height: 1,
            timestamp: 2,
            randomness: [6; 32],
            events,
        };
        let blocks = [block(vec![]), block(vec![event(3)]), block([0, 1, 70, 300].map(event).to_vec())];
        Self(blocks.iter().map(Block::to_bytes).collect())
    }
}

impl Session for Blocks {
    fn input(&mut self, random: &mut Random) -> Vec<u8> {
        random.mutated(&self.0)
    }

    fn run(&mut self, input: &[u8]) {
        if let Ok(block) = Block::from_bytes(input) {
            assert_eq!(block.to_bytes(), input);
        }
    }
}
