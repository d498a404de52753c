//! Where things are on a device, and the types that say so.

use crate::device::BLOCK_BYTES;

/// Blocks before the first segment.
pub const HEAD_BLOCKS: u32 = 16;
/// Fewest blocks of a segment.
pub const SEGMENT_BLOCKS_MIN: u32 = 16;
/// Most blocks of a segment.
pub const SEGMENT_BLOCKS_MAX: u32 = 16384;
/// "None" in a field that names a segment.
pub const NO_SEGMENT: u32 = u32::MAX;
/// Addresses are below it.
pub const ADDRESS_END: u64 = 1 << 40;
/// Records start at multiples of so many bytes.
pub const RECORD_ALIGN_BYTES: u64 = 8;
/// Longest device: what addresses reach.
pub const DEVICE_BYTES_MAX: u64 = ADDRESS_END * RECORD_ALIGN_BYTES;

/// Where a record is on the device, in units of eight bytes; below 2⁴⁰.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(pub u64);

impl Address {
    /// Of a byte offset, which is a multiple of eight.
    pub fn of_offset(offset: u64) -> Self {
        debug_assert!(offset.is_multiple_of(RECORD_ALIGN_BYTES) && offset < DEVICE_BYTES_MAX);
        Self(offset / RECORD_ALIGN_BYTES)
    }

    /// Its byte offset on the device.
    pub fn offset(self) -> u64 {
        self.0 * RECORD_ALIGN_BYTES
    }
}

/// How a device is cut into segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Blocks a segment.
    pub segment_blocks: u32,
}

impl Geometry {
    /// Whether the number of blocks is allowed.
    pub fn is_valid(self) -> bool {
        (SEGMENT_BLOCKS_MIN..=SEGMENT_BLOCKS_MAX).contains(&self.segment_blocks)
    }

    /// Bytes of a segment.
    pub fn segment_bytes(self) -> u64 {
        u64::from(self.segment_blocks) * BLOCK_BYTES as u64
    }

    /// How long a device of so many segments is.
    pub fn device_bytes(self, segments: u32) -> u64 {
        u64::from(HEAD_BLOCKS) * BLOCK_BYTES as u64 + u64::from(segments) * self.segment_bytes()
    }

    /// How many whole segments a device has, at most 2³² − 2.
    pub fn segments_in(self, device_bytes: u64) -> u32 {
        let bytes = device_bytes.min(DEVICE_BYTES_MAX).saturating_sub(self.device_bytes(0));
        u32::try_from(bytes / self.segment_bytes()).unwrap_or(NO_SEGMENT - 1).min(NO_SEGMENT - 1)
    }

    /// The device's block number of a block of a segment.
    pub fn block_of(self, segment: u32, block: u32) -> u32 {
        (u64::from(HEAD_BLOCKS) + u64::from(segment) * u64::from(self.segment_blocks) + u64::from(block))
            as u32
    }

    /// The byte offset of a block of a segment.
    pub fn offset_of(self, segment: u32, block: u32) -> u64 {
        u64::from(self.block_of(segment, block)) * BLOCK_BYTES as u64
    }

    /// The segment of a byte offset, and the byte in it; `None` before the first segment.
    pub fn locate(self, offset: u64) -> Option<(u32, u64)> {
        let inside = offset.checked_sub(self.device_bytes(0))?;
        Some((u32::try_from(inside / self.segment_bytes()).ok()?, inside % self.segment_bytes()))
    }

    /// The segment of a device's block number, and the block in it; `None` before the first segment.
    pub fn locate_block(self, block: u32) -> Option<(u32, u32)> {
        let inside = block.checked_sub(HEAD_BLOCKS)?;
        Some((inside / self.segment_blocks, inside % self.segment_blocks))
    }
}
