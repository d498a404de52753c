//! What every segment is for, and which are free.

use crate::format::layout::Geometry;
use crate::format::map::SegmentState;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// The segments of a device.
#[derive(Debug)]
pub(crate) struct Segments {
    geometry: Geometry,
    states: Vec<SegmentState>,
    /// May be written now, lowest first.
    free: BTreeSet<u32>,
    /// Free as of the next checkpoint: the last one still refers to them.
    retired: BTreeSet<u32>,
}

impl Segments {
    pub(crate) fn new(geometry: Geometry, states: Vec<SegmentState>) -> Self {
        let free = (0..).zip(&states).filter(|(_, state)| **state == SegmentState::Free);
        let free = free.map(|(segment, _)| segment).collect();
        Self { geometry, states, free, retired: BTreeSet::new() }
    }

    pub(crate) fn geometry(&self) -> Geometry {
        self.geometry
    }

    pub(crate) fn len(&self) -> u32 {
        self.states.len() as u32
    }

    pub(crate) fn state(&self, segment: u32) -> Option<SegmentState> {
        self.states.get(segment as usize).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, SegmentState)> {
        (0..).zip(self.states.iter().copied())
    }

    /// States as the next checkpoint has them: what is retired is free.
    pub(crate) fn for_map(&self) -> impl Iterator<Item = SegmentState> {
        self.iter().map(|(segment, state)| match self.retired.contains(&segment) {
            true => SegmentState::Free,
            false => state,
        })
    }

    pub(crate) fn free_count(&self) -> usize {
        self.free.len()
    }

    pub(crate) fn retired_count(&self) -> usize {
        self.retired.len()
    }

    pub(crate) fn has_retired(&self) -> bool {
        !self.retired.is_empty()
    }

    pub(crate) fn is_retired(&self, segment: u32) -> bool {
        self.retired.contains(&segment)
    }

    /// Takes the lowest free segment.
    pub(crate) fn take(&mut self) -> Option<u32> {
        self.free.pop_first()
    }

    /// Takes a certain free segment; false if it is not free.
    pub(crate) fn take_this(&mut self, segment: u32) -> bool {
        self.free.remove(&segment)
    }

    /// Gives back a segment that was taken and not used.
    pub(crate) fn give_back(&mut self, segment: u32) {
        self.free.insert(segment);
    }

    pub(crate) fn set(&mut self, segment: u32, state: SegmentState) {
        self.states[segment as usize] = state;
    }

    /// Adds free segments at the end.
    pub(crate) fn grow(&mut self, count: u32) {
        let first = self.len();
        self.states.resize(self.states.len() + count as usize, SegmentState::Free);
        self.free.extend(first..first + count);
    }

    /// Notes that nothing refers to a segment any more but the last checkpoint.
    pub(crate) fn retire(&mut self, segment: u32) {
        self.retired.insert(segment);
    }

    /// Frees what was retired: a checkpoint that does not refer to it is durable.
    pub(crate) fn release_retired(&mut self) {
        for segment in core::mem::take(&mut self.retired) {
            self.states[segment as usize] = SegmentState::Free;
            self.free.insert(segment);
        }
    }

    /// Bytes of frames in the log, retired segments not included.
    pub(crate) fn log_bytes(&self) -> u64 {
        let used = |(segment, state)| match state {
            SegmentState::Log { used_blocks } if !self.retired.contains(&segment) => u64::from(used_blocks),
            _ => 0,
        };
        self.iter().map(used).sum::<u64>() * crate::device::BLOCK_BYTES as u64
    }
}
