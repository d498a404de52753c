//! What a contract sees around it.

use super::{Capability, Log};
use crate::{Badge, InstanceId, Selector};
use std::collections::BTreeMap;
use std::vec::Vec;

/// What a contract sees around it.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its storage.
    pub storage: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Its slots.
    pub slots: BTreeMap<u8, Capability>,
    /// What was passed with the call.
    pub passed: Vec<Capability>,
    /// Its logs.
    pub logs: Vec<Log>,
    /// Who calls.
    pub badge: Badge,
    /// The calling Instance.
    pub caller: Option<InstanceId>,
    /// Itself.
    pub self_id: InstanceId,
    /// The chain.
    pub chain_id: u64,
    /// The block's height.
    pub height: u64,
    /// The block's timestamp.
    pub timestamp: u64,
    /// The block's randomness.
    pub randomness: [u8; 32],
    /// The hash of the block before.
    pub last_block: [u8; 32],
    /// What `gas_left` answers.
    pub gas_left: u64,
    /// How many Instances it made.
    pub creations: u64,
    /// The output of its last call.
    pub(super) output: Vec<u8>,
    /// What its next call passes.
    pub(super) passing: Vec<Selector>,
}

impl Default for Environment {
    /// Nothing in storage, an event from badge zero at height 1 of chain 1, at time 0, with much gas.
    fn default() -> Self {
        Self {
            storage: BTreeMap::new(),
            slots: BTreeMap::new(),
            passed: Vec::new(),
            logs: Vec::new(),
            badge: [0; 32],
            caller: None,
            self_id: [0x5E; 32],
            chain_id: 1,
            height: 1,
            timestamp: 0,
            randomness: [0; 32],
            last_block: [0; 32],
            gas_left: 1 << 40,
            creations: 0,
            output: Vec::new(),
            passing: Vec::new(),
        }
    }
}

impl Environment {
    /// The 88 octets of the block context.
    pub(super) fn block_context(&self) -> Vec<u8> {
        let numbers = [self.chain_id, self.height, self.timestamp].map(u64::to_le_bytes);
        [&numbers.concat()[..], &self.randomness, &self.last_block].concat()
    }

    /// The capability a selector names.
    pub(super) fn capability(&self, selector: u64) -> Option<&Capability> {
        match u8::try_from(selector) {
            Ok(slot) => self.slots.get(&slot),
            Err(_) => self.passed.get(selector as usize - usize::from(crate::code::PASSED)),
        }
    }
}
