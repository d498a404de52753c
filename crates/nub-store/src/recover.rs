//! Opening: the newest superblock, its map, and the frames that came after it.

use crate::cache::ObjectCache;
use crate::collect::Collector;
use crate::create::is_blank;
use crate::device::{BLOCK_BYTES, BlockDevice, DeviceError, Operation};
use crate::error::{OpenError, ReadError};
use crate::format::frame::{FRAME_HEAD_BYTES, FrameHeader, FrameKind, decode_records};
use crate::format::layout::{Address, NO_SEGMENT};
use crate::format::map::{LIST_PAGES_MAX, PageRef, SegmentState, decode_map};
use crate::format::superblock::{BadSuperblock, COPIES, RootEntry, Superblock, Tail, VERSION};
use crate::index::{Index, read_pages};
use crate::options::Options;
use crate::pages::{IndexPages, blocks_of};
use crate::segments::Segments;
use crate::store::{Store, Written, block_offset};
use alloc::vec;
use alloc::vec::Vec;
use nub_abi::Hash;

/// Why a store that was opened to be read refuses to write: `EROFS`.
const READ_ONLY: DeviceError = DeviceError::Io { operation: Operation::Write, code: Some(30) };

/// What opening does with the frames it finds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Renewal {
    /// It leaves them alone.
    None,
    /// It writes them again where they are.
    WriteAgain,
}

/// A frame of the log that was read: all of it is right.
pub(crate) struct CheckedFrame {
    pub(crate) header: FrameHeader,
    pub(crate) digest: Hash,
    /// Hash and address of each record.
    pub(crate) records: Vec<(Hash, Address)>,
}

impl<D: BlockDevice> Store<D> {
    /// Opens the store on a device and goes on at the last commit that is there.
    ///
    /// What it reads may be in the system's cache alone: of a process that died before its flush, or whose flush
    /// failed, after which the system may believe that the cache and the device are the same. So it writes again
    /// what came after the checkpoint before this one, as it was read, and flushes, before anything relies on it.
    ///
    /// # Errors
    /// [`OpenError`] says what is on the device instead; nothing is written to what is not this store.
    pub fn open(device: D, chain_id: Option<u64>, options: Options) -> Result<Self, OpenError> {
        let (mut store, newest) = Self::read(device, chain_id, options)?;
        store.roll_forward(Renewal::WriteAgain)?;
        // While one copy is written the other is whole; the second may wait for a later flush.
        store.device.write(block_offset(newest.copy ^ 1), &newest.block)?;
        store.device.flush()?;
        store.device.write(block_offset(newest.copy), &newest.block)?;
        Ok(store)
    }

