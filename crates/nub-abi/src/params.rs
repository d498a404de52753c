//! `System.params`: the gas table and the limits every node agrees on (`docs/spec/gas.md`, `limits.md`).

use crate::InstanceId;
use parity_scale_codec::{Decode, Encode};

/// Everything a chain may tune without a new kernel. Part of the state root.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Params {
    /// Prices, in gas.
    pub gas: GasTable,
    /// Consensus limits.
    pub limits: Limits,
    /// The most gas the limits of one block's events may sum to.
    pub block_gas: u64,
    /// The gas `before` of the Chain Instance runs under.
    pub before_gas: u64,
    /// The gas `after` of the Chain Instance runs under.
    pub after_gas: u64,
    /// The Chain Instance, if the chain has one.
    pub chain: Option<InstanceId>,
}

/// What work costs, in gas; one executed PVM instruction costs 1 and is not in the table.
///
/// The same amounts are charged whatever is cached, mapped or compiled. `docs/spec/gas.md` says when.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GasTable {
    /// First load or store that touches a page in a call.
    pub page_touch: u64,
    /// First store to a page in a call, beside its touch.
    pub page_store: u64,
    /// First touch of an Instance in a block.
    pub instance_touch: u64,
    /// First touch of an Image in a block.
    pub image_touch: u64,
    /// The same, for each byte of the Image's encoding.
    pub image_touch_byte: u64,
    /// Every host call, known or not.
    pub host_call: u64,
    /// Entering an endpoint, by event or by call.
    pub call: u64,
    /// Each byte of arguments passed to an endpoint.
    pub argument_byte: u64,
    /// Each capability passed to an endpoint.
    pub capability: u64,
    /// Each byte of output or revert data returned, and each byte of it read by the caller.
    pub output_byte: u64,
    /// Each operation on slots or storage.
    pub storage: u64,
    /// The same, for each trie node on the key's path at that moment.
    pub storage_node: u64,
    /// The same, for each byte of key and of value read, written or removed.
    pub storage_byte: u64,
    /// `image_create`, validation and compilation included.
    pub image_create: u64,
    /// The same, for each byte of the encoded Image.
    pub image_create_byte: u64,
    /// `instance_create`.
    pub instance_create: u64,
    /// `instance_clone`, `instance_upgrade`, `instance_destroy`.
    pub instance_manage: u64,
    /// Each operation on a DataCap.
    pub data: u64,
    /// The same, for each byte read or written.
    pub data_byte: u64,
    /// `blake2b` and `keccak`.
    pub hash: u64,
    /// The same, for each byte hashed.
    pub hash_byte: u64,
    /// `emit`.
    pub event: u64,
    /// The same, for each byte of topic and data.
    pub event_byte: u64,
}

/// Limits that decide a verdict, the same on every node. `docs/spec/limits.md` gives the memory they need.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Limits {
    /// Frames on the call stack, the event's own included. At least 1.
    pub call_depth: u32,
    /// Pages touched by the frames now on the stack.
    pub live_pages: u32,
    /// Bytes of an encoded block.
    pub block_bytes: u32,
    /// Events in a block.
    pub block_events: u32,
    /// Bytes of arguments of one event or call.
    pub argument_bytes: u32,
    /// Bytes of output or revert data of one call.
    pub output_bytes: u32,
    /// Capabilities passed with one event or call.
    pub passed_capabilities: u32,
    /// Bytes of an encoded Image.
    pub image_bytes: u32,
    /// Bytes of one event's authentication field.
    pub authentication_bytes: u32,
    /// Bytes of data of one emitted log.
    pub log_bytes: u32,
    /// Bytes of output and logs in all receipts of a block; a log counts 64 more for its topic and origin.
    pub receipts_bytes: u32,
    /// Bytes of the encodings of all Images that a block loads, each counted once.
    pub block_image_bytes: u32,
}

/// The most that any limit in bytes may be: what crosses a boundary in one message fits it.
pub const LIMIT_BYTES_MAX: u32 = 3 << 20;
/// The most that `block_events` may be.
pub const BLOCK_EVENTS_MAX: u32 = 8_192;
/// The deepest call stack: each frame takes an address space.
pub const CALL_DEPTH_MAX: u32 = 64;
/// The most that `live_pages` may be: 256 MiB.
pub const LIVE_PAGES_MAX: u32 = 1 << 16;
/// The most that `passed_capabilities` may be.
pub const PASSED_CAPABILITIES_MAX: u32 = 256;
/// The most that `block_gas`, `before_gas` and `after_gas` may be: sums of gas fit, and gas in whichever machine register
/// is a canonical address, as some machines want of the stack pointer's.
pub const BLOCK_GAS_MAX: u64 = 1 << 46;

impl Default for Params {
    fn default() -> Self {
        Self {
            gas: GasTable::default(),
            limits: Limits::default(),
            block_gas: 100_000_000,
            before_gas: 10_000_000,
            after_gas: 10_000_000,
            chain: None,
        }
    }
}

impl Default for GasTable {
    fn default() -> Self {
        Self {
            page_touch: 100,
            page_store: 200,
            instance_touch: 500,
            image_touch: 500,
            image_touch_byte: 1,
            host_call: 10,
            call: 500,
            argument_byte: 1,
            capability: 50,
            output_byte: 1,
            storage: 100,
            storage_node: 100,
            storage_byte: 1,
            image_create: 1_000,
            image_create_byte: 20,
            instance_create: 2_000,
            instance_manage: 2_000,
            data: 100,
            data_byte: 1,
            hash: 100,
            hash_byte: 4,
            event: 100,
            event_byte: 1,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call_depth: 64,
            live_pages: 4_096,
            block_bytes: 2 << 20,
            block_events: 4_096,
            argument_bytes: 1 << 20,
            output_bytes: 64 << 10,
            passed_capabilities: 16,
            image_bytes: 1 << 20,
            authentication_bytes: 4_096,
            log_bytes: 4_096,
            receipts_bytes: 2 << 20,
            block_image_bytes: 4 << 20,
        }
    }
}
