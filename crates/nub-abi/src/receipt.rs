//! Receipts: what became of each event (`docs/spec/blocks.md`).

use crate::{Hash, InstanceId};
use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

/// What became of one event. Part of the receipts root.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// How it ended.
    pub status: Status,
    /// Gas charged; the event's limit when it ran out, 0 when it never started.
    pub gas_used: u64,
    /// Output of a success, revert data of a revert, empty otherwise.
    pub output: Vec<u8>,
    /// Logs in the order emitted; none unless it succeeded.
    pub logs: Vec<Log>,
    /// What it added to storage; zero unless it succeeded.
    pub growth: Growth,
}

/// How an event or call ended. The discriminant is its encoding and the code a caller reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[repr(u8)]
pub enum Status {
    /// It halted or returned.
    Success = 0,
    /// It called `revert`; the output is its message.
    Reverted = 1,
    /// It executed a trap, an invalid jump or an access below 64 KiB.
    Panicked = 2,
    /// It touched memory it may not, by itself or through a host call or its returned range.
    Faulted = 3,
    /// It used all its gas.
    OutOfGas = 4,
    /// It exceeded a limit of `params` (live pages, call depth, output).
    LimitExceeded = 5,
    /// The target does not exist.
    NoTarget = 6,
    /// The target is not public.
    NotPublic = 7,
    /// The target's Image has no such endpoint.
    NoEndpoint = 8,
    /// An Instance named in `refs` does not exist or is not public.
    BadRef = 9,
    /// The Chain Instance's `before` refused it.
    Rejected = 10,
    /// The target is on the call stack already.
    Busy = 11,
}

/// An event emitted by a contract.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Log {
    /// Who emitted it.
    pub instance: InstanceId,
    /// What it is about; 32 octets of the contract's choice.
    pub topic: [u8; 32],
    /// Its content.
    pub data: Vec<u8>,
}

/// What operations did to the size of state directly; copying or dropping a whole object counts only its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Growth {
    /// Keys added minus removed.
    pub keys: i64,
    /// Value bytes written minus replaced.
    pub bytes: i64,
    /// Memory pages made non-zero minus zeroed.
    pub pages: i64,
}

impl core::ops::AddAssign for Growth {
    fn add_assign(&mut self, other: Self) {
        self.keys = self.keys.saturating_add(other.keys);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.pages = self.pages.saturating_add(other.pages);
    }
}

/// What `apply_block` reports beside the new root.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Summary {
    /// The new state's height.
    pub height: u64,
    /// Hash of the block, now `System.last_block`.
    pub block_hash: Hash,
    /// Hash of the trie of receipts, now `System.last_receipts_root`; zero when there is none.
    pub receipts_root: Hash,
    /// One receipt per event, in order.
    pub receipts: Vec<Receipt>,
    /// Sum of the receipts' gas.
    pub gas_used: u64,
    /// Objects hashed to compute the new root; the same on every backend.
    pub objects_hashed: u64,
}
