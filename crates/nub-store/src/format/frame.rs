//! Frames and records: the log.

use super::bytes::{get_hash, get_u32, get_u64, put};
use super::layout::{NO_SEGMENT, RECORD_ALIGN_BYTES};
use crate::device::BLOCK_BYTES;
use alloc::vec::Vec;
use core::ops::Range;
use nub_abi::{Hash, blake2b_256, hash::blake2b_256_parts};

/// The first octets of a frame.
pub const FRAME_MAGIC: [u8; 4] = *b"NUBF";
/// Octets of a frame before its records.
pub const FRAME_HEAD_BYTES: usize = 144;
/// Octets of a record before the object.
pub const RECORD_HEAD_BYTES: usize = 36;
/// Where the digest is, and what it covers of the header.
const DIGEST_AT: usize = 112;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Objects of a commit that goes on.
    Objects,
    /// The last objects of a commit, its root and height.
    Commit {
        /// The root.
        root: Hash,
        /// Its height.
        height: u64,
    },
    /// Objects copied by collection.
    Moved,
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// What it is for.
    pub kind: FrameKind,
    /// Its number.
    pub sequence: u64,
    /// Its segment.
    pub segment: u32,
    /// Its first block in the segment.
    pub block: u32,
    /// Octets of records.
    pub payload_bytes: u32,
    /// Records.
    pub records: u32,
    /// Where the log goes on after the segment, or none.
    pub next_segment: u32,
    /// Digest of the frame before.
    pub link: Hash,
}

/// Octets that an object takes in a frame.
pub const fn record_bytes(object_bytes: usize) -> usize {
    (RECORD_HEAD_BYTES + object_bytes).next_multiple_of(RECORD_ALIGN_BYTES as usize)
}

/// Blocks that a frame takes.
pub const fn frame_blocks(payload_bytes: usize) -> u32 {
    (FRAME_HEAD_BYTES + payload_bytes).div_ceil(BLOCK_BYTES) as u32
}

/// Octets of records that fit into so many blocks.
pub const fn payload_room(blocks: u32) -> usize {
    (blocks as usize * BLOCK_BYTES).saturating_sub(FRAME_HEAD_BYTES)
}

/// The octets before an object: its length and its hash.
pub fn record_head(hash: &Hash, object_bytes: usize) -> [u8; RECORD_HEAD_BYTES] {
    let mut head = [0; RECORD_HEAD_BYTES];
    put(&mut head, 0, &(object_bytes as u32).to_le_bytes());
    put(&mut head, 4, &hash.0);
    head
}

/// Reads the octets before an object: its length and its hash.
pub fn decode_record_head(head: &[u8]) -> (usize, Hash) {
    (get_u32(head, 0) as usize, get_hash(head, 4))
}

impl FrameHeader {
    /// Writes the header over the first octets of a frame whose records are in place; gives the digest.
    pub fn seal(&self, frame: &mut [u8], record_heads: &[u8]) -> Hash {
        put(frame, 0, &FRAME_MAGIC);
        let (kind, root, height) = match self.kind {
            FrameKind::Objects => (1, Hash::ZERO, 0),
            FrameKind::Commit { root, height } => (2, root, height),
            FrameKind::Moved => (3, Hash::ZERO, 0),
        };
        put(frame, 4, &[kind, 0, 0, 0]);
        put(frame, 8, &self.sequence.to_le_bytes());
        for (at, value) in [
            (16, self.segment),
            (20, self.block),
            (24, self.payload_bytes),
            (28, self.records),
            (32, self.next_segment),
            (36, 0),
        ] {
            put(frame, at, &value.to_le_bytes());
        }
        put(frame, 40, &height.to_le_bytes());
        put(frame, 48, &root.0);
        put(frame, 80, &self.link.0);
        let digest = blake2b_256_parts(&[&frame[..DIGEST_AT], record_heads]);
        put(frame, DIGEST_AT, &digest.0);
        digest
    }

