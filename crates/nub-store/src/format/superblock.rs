//! The superblock: what a checkpoint says.

use super::bytes::{get_hash, get_u32, get_u64, put};
use super::layout::Geometry;
use super::map::PageRef;
use crate::device::BLOCK_BYTES;
use alloc::vec;
use alloc::vec::Vec;
use nub_abi::{Hash, blake2b_256, hash::blake2b_256_parts};

/// The first octets of a store.
pub const MAGIC: [u8; 8] = *b"nubstore";
/// The version of the format.
pub const VERSION: u32 = 2;
/// Most roots retained.
pub const ROOTS_MAX: usize = 64;
/// Most list pages.
pub const LISTS_MAX: usize = 114;
/// How many copies of superblocks a device has.
pub const COPIES: u32 = 4;

const ROOTS_AT: usize = 128;
const ROOT_BYTES: usize = 40;
const LISTS_AT: usize = 2688;
const LIST_BYTES: usize = 12;
const DIGEST_AT: usize = 4064;

/// A committed root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootEntry {
    /// The state root.
    pub root: Hash,
    /// Its height.
    pub height: u64,
}

/// Where the log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The segment.
    pub segment: u32,
    /// The block in it where the next frame goes; the number of blocks of a segment if it is full.
    pub block: u32,
    /// Where the log goes on after the segment, or [`NO_SEGMENT`](super::layout::NO_SEGMENT).
    pub next_segment: u32,
    /// Sequence of the next frame.
    pub sequence: u64,
    /// Digest of the last frame.
    pub link: Hash,
}

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// How the device is cut.
    pub geometry: Geometry,
    /// Whose state it is.
    pub chain_id: u64,
    /// Its number.
    pub checkpoint: u64,
    /// Segments of the device.
    pub segments: u32,
    /// Roots retained.
    pub retention: u32,
    /// Where the log ends.
    pub tail: Tail,
    /// The retained roots, oldest first.
    pub roots: Vec<RootEntry>,
    /// Objects in the index.
    pub objects: u64,
    /// Bytes of records that were live after the last collection; 0 before the first.
    pub live_bytes: u64,
    /// Bytes of the map.
    pub map_bytes: u64,
    /// The list pages.
    pub lists: Vec<PageRef>,
}

/// Why a block is no superblock of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSuperblock {
    /// All zeros.
    Blank,
    /// It does not begin with the magic.
    Foreign,
    /// It is whole, and of this later version.
    Newer(u32),
    /// It is whole, and of this earlier version.
    Older(u32),
    /// Its digest or a field is wrong.
    Damaged,
}

/// The digest that the first frame of a chain's store follows.
pub fn first_link(chain_id: u64) -> Hash {
    blake2b_256_parts(&[b"nub/store", &chain_id.to_le_bytes()])
}

impl Superblock {
    /// The first of the two blocks it is written to.
    pub fn block(&self) -> u32 {
        (self.checkpoint % 2) as u32 * 2
    }

    /// Its block.
    pub fn encode(&self) -> Vec<u8> {
        assert!(self.roots.len() <= ROOTS_MAX && self.lists.len() <= LISTS_MAX);
        let mut block = vec![0; BLOCK_BYTES];
        put(&mut block, 0, &MAGIC);
        for (at, value) in [
            (8, VERSION),
            (12, self.geometry.segment_blocks),
            (32, self.segments),
            (36, self.retention),
            (40, self.tail.segment),
            (44, self.tail.block),
            (48, self.tail.next_segment),
            (52, self.roots.len() as u32),
            (120, self.lists.len() as u32),
        ] {
            put(&mut block, at, &value.to_le_bytes());
        }
        for (at, value) in [
            (16, self.chain_id),
            (24, self.checkpoint),
            (56, self.tail.sequence),
            (96, self.objects),
            (104, self.live_bytes),
            (112, self.map_bytes),
        ] {
            put(&mut block, at, &value.to_le_bytes());
        }
        put(&mut block, 64, &self.tail.link.0);
        for (entry, at) in self.roots.iter().zip((ROOTS_AT..).step_by(ROOT_BYTES)) {
            put(&mut block, at, &entry.root.0);
            put(&mut block, at + 32, &entry.height.to_le_bytes());
        }
        for (list, at) in self.lists.iter().zip((LISTS_AT..).step_by(LIST_BYTES)) {
            list.put(&mut block, at);
        }
        let digest = blake2b_256(&block[..DIGEST_AT]);
        put(&mut block, DIGEST_AT, &digest.0);
        block
    }

    /// Reads a block.
    ///
    /// # Errors
    /// [`BadSuperblock`].
    pub fn decode(block: &[u8]) -> Result<Self, BadSuperblock> {
        if block.iter().all(|&byte| byte == 0) {
            return Err(BadSuperblock::Blank);
        }
        if block[..8] != MAGIC {
            return Err(BadSuperblock::Foreign);
        }
        if get_hash(block, DIGEST_AT) != blake2b_256(&block[..DIGEST_AT]) {
            return Err(BadSuperblock::Damaged);
        }
        match get_u32(block, 8) {
            VERSION => Self::decode_fields(block).ok_or(BadSuperblock::Damaged),
            version if version > VERSION => Err(BadSuperblock::Newer(version)),
            version => Err(BadSuperblock::Older(version)),
        }
    }

    fn decode_fields(block: &[u8]) -> Option<Self> {
        let roots = get_u32(block, 52) as usize;
        let lists = get_u32(block, 120) as usize;
        let superblock = Self {
            geometry: Geometry { segment_blocks: get_u32(block, 12) },
            chain_id: get_u64(block, 16),
            checkpoint: get_u64(block, 24),
            segments: get_u32(block, 32),
            retention: get_u32(block, 36),
            tail: Tail {
                segment: get_u32(block, 40),
                block: get_u32(block, 44),
                next_segment: get_u32(block, 48),
                sequence: get_u64(block, 56),
                link: get_hash(block, 64),
            },
            objects: get_u64(block, 96),
            live_bytes: get_u64(block, 104),
            map_bytes: get_u64(block, 112),
            roots: (ROOTS_AT..)
                .step_by(ROOT_BYTES)
                .take(roots.min(ROOTS_MAX))
                .map(|at| RootEntry { root: get_hash(block, at), height: get_u64(block, at + 32) })
                .collect(),
            lists: (LISTS_AT..)
                .step_by(LIST_BYTES)
                .take(lists.min(LISTS_MAX))
                .map(|at| PageRef::get(block, at))
                .collect(),
        };
        let is_valid = superblock.geometry.is_valid()
            && (1..=ROOTS_MAX as u32).contains(&superblock.retention)
            && roots <= superblock.retention as usize
            && lists <= LISTS_MAX
            && superblock.tail.segment < superblock.segments
            && superblock.tail.block <= superblock.geometry.segment_blocks;
        is_valid.then_some(superblock)
    }
}
