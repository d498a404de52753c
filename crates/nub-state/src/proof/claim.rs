//! What a proof is about.

use crate::trie::Key;
use nub_abi::InstanceId;
use parity_scale_codec::{Decode, Encode};

/// A place in a state, or among the receipts of a block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Claim {
    /// The Instance of an id. The root is a state root.
    Instance {
        /// The id.
        id: InstanceId,
    },
    /// What an Instance has in a slot (a key of one byte) or in storage. Absent too if there is no such
    /// Instance. The root is a state root.
    Entry {
        /// The Instance.
        instance: InstanceId,
        /// The key.
        key: Key,
    },
    /// A page of an Instance's memory; absent if it is all zero, or there is no such Instance. The root is
    /// a state root.
    MemoryPage {
        /// The Instance.
        instance: InstanceId,
        /// The page's number in its memory, from 0.
        page: u32,
    },
    /// The receipt of a block's event. The root is a receipts root.
    Receipt {
        /// The event's index, from 0.
        index: u32,
    },
    /// The receipt of an event of the block that made a state, through `System.last_receipts_root`. The
    /// root is that state's root.
    StateReceipt {
        /// The event's index, from 0.
        index: u32,
    },
}