    /// Reads the first octets of a frame; `None` if they are none. The digest is not checked yet.
    pub fn decode(head: &[u8]) -> Option<Self> {
        if head[..4] != FRAME_MAGIC || head[5..8] != [0; 3] || get_u32(head, 36) != 0 {
            return None;
        }
        let kind = match (head[4], get_hash(head, 48), get_u64(head, 40)) {
            (1, Hash::ZERO, 0) => FrameKind::Objects,
            (2, root, height) => FrameKind::Commit { root, height },
            (3, Hash::ZERO, 0) => FrameKind::Moved,
            _ => return None,
        };
        Some(Self {
            kind,
            sequence: get_u64(head, 8),
            segment: get_u32(head, 16),
            block: get_u32(head, 20),
            payload_bytes: get_u32(head, 24),
            records: get_u32(head, 28),
            next_segment: get_u32(head, 32),
            link: get_hash(head, 80),
        })
    }

    /// Blocks that it takes.
    pub fn blocks(&self) -> u32 {
        frame_blocks(self.payload_bytes as usize)
    }
}

/// A record of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The hash it says it has.
    pub hash: Hash,
    /// Where it starts in the frame.
    pub at: usize,
    /// Where the object is in the frame.
    pub object: Range<usize>,
}

/// The records of a whole frame and its digest; `None` if the digest or the layout is wrong. The objects'
/// hashes are not checked.
pub fn decode_records(header: &FrameHeader, frame: &[u8]) -> Option<(Vec<Record>, Hash)> {
    let end = FRAME_HEAD_BYTES.checked_add(header.payload_bytes as usize)?;
    if frame.len() < end {
        return None;
    }
    let mut heads = Vec::new();
    let mut records = Vec::new();
    let mut at = FRAME_HEAD_BYTES;
    while at < end {
        let head = frame[..end].get(at..at + RECORD_HEAD_BYTES)?;
        let (length, hash) = decode_record_head(head);
        let object = at + RECORD_HEAD_BYTES..at.checked_add(RECORD_HEAD_BYTES)?.checked_add(length)?;
        let next = at + record_bytes(length);
        if next > end {
            return None;
        }
        heads.extend_from_slice(head);
        records.push(Record { hash, at, object });
        at = next;
    }
    let digest = blake2b_256_parts(&[&frame[..DIGEST_AT], &heads]);
    let is_right = digest == get_hash(frame, DIGEST_AT) && records.len() == header.records as usize;
    is_right.then_some((records, digest))
}

/// A frame under construction.
pub(crate) struct FrameBuilder {
    bytes: Vec<u8>,
    heads: Vec<u8>,
    records: u32,
}

impl FrameBuilder {
    /// One with room for so many octets of so many records.
    pub(crate) fn with_room(payload_bytes: usize, records: usize) -> Self {
        let room_bytes = frame_blocks(payload_bytes) as usize * BLOCK_BYTES;
        let mut bytes = Vec::with_capacity(room_bytes);
        bytes.resize(FRAME_HEAD_BYTES, 0);
        Self { bytes, heads: Vec::with_capacity(records * RECORD_HEAD_BYTES), records: 0 }
    }

    /// Bytes of records so far.
    pub(crate) fn payload_bytes(&self) -> usize {
        self.bytes.len() - FRAME_HEAD_BYTES
    }

    /// Adds an object; gives where its record starts in the frame.
    pub(crate) fn push(&mut self, hash: &Hash, object: &[u8]) -> usize {
        let at = self.bytes.len();
        let head = record_head(hash, object.len());
        self.heads.extend_from_slice(&head);
        self.bytes.extend_from_slice(&head);
        self.bytes.extend_from_slice(object);
        self.bytes.resize(at + record_bytes(object.len()), 0);
        self.records += 1;
        at
    }

    /// The frame in whole blocks, and its digest.
    pub(crate) fn finish(mut self, mut header: FrameHeader) -> (Vec<u8>, Hash) {
        header.payload_bytes = self.payload_bytes() as u32;
        header.records = self.records;
        debug_assert!(header.next_segment != header.segment || header.next_segment == NO_SEGMENT);
        let digest = header.seal(&mut self.bytes, &self.heads);
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK_BYTES), 0);
        (self.bytes, digest)
    }
}

/// Whether the object of a record has its hash.
pub fn is_intact(record: &Record, frame: &[u8]) -> bool {
    blake2b_256(&frame[record.object.clone()]) == record.hash
}