    /// Opens the store on a device to read it: it writes nothing, and refuses to.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_read_only(device: D, chain_id: Option<u64>, options: Options) -> Result<Self, OpenError> {
        let (mut store, _) = Self::read(device, chain_id, options)?;
        store.roll_forward(Renewal::None)?;
        store.failed = Some(READ_ONLY);
        Ok(store)
    }

    /// The store as its newest checkpoint says.
    fn read(
        mut device: D,
        chain_id: Option<u64>,
        options: Options,
    ) -> Result<(Self, NewestSuperblock), OpenError> {
        let newest = read_superblock(&mut device)?;
        let superblock = newest.superblock.clone();
        if let Some(expected) = chain_id.filter(|expected| *expected != superblock.chain_id) {
            return Err(OpenError::AnotherChain { expected, found: superblock.chain_id });
        }
        let (expected_bytes, found_bytes) =
            (superblock.geometry.device_bytes(superblock.segments), device.length_bytes());
        if found_bytes < expected_bytes {
            return Err(OpenError::Truncated { expected_bytes, found_bytes });
        }
        let (mut states, leaves, map_blocks) = read_map(&mut device, &superblock)?;
        // Segments that the device grew by after the checkpoint.
        states.resize(superblock.geometry.segments_in(found_bytes) as usize, SegmentState::Free);
        let segments = Segments::new(superblock.geometry, states);
        let index = Index::from_map(&leaves, options.index_bytes);
        let pages = IndexPages::new(&segments, &index, map_blocks);
        let store = Self {
            device,
            options,
            chain_id: superblock.chain_id,
            retention: superblock.retention,
            segments,
            index,
            pages,
            tail: superblock.tail,
            next_is_unrecorded: false,
            roots: superblock.roots,
            checkpoint: superblock.checkpoint,
            live_bytes: superblock.live_bytes,
            log_growth_bytes: 0,
            cache: ObjectCache::new(options.cache_bytes, options.cache_key),
            collector: Collector::default(),
            is_fenced: false,
            has_staged: false,
            checkpoint_error: None,
            failed: None,
            written: Written::default(),
        };
        Ok((store, newest))
    }

    /// Takes the frames after the checkpoint.
    fn roll_forward(&mut self, renewal: Renewal) -> Result<(), OpenError> {
        while let Some((frames, tail)) = self.next_part(renewal)? {
            frames.iter().for_each(|frame| self.take_frame(frame));
            if let Some(FrameKind::Commit { root, height }) = frames.last().map(|frame| frame.header.kind) {
                self.push_root(RootEntry { root, height });
            }
            self.tail = tail;
        }
        let next = self.tail.next_segment;
        if next != NO_SEGMENT && !self.segments.take_this(next) {
            self.tail.next_segment = NO_SEGMENT;
        }
        Ok(())
    }

    /// The frames after the tail up to the next that counts, and the tail after it; `None` at the end of the log.
    fn next_part(&mut self, renewal: Renewal) -> Result<Option<(Vec<CheckedFrame>, Tail)>, OpenError> {
        let Tail { segment, block, next_segment, .. } = self.tail;
        // A commit that was cut off can have left frames after the tail, and the commit after it can have gone on in
        // the next segment because it did not fit there. So where the first way leads to no end, the other is tried.
        match self.next_counted(segment, block, renewal)? {
            Some(part) => Ok(Some(part)),
            None => self.next_counted(next_segment, 0, renewal),
        }
    }

    /// The frames from a place on up to the next that counts, and the tail after it; `None` if there are none.
    fn next_counted(
        &mut self,
        segment: u32,
        block: u32,
        renewal: Renewal,
    ) -> Result<Option<(Vec<CheckedFrame>, Tail)>, OpenError> {
        let mut frames = Vec::new();
        let mut at = self.tail;
        let mut next = self.frame_after(&at, segment, block, renewal)?;
        while let Some(frame) = next {
            at = Tail {
                segment: frame.header.segment,
                block: frame.header.block + frame.header.blocks(),
                next_segment: frame.header.next_segment,
                sequence: frame.header.sequence + 1,
                link: frame.digest,
            };
            let kind = frame.header.kind;
            frames.push(frame);
            match kind {
                FrameKind::Objects => {}
                FrameKind::Commit { .. } => return Ok(Some((frames, at))),
                // Collection never comes between the frames of a commit.
                FrameKind::Moved => return Ok((frames.len() == 1).then_some((frames, at))),
            }
            next = match self.frame_after(&at, at.segment, at.block, renewal)? {
                Some(frame) => Some(frame),
                None => self.frame_after(&at, at.next_segment, 0, renewal)?,
            };
        }
        Ok(None)
    }

    fn take_frame(&mut self, frame: &CheckedFrame) {
        let header = &frame.header;
        let used_blocks = header.block + header.blocks();
        self.segments.take_this(header.segment);
        self.segments.set(header.segment, SegmentState::Log { used_blocks });
        self.log_growth_bytes += u64::from(header.blocks()) * BLOCK_BYTES as u64;
        for (hash, address) in &frame.records {
            self.index.insert(hash, *address, false);
        }
    }

    /// The frame at a place, if it follows the tail.
    fn frame_after(
        &mut self,
        after: &Tail,
        segment: u32,
        block: u32,
        renewal: Renewal,
    ) -> Result<Option<CheckedFrame>, OpenError> {
        // Segments taken by frames that do not count yet are free in the map.
        let can_be = match self.segments.state(segment) {
            Some(SegmentState::Free) => true,
            Some(SegmentState::Log { .. }) => segment == after.segment,
            _ => false,
        };
        if !can_be {
            return Ok(None);
        }
        let Some((header, bytes)) = read_frame(&mut self.device, &self.segments, segment, block)? else {
            return Ok(None);
        };
        if (header.sequence, header.link) != (after.sequence, after.link) {
            return Ok(None);
        }
        let offset = self.segments.geometry().offset_of(segment, block);
        let frame = checked_frame(header, &bytes, offset);
        if frame.is_some() && renewal == Renewal::WriteAgain {
            // If it turns out not to count, it lies where nothing is.
            self.device.write(offset, &bytes)?;
        }
        Ok(frame)
    }
}

/// The frame with this header at this byte of the device, if all of it is right.
fn checked_frame(header: FrameHeader, bytes: &[u8], offset: u64) -> Option<CheckedFrame> {
    let (records, digest) = decode_records(&header, bytes)?;
    let address = |at: usize| Address::of_offset(offset + at as u64);
    let records = records.into_iter().map(|record| (record.hash, address(record.at))).collect();
    Some(CheckedFrame { header, digest, records })
}

