//! Who calls, what runs, which block, how much gas.

use crate::host;

/// The identity of an Instance.
pub type InstanceId = [u8; 32];

/// What the caller's Ref is stamped with; for an event, its authenticated origin.
pub type Badge = [u8; 32];

/// Who holds or owes: a [`Badge`].
pub type Address = Badge;

/// The block being executed; of a query, the state read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockContext {
    /// The 88 octets the kernel writes.
    octets: [u8; 88],
}

impl BlockContext {
    /// The chain.
    pub fn chain_id(&self) -> u64 {
        self.u64_at(0)
    }

    /// The height.
    pub fn height(&self) -> u64 {
        self.u64_at(8)
    }

    /// The timestamp, in the chain's unit (milliseconds by convention).
    pub fn timestamp(&self) -> u64 {
        self.u64_at(16)
    }

    /// The randomness; of a query, zeros.
    pub fn randomness(&self) -> [u8; 32] {
        self.array_at(24)
    }

    /// The hash of the block before.
    pub fn last_block(&self) -> [u8; 32] {
        self.array_at(56)
    }

    /// All of it, as the kernel wrote it.
    pub fn to_bytes(self) -> [u8; 88] {
        self.octets
    }

    fn u64_at(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.array_at(offset))
    }

    fn array_at<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut array = [0; N];
        array.copy_from_slice(&self.octets[offset..offset + N]);
        array
    }
}

/// What the call may still spend, in gas; this host call is already charged.
pub fn gas_left() -> u64 {
    host::gas_left()
}

/// The Instance that called; `None` for an event.
pub fn caller() -> Option<InstanceId> {
    let mut id = [0; 32];
    (host::caller(&mut id) == 1).then_some(id)
}

/// The badge of the Ref this call came through; the origin of an event. This is what to trust.
pub fn badge() -> Badge {
    let mut badge = [0; 32];
    host::badge(&mut badge);
    badge
}

/// The running Instance.
pub fn self_id() -> InstanceId {
    let mut id = [0; 32];
    host::self_id(&mut id);
    id
}

/// The block.
pub fn block_context() -> BlockContext {
    let mut octets = [0; 88];
    host::block_context(&mut octets);
    BlockContext { octets }
}

#[cfg(test)]
mod tests {
    use super::BlockContext;

    #[test]
    fn fields_are_where_the_kernel_puts_them() {
        let kernels = nub_abi::host_call::BlockContext {
            chain_id: 1,
            height: 2,
            timestamp: 3,
            randomness: [4; 32],
            last_block: [5; 32],
        };
        let ours = BlockContext { octets: kernels.to_bytes() };
        assert_eq!((ours.chain_id(), ours.height(), ours.timestamp()), (1, 2, 3));
        assert_eq!((ours.randomness(), ours.last_block()), ([4; 32], [5; 32]));
    }
}
