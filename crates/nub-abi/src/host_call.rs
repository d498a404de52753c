//! Host calls: `ecalli n` of a contract. `docs/spec/host-calls.md` is the normative description.
//!
//! Arguments arrive in r7…r12, results leave in r7 (and r8 where said). A pointer or length is taken
//! modulo 2³². A range the contract may not read (or write) fails its frame with `Faulted`.

/// The number of a host call, as in `ecalli n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum HostCall {
    /// `return(data, len)`: ends the frame with success and this output.
    Return = 0,
    /// `revert(data, len)`: ends the frame, undoes its changes, gives this output as the message.
    Revert = 1,
    /// `gas_left() → gas`: what the frame may still spend, this call already charged.
    GasLeft = 2,
    /// `caller(out32) → kind`: the calling Instance's id and 1; zeros and 0 for an event.
    Caller = 3,
    /// `badge(out32)`: the badge of the Ref this frame was called through; an event's origin.
    Badge = 4,
    /// `self_id(out32)`: the running Instance's id.
    SelfId = 5,
    /// `block_context(out88)`: see [`BlockContext`].
    BlockContext = 6,
    /// `storage_get(key, key_len, out, out_len) → value length`: copies min(value, out_len) bytes;
    /// [`NONE`] if the key is absent.
    StorageGet = 7,
    /// `storage_put(key, key_len, value, value_len) → 0`.
    StoragePut = 8,
    /// `storage_remove(key, key_len) → 1 if it was there, else 0`.
    StorageRemove = 9,
    /// `call(ref, endpoint, args, args_len, gas, passed) → status, output length (r8)`.
    /// `ref` is a selector; `passed` has the address of a list of u16 selectors in its low half and
    /// their count in its high half.
    Call = 10,
    /// `output_read(out, offset, len) → bytes copied`: from the output of the frame's last call.
    OutputRead = 11,
    /// `image_create(data, len, slot) → 0`: validates an encoded Image and places it in a slot.
    ImageCreate = 12,
    /// `instance_create(image_slot, ref_slot, public, badge32, id_out32) → 0`: a new Instance of the
    /// Image, a Ref with all rights and the given badge in `ref_slot`.
    InstanceCreate = 13,
    /// `emit(topic32, data, len) → 0`: appends a log.
    Emit = 14,
    /// `passed_count() → n`: how many capabilities came with this call.
    PassedCount = 15,
    /// `capability_copy(from, to_slot) → 0`: constant time, whatever its size.
    CapabilityCopy = 16,
    /// `capability_move(from_slot, to_slot) → 0`.
    CapabilityMove = 17,
    /// `capability_drop(slot) → 1 if it held something, else 0`.
    CapabilityDrop = 18,
    /// `ref_mint(from, to_slot, rights, with_badge, badge32) → 0`: a Ref to the same Instance with a
    /// subset of the rights; with another badge only by one who may manage.
    RefMint = 19,
    /// `data_new(slot, size) → 0`: a DataCap of zeros.
    DataNew = 20,
    /// `data_size(from) → size`.
    DataSize = 21,
    /// `data_read(from, offset, out, len) → bytes copied`.
    DataRead = 22,
    /// `data_write(slot, offset, data, len) → 0`: copy-on-write; other copies do not change.
    DataWrite = 23,
    /// `data_map(from, first_page, page_count, at_page) → 0`: a read-only view in free pages of the window.
    DataMap = 24,
    /// `data_unmap(at_page) → 1 if a view began there, else 0`.
    DataUnmap = 25,
    /// `storage_next(key, key_len, out, out_len) → key length`: the first storage key after the given
    /// one; [`NONE`] after the last. An empty key is before all.
    StorageNext = 26,
    /// `blake2b(data, len, out32) → 0`.
    Blake2b = 27,
    /// `keccak(data, len, out32) → 0`.
    Keccak = 28,
    /// `instance_clone(from, ref_slot, badge32, id_out32) → 0`: a new Instance with the same content.
    InstanceClone = 29,
    /// `instance_upgrade(from, image_slot) → 0`: another Image, its initial memory, the same CNode.
    InstanceUpgrade = 30,
    /// `instance_destroy(from) → 0`.
    InstanceDestroy = 31,
    /// `set_params(data, len, height) → 0`: the Chain Instance only.
    SetParams = 32,
    /// `cnode_new(slot) → 0`: an empty CNode.
    CnodeNew = 33,
    /// `cnode_get(from, key, key_len, to_slot) → 0`: a copy of the capability a CNode has under a key.
    CnodeGet = 34,
    /// `cnode_put(slot, key, key_len, from) → 0`: copies a capability into the CNode in a slot.
    CnodePut = 35,
    /// `cnode_remove(slot, key, key_len) → 1 if it was there, else 0`.
    CnodeRemove = 36,
    /// `cnode_next(from, key, key_len, out, out_len) → key length`: as [`Self::StorageNext`], in a CNode.
    CnodeNext = 37,
    /// `cnode_read(from, key, key_len, out, out_len) → value length`: as [`Self::StorageGet`], in a CNode.
    CnodeRead = 38,
    /// `cnode_write(slot, key, key_len, value, value_len) → 0`: as [`Self::StoragePut`], in a CNode.
    CnodeWrite = 39,
}

