//! Making a store on a blank device.

use crate::cache::ObjectCache;
use crate::collect::Collector;
use crate::device::{BLOCK_BYTES, BlockDevice, DeviceError};
use crate::error::{CreateError, OpenError, ReadError, WriteError};
use crate::format::layout::{Geometry, NO_SEGMENT};
use crate::format::map::SegmentState;
use crate::format::superblock::{ROOTS_MAX, Tail, first_link};
use crate::index::Index;
use crate::options::{Layout, Options};
use crate::pages::IndexPages;
use crate::segments::Segments;
use crate::store::{Store, Written};
use alloc::vec;
use alloc::vec::Vec;

/// Segments a new store has: one for the log, one for the index, and what follows the first.
const FIRST_SEGMENTS: u32 = 3;

impl<D: BlockDevice> Store<D> {
    /// Makes an empty store for a chain on a blank device, and makes that durable.
    ///
    /// # Errors
    /// [`CreateError`]. If the device fails half-way, what is on it is no store; make it blank again.
    pub fn create(
        mut device: D,
        chain_id: u64,
        layout: Layout,
        options: Options,
    ) -> Result<Self, CreateError> {
        let geometry = Geometry { segment_blocks: layout.segment_blocks };
        if !geometry.is_valid() || !(1..=ROOTS_MAX as u32).contains(&layout.retention) {
            return Err(CreateError::BadOptions);
        }
        if !is_blank(&mut device)? {
            return Err(CreateError::NotBlank);
        }
        if device.length_bytes() < geometry.device_bytes(FIRST_SEGMENTS) {
            device.extend(geometry.device_bytes(FIRST_SEGMENTS))?;
        }
        let mut states = vec![SegmentState::Free; geometry.segments_in(device.length_bytes()) as usize];
        states[0] = SegmentState::Log { used_blocks: 0 };
        states[1] = SegmentState::Index;
        let segments = Segments::new(geometry, states);
        let index = Index::new(options.index_bytes);
        let pages = IndexPages::new(&segments, &index, Vec::new());
        let tail =
            Tail { segment: 0, block: 0, next_segment: NO_SEGMENT, sequence: 0, link: first_link(chain_id) };
        let mut store = Self {
            device,
            options,
            chain_id,
            retention: layout.retention,
            segments,
            index,
            pages,
            tail,
            next_is_unrecorded: false,
            roots: Vec::new(),
            // The first checkpoint has number 0.
            checkpoint: u64::MAX,
            live_bytes: 0,
            log_growth_bytes: 0,
            cache: ObjectCache::new(options.cache_bytes, options.cache_key),
            collector: Collector::default(),
            is_fenced: true,
            has_staged: false,
            checkpoint_error: None,
            failed: None,
            written: Written::default(),
        };
        store.tail.next_segment = store.segments.take().unwrap_or(NO_SEGMENT);
        store.checkpoint().map_err(|error| match error {
            WriteError::Failed(error) | WriteError::Read(ReadError::Device(error)) => error,
            // There was room for three segments.
            _ => DeviceError::NoSpace,
        })?;
        Ok(store)
    }

    /// Opens the store on a device, or makes one if the device is blank.
    ///
    /// # Errors
    /// [`OpenOrCreateError`].
    pub fn open_or_create(
        mut device: D,
        chain_id: u64,
        layout: Layout,
        options: Options,
    ) -> Result<Self, OpenOrCreateError> {
        match is_blank(&mut device).map_err(OpenError::Device)? {
            true => Ok(Self::create(device, chain_id, layout, options)?),
            false => Ok(Self::open(device, Some(chain_id), options)?),
        }
    }
}

/// Why a store was neither opened nor made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenOrCreateError {
    /// It was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It was not made.
    #[error(transparent)]
    Create(#[from] CreateError),
}

/// Bytes looked at in one step.
const LOOK_BYTES: usize = 1 << 20;

/// Whether a device is zeros from one end to the other, or of no length.
pub(crate) fn is_blank<D: BlockDevice>(device: &mut D) -> Result<bool, DeviceError> {
    let length = device.length_bytes();
    if !length.is_multiple_of(BLOCK_BYTES as u64) {
        // What follows the last whole block cannot be looked at.
        return Ok(false);
    }
    let mut bytes = vec![0; length.min(LOOK_BYTES as u64) as usize];
    let mut offset = 0;
    while offset < length {
        let bytes = &mut bytes[..(length - offset).min(LOOK_BYTES as u64) as usize];
        device.read(offset, bytes)?;
        if bytes.iter().any(|&byte| byte != 0) {
            return Ok(false);
        }
        offset += bytes.len() as u64;
    }
    Ok(true)
}
