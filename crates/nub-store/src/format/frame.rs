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
/// Octets of a record before the object: its length.
pub const RECORD_HEAD_BYTES: usize = 4;
/// Octets of a record that the frame's digest covers: length and hash of the object.
const DIGESTED_BYTES: usize = RECORD_HEAD_BYTES + 32;
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

/// What the frame's digest covers of a record.
fn digested(hash: &Hash, object_bytes: usize) -> [u8; DIGESTED_BYTES] {
    let mut octets = [0; DIGESTED_BYTES];
    put(&mut octets, 0, &(object_bytes as u32).to_le_bytes());
    put(&mut octets, RECORD_HEAD_BYTES, &hash.0);
    octets
}

/// The length of the object behind these octets.
pub fn decode_record_head(head: &[u8]) -> usize {
    get_u32(head, 0) as usize
}

impl FrameHeader {
    /// Writes the header over the first octets of a frame whose records are in place; gives the digest, which covers
    /// lengths and hashes of the objects.
    pub fn seal(&self, frame: &mut [u8], lengths_and_hashes: &[u8]) -> Hash {
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
        let digest = blake2b_256_parts(&[&frame[..DIGEST_AT], lengths_and_hashes]);
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
    /// The hash of the object.
    pub hash: Hash,
    /// Where it starts in the frame.
    pub at: usize,
    /// Where the object is in the frame.
    pub object: Range<usize>,
}

/// The records of a whole frame and its digest; `None` if the layout or the digest is wrong. So every object is
/// what was written.
pub fn decode_records(header: &FrameHeader, frame: &[u8]) -> Option<(Vec<Record>, Hash)> {
    let records = find_records(header, frame)?;
    let digest = digest_of(frame, &records);
    (digest == get_hash(frame, DIGEST_AT)).then_some((records, digest))
}

/// The records of a frame whose digest may be wrong; `None` if the layout is. Computes the hash of every object.
pub fn find_records(header: &FrameHeader, frame: &[u8]) -> Option<Vec<Record>> {
    let end = FRAME_HEAD_BYTES.checked_add(header.payload_bytes as usize)?;
    let frame = frame.get(..end)?;
    let mut records = Vec::new();
    let mut at = FRAME_HEAD_BYTES;
    while at < end {
        let length = decode_record_head(frame.get(at..at + RECORD_HEAD_BYTES)?);
        let object = at + RECORD_HEAD_BYTES..at.checked_add(RECORD_HEAD_BYTES)?.checked_add(length)?;
        let hash = blake2b_256(frame.get(object.clone())?);
        records.push(Record { hash, at, object });
        at += record_bytes(length);
    }
    (at == end && records.len() == header.records as usize).then_some(records)
}

/// The digest that a frame with these octets and records must have.
fn digest_of(frame: &[u8], records: &[Record]) -> Hash {
    let mut covered = Vec::with_capacity(records.len() * DIGESTED_BYTES);
    for record in records {
        covered.extend_from_slice(&digested(&record.hash, record.object.len()));
    }
    blake2b_256_parts(&[&frame[..DIGEST_AT], &covered])
}

/// A frame under construction.
pub(crate) struct FrameBuilder {
    bytes: Vec<u8>,
    /// What the digest covers of the records.
    covered: Vec<u8>,
    records: u32,
}

impl FrameBuilder {
    /// One with room for so many octets of so many records.
    pub(crate) fn with_room(payload_bytes: usize, records: usize) -> Self {
        let room_bytes = frame_blocks(payload_bytes) as usize * BLOCK_BYTES;
        let mut bytes = Vec::with_capacity(room_bytes);
        bytes.resize(FRAME_HEAD_BYTES, 0);
        Self { bytes, covered: Vec::with_capacity(records * DIGESTED_BYTES), records: 0 }
    }

    /// Bytes of records so far.
    pub(crate) fn payload_bytes(&self) -> usize {
        self.bytes.len() - FRAME_HEAD_BYTES
    }

    /// Adds an object; gives where its record starts in the frame.
    pub(crate) fn push(&mut self, hash: &Hash, object: &[u8]) -> usize {
        let at = self.bytes.len();
        self.covered.extend_from_slice(&digested(hash, object.len()));
        self.bytes.extend_from_slice(&(object.len() as u32).to_le_bytes());
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
        let digest = header.seal(&mut self.bytes, &self.covered);
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK_BYTES), 0);
        (self.bytes, digest)
    }
}