impl HostCall {
    /// All host calls, by number.
    pub const ALL: [Self; 40] = [
        Self::Return,
        Self::Revert,
        Self::GasLeft,
        Self::Caller,
        Self::Badge,
        Self::SelfId,
        Self::BlockContext,
        Self::StorageGet,
        Self::StoragePut,
        Self::StorageRemove,
        Self::Call,
        Self::OutputRead,
        Self::ImageCreate,
        Self::InstanceCreate,
        Self::Emit,
        Self::PassedCount,
        Self::CapabilityCopy,
        Self::CapabilityMove,
        Self::CapabilityDrop,
        Self::RefMint,
        Self::DataNew,
        Self::DataSize,
        Self::DataRead,
        Self::DataWrite,
        Self::DataMap,
        Self::DataUnmap,
        Self::StorageNext,
        Self::Blake2b,
        Self::Keccak,
        Self::InstanceClone,
        Self::InstanceUpgrade,
        Self::InstanceDestroy,
        Self::SetParams,
        Self::CnodeNew,
        Self::CnodeGet,
        Self::CnodePut,
        Self::CnodeRemove,
        Self::CnodeNext,
        Self::CnodeRead,
        Self::CnodeWrite,
    ];

    /// The host call of a number, if there is one.
    pub fn from_number(number: u64) -> Option<Self> {
        usize::try_from(number).ok().and_then(|index| Self::ALL.get(index).copied())
    }
}

/// Selectors below this name the frame's own slot of that number; the others the capability passed at
/// index `selector - PASSED`.
pub const PASSED: u64 = 256;

/// Shortest key of storage; one-octet keys are slots.
pub const KEY_BYTES_MIN: usize = 2;
/// Longest key of storage.
pub const KEY_BYTES_MAX: usize = 32;
/// Longest value in storage.
pub const VALUE_BYTES_MAX: usize = 4096;

/// Right to call the target.
pub const RIGHT_CALL: u8 = 1;
/// Right to hand the Ref on.
pub const RIGHT_GRANT: u8 = 2;
/// Right to upgrade and destroy the target.
pub const RIGHT_MANAGE: u8 = 4;

/// No value under that key.
pub const NONE: u64 = u64::MAX;
/// The key's length is not allowed.
pub const BAD_KEY: u64 = u64::MAX - 1;
/// A value, argument list or message is longer than allowed.
pub const TOO_LONG: u64 = u64::MAX - 2;
/// The slot or passed capability is absent or of another kind.
pub const NO_CAPABILITY: u64 = u64::MAX - 3;
/// The capability lacks the right.
pub const NO_RIGHT: u64 = u64::MAX - 4;
/// The bytes are not a valid Image.
pub const BAD_IMAGE: u64 = u64::MAX - 5;
/// No host call has that number.
pub const UNKNOWN: u64 = u64::MAX - 6;
/// The slot, selector or flag is out of range.
pub const BAD_ARGUMENT: u64 = u64::MAX - 7;
/// The Instance is on the call stack.
pub const BUSY: u64 = u64::MAX - 8;
/// The Instance does not exist any more.
pub const GONE: u64 = u64::MAX - 9;
/// A CNode would be higher than 16.
pub const TOO_HIGH: u64 = u64::MAX - 10;

/// The endpoint of the Chain Instance that is called before each event.
pub const CHAIN_BEFORE: u16 = 0xfffe;
/// The endpoint of the Chain Instance that is called after each event.
pub const CHAIN_AFTER: u16 = 0xffff;

/// What `block_context` writes: 88 octets, little-endian, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockContext {
    /// The chain.
    pub chain_id: u64,
    /// Height of the block being executed (of a query: of the state read).
    pub height: u64,
    /// Its timestamp, in the chain's unit (milliseconds by convention).
    pub timestamp: u64,
    /// Its randomness (of a query: zero).
    pub randomness: [u8; 32],
    /// Hash of the block before it.
    pub last_block: [u8; 32],
}

impl BlockContext {
    /// Length of the encoding.
    pub const BYTES: usize = 88;

    /// The octets a contract sees.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0..8].copy_from_slice(&self.chain_id.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.height.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.timestamp.to_le_bytes());
        bytes[24..56].copy_from_slice(&self.randomness);
        bytes[56..88].copy_from_slice(&self.last_block);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_in_order() {
        for (number, call) in HostCall::ALL.into_iter().enumerate() {
            assert_eq!(call as usize, number);
            assert_eq!(HostCall::from_number(number as u64), Some(call));
        }
        assert_eq!(HostCall::from_number(40), None);
        assert_eq!(HostCall::from_number(u64::MAX), None);
    }
}
