//! Checking a store without the code that writes it: every copy, page, frame, record and object.

use crate::device::{BLOCK_BYTES, BlockDevice};
use crate::error::OpenError;
use crate::format::frame::{Record, decode_records, find_records};
use crate::format::layout::Address;
use crate::format::map::{ENTRY_BYTES, LeafEntry, PREFIX_BYTES, SegmentState, decode_leaf};
use crate::format::superblock::{BadSuperblock, COPIES, Superblock};
use crate::index::read_pages;
use crate::leaf::{address_of, entry_of};
use crate::recover::{read_frame, read_map, read_superblock};
use crate::segments::Segments;
use crate::store::block_offset;
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;
use nub_abi::Hash;

/// Something that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A copy of a superblock is damaged. The other copy is enough.
    #[error("the superblock in block {block} is damaged")]
    Superblock {
        /// The device's block.
        block: u32,
    },
    /// A leaf page is damaged or does not hold what the map says.
    #[error("the index page in block {block} is damaged")]
    Leaf {
        /// The device's block.
        block: u32,
    },
    /// A frame is damaged: an object in it, which then is an [`Entry`](Self::Entry) too if it is in the index, or its
    /// header, and then what follows it in its segment may not be found.
    #[error("the log is damaged in segment {segment}, in the frame at block {block}")]
    Frame {
        /// The segment.
        segment: u32,
        /// The block in it.
        block: u32,
    },
    /// The index refers to a place where there is no such record.
    #[error("the index refers to byte {offset}, where there is no such object: it is corrupt or gone")]
    Entry {
        /// Where.
        offset: u64,
    },
    /// A frame does not follow the one before.
    #[error("frame {sequence} of the log does not follow the one before")]
    Chain {
        /// Its number.
        sequence: u64,
    },
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Frames that are right.
    pub frames: u64,
    /// Objects in them.
    pub objects: u64,
    /// Bytes of these objects.
    pub object_bytes: u64,
    /// Entries of the index.
    pub entries: u64,
}

/// Checks what the newest checkpoint of a store describes, block by block; `progress` is told the bytes of
/// the log done and in all. What came after the checkpoint is checked by opening the store.
///
/// # Errors
/// [`OpenError`] if there is no store that could be checked.
pub fn fsck<D: BlockDevice>(
    device: &mut D,
    mut progress: impl FnMut(u64, u64),
) -> Result<FsckReport, OpenError> {
    let superblock = read_superblock(device)?.superblock;
    let (expected_bytes, found_bytes) =
        (superblock.geometry.device_bytes(superblock.segments), device.length_bytes());
    if found_bytes < expected_bytes {
        return Err(OpenError::Truncated { expected_bytes, found_bytes });
    }
    let mut report = FsckReport::default();
    check_superblocks(device, &mut report)?;
    let (states, leaves, _) = read_map(device, &superblock)?;
    let segments = Segments::new(superblock.geometry, states);
    let records = check_log(device, &segments, &mut report, &mut progress)?;
    check_index(device, &leaves, &records, &mut report)?;
    Ok(report)
}

/// A copy that was never written is zeros.
fn check_superblocks<D: BlockDevice>(device: &mut D, report: &mut FsckReport) -> Result<(), OpenError> {
    for block in 0..COPIES {
        let mut bytes = vec![0; BLOCK_BYTES];
        device.read(block_offset(block), &mut bytes)?;
        match Superblock::decode(&bytes) {
            Ok(_) | Err(BadSuperblock::Blank) => {}
            Err(_) => report.findings.push(Finding::Superblock { block }),
        }
    }
    Ok(())
}

/// Reads every frame; gives the entries that the index can have.
fn check_log<D: BlockDevice>(
    device: &mut D,
    segments: &Segments,
    report: &mut FsckReport,
    progress: &mut impl FnMut(u64, u64),
) -> Result<BTreeSet<[u8; ENTRY_BYTES]>, OpenError> {
    let mut records = BTreeSet::new();
    let mut frames: Vec<(u64, Hash, Hash)> = Vec::new();
    let (mut done, all) = (0, segments.log_bytes());
    for (segment, state) in segments.iter() {
        let SegmentState::Log { used_blocks } = state else { continue };
        let mut block = 0;
        while block < used_blocks {
            let Some((header, bytes)) = read_frame(device, segments, segment, block)? else {
                report.findings.push(Finding::Frame { segment, block });
                break;
            };
            let offset = segments.geometry().offset_of(segment, block);
            let entry =
                |record: &Record| entry_of(&record.hash, Address::of_offset(offset + record.at as u64));
            if let Some((found, digest)) = decode_records(&header, &bytes) {
                records.extend(found.iter().map(entry));
                report.objects += found.len() as u64;
                report.object_bytes += found.iter().map(|record| record.object.len() as u64).sum::<u64>();
                frames.push((header.sequence, header.link, digest));
                report.frames += 1;
            } else {
                report.findings.push(Finding::Frame { segment, block });
                // So that of its objects only those are missed that are not as the index says.
                records.extend(find_records(&header, &bytes).iter().flatten().map(entry));
            }
            block += header.blocks();
            done += u64::from(header.blocks()) * BLOCK_BYTES as u64;
            progress(done, all);
        }
    }
    check_chain(frames, report);
    Ok(records)
}

/// Frames with neighbouring numbers follow each other. There are gaps where segments were used again.
fn check_chain(mut frames: Vec<(u64, Hash, Hash)>, report: &mut FsckReport) {
    frames.sort_unstable();
    for pair in frames.windows(2) {
        let [(before, _, digest), (sequence, link, _)] = pair else { continue };
        let follows = before.checked_add(1) == Some(*sequence);
        if before == sequence || (follows && link != digest) {
            report.findings.push(Finding::Chain { sequence: *sequence });
        }
    }
}

fn check_index<D: BlockDevice>(
    device: &mut D,
    leaves: &[LeafEntry],
    records: &BTreeSet<[u8; ENTRY_BYTES]>,
    report: &mut FsckReport,
) -> Result<(), OpenError> {
    for (number, leaf) in leaves.iter().enumerate() {
        let block = leaf.page.block;
        let page = match read_pages(device, &[leaf.page]) {
            Ok(pages) => pages.into_iter().next().unwrap_or_default(),
            Err(crate::error::ReadError::Device(error)) => return Err(error.into()),
            Err(_) => {
                report.findings.push(Finding::Leaf { block });
                continue;
            }
        };
        let end = leaves.get(number + 1).map(|next| next.start);
        let is_inside = |entry: &[u8]| {
            let prefix = &entry[..PREFIX_BYTES];
            prefix >= leaf.start.as_slice() && end.is_none_or(|end| prefix <= end.as_slice())
        };
        let entries = decode_leaf(&page)
            .filter(|entries| entries.len() == usize::from(leaf.count) * ENTRY_BYTES)
            .filter(|entries| entries.chunks_exact(ENTRY_BYTES).all(is_inside));
        let Some(entries) = entries else {
            report.findings.push(Finding::Leaf { block });
            continue;
        };
        for entry in entries.as_chunks::<ENTRY_BYTES>().0 {
            report.entries += 1;
            if !records.contains(entry) {
                report.findings.push(Finding::Entry { offset: address_of(entry).offset() });
            }
        }
    }
    Ok(())
}