/// The header and the bytes of the frame at a block of a segment; `None` if there is no header that can be.
pub(crate) fn read_frame<D: BlockDevice>(
    device: &mut D,
    segments: &Segments,
    segment: u32,
    block: u32,
) -> Result<Option<(FrameHeader, Vec<u8>)>, crate::device::DeviceError> {
    let geometry = segments.geometry();
    if segment >= segments.len() || block >= geometry.segment_blocks {
        return Ok(None);
    }
    let mut bytes = vec![0; BLOCK_BYTES];
    let offset = geometry.offset_of(segment, block);
    device.read(offset, &mut bytes)?;
    let header = FrameHeader::decode(&bytes[..FRAME_HEAD_BYTES]);
    let fits = |header: &FrameHeader| {
        let blocks = (FRAME_HEAD_BYTES as u64 + u64::from(header.payload_bytes)).div_ceil(BLOCK_BYTES as u64);
        (header.segment, header.block) == (segment, block)
            && blocks <= u64::from(geometry.segment_blocks - block)
    };
    let Some(header) = header.filter(fits) else { return Ok(None) };
    bytes.resize(header.blocks() as usize * BLOCK_BYTES, 0);
    if bytes.len() > BLOCK_BYTES {
        device.read(offset + BLOCK_BYTES as u64, &mut bytes[BLOCK_BYTES..])?;
    }
    Ok(Some((header, bytes)))
}

/// The newest valid superblock as it was found.
pub(crate) struct NewestSuperblock {
    pub(crate) superblock: Superblock,
    /// Its block, to the octet.
    block: Vec<u8>,
    /// Where it is: the device's block. The other copy is at the neighbour.
    copy: u32,
}

/// The newest valid superblock.
///
/// # Errors
/// [`OpenError`] says what is there instead.
pub(crate) fn read_superblock<D: BlockDevice>(device: &mut D) -> Result<NewestSuperblock, OpenError> {
    let length = device.length_bytes();
    let mut newest: Option<NewestSuperblock> = None;
    let mut bad = Vec::new();
    for copy in 0..COPIES {
        let mut block = vec![0; BLOCK_BYTES];
        if block_offset(copy + 1) > length {
            break;
        }
        device.read(block_offset(copy), &mut block)?;
        match Superblock::decode(&block) {
            Ok(superblock) => {
                let checkpoint = newest.as_ref().map(|newest| newest.superblock.checkpoint);
                if checkpoint.is_none_or(|checkpoint| superblock.checkpoint > checkpoint) {
                    newest = Some(NewestSuperblock { superblock, block, copy });
                }
            }
            Err(reason) => bad.push(reason),
        }
    }
    let newer = bad.iter().find_map(|reason| match reason {
        BadSuperblock::Newer(found) => Some(*found),
        _ => None,
    });
    let older = bad.iter().find_map(|reason| match reason {
        BadSuperblock::Older(found) => Some(*found),
        _ => None,
    });
    match (newest, newer, older) {
        // A later version wrote last, whatever else is there.
        (_, Some(found), _) => Err(OpenError::Newer { found, supported: VERSION }),
        (Some(newest), None, _) => Ok(newest),
        (None, None, Some(found)) => Err(OpenError::Older { found, supported: VERSION }),
        (None, None, None) if bad.contains(&BadSuperblock::Damaged) => Err(OpenError::DamagedSuperblock),
        (None, None, None) if is_blank(device)? => Err(OpenError::Blank),
        (None, None, None) => Err(OpenError::Foreign),
    }
}

/// What a superblock names: the segments' states, the leaves, and the pages that say so.
pub(crate) type MapOf = (Vec<SegmentState>, Vec<crate::format::map::LeafEntry>, Vec<u32>);

/// Reads the map of a superblock.
///
/// # Errors
/// [`OpenError::DamagedMap`], or the device's.
pub(crate) fn read_map<D: BlockDevice>(device: &mut D, superblock: &Superblock) -> Result<MapOf, OpenError> {
    let damaged = |error| match error {
        ReadError::CorruptIndex { block } => OpenError::DamagedMap { block },
        ReadError::Device(error) => OpenError::Device(error),
        ReadError::CorruptObject { .. } => OpenError::DamagedMap { block: 0 },
    };
    let fails = || OpenError::DamagedMap { block: superblock.block() };
    let mut left = superblock.map_bytes.div_ceil(BLOCK_BYTES as u64) as usize;
    if left > superblock.lists.len() * LIST_PAGES_MAX {
        return Err(fails());
    }
    let mut refs = Vec::with_capacity(left);
    for list in read_pages(device, &superblock.lists).map_err(damaged)? {
        let count = left.min(LIST_PAGES_MAX);
        refs.extend((0..count).map(|at| PageRef::get(&list, at * 12)));
        left -= count;
    }
    let mut map = Vec::with_capacity(superblock.map_bytes as usize);
    for refs in refs.chunks(64) {
        for page in read_pages(device, refs).map_err(damaged)? {
            map.extend_from_slice(&page);
        }
    }
    map.truncate(superblock.map_bytes as usize);
    let segment_blocks = superblock.geometry.segment_blocks;
    let (states, leaves) = decode_map(&map, superblock.segments, segment_blocks).ok_or_else(fails)?;
    let blocks = blocks_of(&refs).chain(blocks_of(&superblock.lists)).collect();
    Ok((states, leaves, blocks))
}
