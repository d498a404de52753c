//! Appending frames to the log.

use crate::device::{BLOCK_BYTES, BlockDevice, Write};
use crate::error::WriteError;
use crate::format::frame::{FrameBuilder, FrameHeader, FrameKind, frame_blocks, payload_room, record_bytes};
use crate::format::layout::{Address, NO_SEGMENT};
use crate::format::map::SegmentState;
use crate::format::superblock::Tail;
use crate::store::Store;
use alloc::vec::Vec;
use core::ops::Range;
use nub_abi::Hash;

/// Objects with their hashes, to be written.
pub(crate) type Batch<'a> = [(Hash, &'a [u8])];

/// A frame to be: which of the log's next segments, its first block, which objects.
struct Part {
    step: usize,
    block: u32,
    objects: Range<usize>,
    payload_bytes: usize,
}

/// What appending came to.
pub(crate) struct Appended {
    /// Where each object's record is.
    pub(crate) addresses: Vec<Address>,
    /// Bytes of the frames.
    pub(crate) bytes: u64,
}

/// Cuts objects into frames, from a block of a segment on. The last part is the last frame, with or without
/// objects. Each object must fit into an empty segment.
fn plan(from_block: u32, segment_blocks: u32, batch: &Batch<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut part = Part { step: 0, block: from_block, objects: 0..0, payload_bytes: 0 };
    let mut room = payload_room(segment_blocks - from_block);
    let is_full = from_block == segment_blocks;
    let next = |part: &Part| Part {
        step: part.step + 1,
        block: 0,
        objects: part.objects.end..part.objects.end,
        payload_bytes: 0,
    };
    if is_full {
        part = next(&part);
        room = payload_room(segment_blocks);
    }
    for (_, object) in batch {
        let bytes = record_bytes(object.len());
        if part.payload_bytes + bytes > room {
            let following = next(&part);
            let full = core::mem::replace(&mut part, following);
            if !full.objects.is_empty() {
                parts.push(full);
            }
            room = payload_room(segment_blocks);
        }
        part.objects.end += 1;
        part.payload_bytes += bytes;
    }
    parts.push(part);
    parts
}

impl<D: BlockDevice> Store<D> {
    /// The longest object.
    pub(crate) fn object_bytes_max(&self) -> usize {
        payload_room(self.segments.geometry().segment_blocks) - record_bytes(0) + 4
    }

    /// Writes objects in as many frames as it takes, the last of this kind; does not flush. `keep` free
    /// segments must remain.
    ///
    /// # Errors
    /// [`WriteError::Full`]: nothing was written. A device's failure is final.
    pub(crate) fn append(
        &mut self,
        batch: &Batch<'_>,
        last: FrameKind,
        keep: usize,
    ) -> Result<Appended, WriteError> {
        self.check_writable()?;
        self.fence(keep)?;
        let segment_blocks = self.segments.geometry().segment_blocks;
        let mut parts = plan(self.tail.block, segment_blocks, batch);
        let skips_tail = parts.first().is_some_and(|part| part.step > 0);
        if skips_tail && (self.tail.next_segment == NO_SEGMENT || self.next_is_unrecorded) {
            // Only a superblock can say where the log goes on.
            self.reserve_next(keep)?;
            self.checkpoint()?;
            parts = plan(self.tail.block, segment_blocks, batch);
        }
        let steps = parts.last().map_or(0, |part| part.step);
        let segments = self.segments_for(steps, keep)?;
        let appended = self.write_parts(&parts, &segments, batch, last)?;
        self.settle(&parts, &segments);
        Ok(appended)
    }

    /// Sees to it that the log has a next segment.
    fn reserve_next(&mut self, keep: usize) -> Result<(), WriteError> {
        if self.tail.next_segment == NO_SEGMENT {
            self.tail.next_segment = self.take_segment(keep)?;
            self.next_is_unrecorded = true;
        }
        Ok(())
    }

    /// The tail's segment, so many after it, and one more or none.
    fn segments_for(&mut self, steps: usize, keep: usize) -> Result<Vec<u32>, WriteError> {
        let mut segments = Vec::with_capacity(steps + 2);
        segments.push(self.tail.segment);
        if self.tail.next_segment != NO_SEGMENT {
            segments.push(self.tail.next_segment);
        }
        let owned = segments.len();
        while segments.len() < steps + 2 {
            match self.take_segment(keep) {
                Ok(segment) => segments.push(segment),
                Err(_) if segments.len() == steps + 1 => segments.push(NO_SEGMENT),
                Err(error) => {
                    segments.drain(owned..).for_each(|segment| self.segments.give_back(segment));
                    return Err(error);
                }
            }
        }
        Ok(segments)
    }

    fn write_parts(
        &mut self,
        parts: &[Part],
        segments: &[u32],
        batch: &Batch<'_>,
        last: FrameKind,
    ) -> Result<Appended, WriteError> {
        let geometry = self.segments.geometry();
        let between = if last == FrameKind::Moved { FrameKind::Moved } else { FrameKind::Objects };
        let mut addresses = Vec::with_capacity(batch.len());
        let mut frames = Vec::with_capacity(parts.len());
        let Tail { mut sequence, mut link, .. } = self.tail;
        for (number, part) in parts.iter().enumerate() {
            let (segment, next_segment) = (segments[part.step], segments[part.step + 1]);
            let offset = geometry.offset_of(segment, part.block);
            let mut frame = FrameBuilder::with_room(part.payload_bytes, part.objects.len());
            for (hash, object) in &batch[part.objects.clone()] {
                addresses.push(Address::of_offset(offset + frame.push(hash, object) as u64));
            }
            let kind = if number + 1 == parts.len() { last } else { between };
            let (block, payload_bytes, records) = (part.block, 0, 0);
            let header =
                FrameHeader { kind, sequence, segment, block, payload_bytes, records, next_segment, link };
            let (bytes, digest) = frame.finish(header);
            assert!(
                bytes.len() as u64 <= u64::from(geometry.segment_blocks - part.block) * BLOCK_BYTES as u64
            );
            frames.push((offset, bytes));
            (sequence, link) = (sequence + 1, digest);
        }
        if let ([(offset, bytes)], [], FrameKind::Moved) = (&mut frames[..], batch, last) {
            self.keep_rest_of_block(*offset, bytes)?;
        }
        let writes: Vec<_> = frames.iter().map(|(offset, bytes)| Write { offset: *offset, bytes }).collect();
        self.write_with(|device| device.write_many(&writes))?;
        (self.tail.sequence, self.tail.link) = (sequence, link);
        Ok(Appended { addresses, bytes: frames.iter().map(|(_, bytes)| bytes.len() as u64).sum() })
    }

    /// Moves the tail behind what was written.
    fn settle(&mut self, parts: &[Part], segments: &[u32]) {
        for part in parts {
            let used_blocks = part.block + frame_blocks(part.payload_bytes);
            self.segments.set(segments[part.step], SegmentState::Log { used_blocks });
            self.tail.segment = segments[part.step];
            self.tail.block = used_blocks;
            self.tail.next_segment = segments[part.step + 1];
            self.log_growth_bytes += u64::from(frame_blocks(part.payload_bytes)) * BLOCK_BYTES as u64;
        }
        self.next_is_unrecorded = false;
    }
}
