//! A device that remembers what was asked of it and fails when told to, and the images that a crash can
//! leave. For tests.

use crate::device::{BLOCK_BYTES, BlockDevice, DeviceError, Operation, SECTOR_BYTES};
use crate::memory::MemoryDevice;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// A block that was never written.
const ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];

/// Something that was asked of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A write.
    Write {
        /// Where.
        offset: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// A flush.
    Flush,
    /// A flush that failed: of the writes before it, what has not arrived by now never will. Reads still show it.
    FailedFlush,
    /// A new length.
    Extend(u64),
}

/// A device in memory that records, and fails once a step of that number is asked for. A write that fails does a
/// part of its work. Reads show what was written, whatever became of it, as a system's cache does.
#[derive(Clone, Debug, Default)]
pub struct FaultDevice {
    memory: MemoryDevice,
    steps: Vec<Step>,
    /// Steps so far, failed ones included.
    count: u64,
    fail_at: Option<u64>,
    fail_reads: bool,
}

impl FaultDevice {
    /// A device that holds `image`.
    pub fn from_image(image: &[u8]) -> Self {
        Self { memory: MemoryDevice::from_image(image), ..Self::default() }
    }

    /// Makes the step of that number from now on fail, and all that follow.
    pub fn fail_after(&mut self, steps: u64) {
        self.fail_at = Some(self.count + steps);
    }

    /// Makes reads fail, or not.
    pub fn fail_reads(&mut self, fail: bool) {
        self.fail_reads = fail;
    }

    /// Changes how large it may become.
    pub fn set_capacity(&mut self, bytes: u64) {
        self.memory.set_capacity(bytes);
    }

    /// How many steps were asked for.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes the steps recorded since the last time.
    pub fn take_steps(&mut self) -> Vec<Step> {
        core::mem::take(&mut self.steps)
    }

    /// Everything on it, as a process that did not crash sees it.
    pub fn image(&self) -> Vec<u8> {
        self.memory.image()
    }

    /// Counts a step and says whether it fails.
    fn step(&mut self, operation: Operation) -> Result<(), DeviceError> {
        self.count += 1;
        match self.fail_at {
            Some(at) if self.count > at => Err(DeviceError::Io { operation, code: Some(5) }),
            _ => Ok(()),
        }
    }
}

impl BlockDevice for FaultDevice {
    fn length_bytes(&self) -> u64 {
        self.memory.length_bytes()
    }

    fn read(&mut self, offset: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        assert!(offset.is_multiple_of(BLOCK_BYTES as u64) && into.len().is_multiple_of(BLOCK_BYTES));
        if self.fail_reads {
            return Err(DeviceError::Io { operation: Operation::Read, code: Some(5) });
        }
        self.memory.read(offset, into)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
        assert!(offset.is_multiple_of(BLOCK_BYTES as u64) && bytes.len().is_multiple_of(BLOCK_BYTES));
        let result = self.step(Operation::Write);
        let sectors = bytes.len() / SECTOR_BYTES;
        let done = if result.is_ok() { sectors } else { self.count as usize % (sectors + 1) };
        let bytes = &bytes[..done * SECTOR_BYTES];
        self.memory.write(offset, bytes)?;
        self.steps.push(Step::Write { offset, bytes: bytes.to_vec() });
        result
    }

    fn flush(&mut self) -> Result<(), DeviceError> {
        let result = self.step(Operation::Flush);
        self.steps.push(if result.is_ok() { Step::Flush } else { Step::FailedFlush });
        result
    }

    fn extend(&mut self, length_bytes: u64) -> Result<(), DeviceError> {
        self.memory.extend(length_bytes)?;
        self.steps.push(Step::Extend(length_bytes));
        self.step(Operation::Extend)
    }
}

/// How a crash treats what was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All of it is lost.
    Everything,
    /// None of it is lost.
    Nothing,
    /// Whole writes arrive or not, each by a coin.
    SomeWrites,
    /// Sectors arrive or not, each by a coin.
    SomeSectors,
    /// What was asked for first arrived, up to some sector.
    Prefix,
}

impl Loss {
    /// All there are.
    pub const ALL: [Self; 5] =
        [Self::Everything, Self::Nothing, Self::SomeWrites, Self::SomeSectors, Self::Prefix];
}

/// What is on the medium for certain, what was asked for since the last flush, and what reads show.
#[derive(Clone, Debug, Default)]
pub struct Medium {
    durable: Vec<u8>,
    pending: Vec<Step>,
    cached: Vec<u8>,
    /// Whether a flush failed: reads may show what will never arrive.
    has_lost: bool,
}

impl Medium {
    /// A medium that holds `image`.
    pub fn new(image: Vec<u8>) -> Self {
        Self { durable: image.clone(), pending: Vec::new(), cached: image, has_lost: false }
    }

    /// Does a step of the record. Which sectors arrive in spite of a flush that fails, the coin says. A new length
    /// is the file system's, which does not forget it.
    pub fn apply(&mut self, step: &Step, coin: &mut Coin) {
        match step {
            Step::Flush => {
                for step in core::mem::take(&mut self.pending) {
                    persist(&mut self.durable, &step, |_| true);
                }
            }
            Step::FailedFlush => {
                for step in core::mem::take(&mut self.pending) {
                    match step {
                        Step::Extend(_) => self.pending.push(step),
                        step => persist(&mut self.durable, &step, |_| coin.flip()),
                    }
                }
                self.has_lost = true;
            }
            step => {
                persist(&mut self.cached, step, |_| true);
                self.pending.push(step.clone());
            }
        }
    }

    /// Writes that are on their way.
    pub fn pending_writes(&self) -> usize {
        self.pending.iter().filter(|step| matches!(step, Step::Write { .. })).count()
    }

    /// The process dies, the system does not: what was written is still on its way. Gives what the next one reads.
    /// Blocks that no write is on its way to may have left the cache, as the coin says: then the medium's show.
    pub fn die(&mut self, coin: &mut Coin) -> Vec<u8> {
        if self.has_lost {
            let mut dirty = BTreeSet::new();
            for step in &self.pending {
                let Step::Write { offset, bytes } = step else { continue };
                let first = *offset as usize / BLOCK_BYTES;
                dirty.extend(first..first + bytes.len().div_ceil(BLOCK_BYTES));
            }
            for (number, cached) in self.cached.chunks_mut(BLOCK_BYTES).enumerate() {
                let start = number * BLOCK_BYTES;
                let durable = self.durable.get(start..start + cached.len()).unwrap_or(&ZEROS[..cached.len()]);
                if cached != durable && !dirty.contains(&number) && coin.flip() {
                    cached.copy_from_slice(durable);
                }
            }
        }
        self.cached.clone()
    }

    /// What a crash now can leave. The order in which sectors arrive does not matter unless one was written
    /// twice: then the earlier content can stay, where the coin says so.
    pub fn crash(&self, loss: Loss, coin: &mut Coin) -> Vec<u8> {
        let mut image = self.durable.clone();
        let sectors: usize = self.pending.iter().map(sectors_of).sum();
        let mut left = coin.below(sectors as u64 + 1);
        for step in &self.pending {
            let arrives = match loss {
                Loss::Everything => false,
                Loss::Nothing => true,
                Loss::SomeWrites => coin.flip(),
                Loss::SomeSectors | Loss::Prefix => true,
            };
            if !arrives {
                continue;
            }
            persist(&mut image, step, |_| match loss {
                Loss::SomeSectors => coin.flip(),
                Loss::Prefix => {
                    let arrives = left > 0;
                    left = left.saturating_sub(1);
                    arrives
                }
                _ => true,
            });
        }
        image
    }
}

fn sectors_of(step: &Step) -> usize {
    match step {
        Step::Write { bytes, .. } => bytes.len() / SECTOR_BYTES,
        _ => 0,
    }
}

/// Writes the sectors of a step that arrive. A write beyond a length that did not arrive is lost.
fn persist(image: &mut Vec<u8>, step: &Step, mut arrives: impl FnMut(usize) -> bool) {
    match step {
        Step::Flush | Step::FailedFlush => {}
        Step::Extend(length) => {
            if arrives(0) {
                image.resize(image.len().max(*length as usize), 0);
            }
        }
        Step::Write { offset, bytes } => {
            for (number, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
                let at = *offset as usize + number * SECTOR_BYTES;
                if arrives(number)
                    && let Some(place) = image.get_mut(at..at + sector.len())
                {
                    place.copy_from_slice(sector);
                }
            }
        }
    }
}

/// A replayable sequence of numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Coin(u64);

impl Coin {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `end`, 0 if that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next_u64() % end }
    }

    /// True or false.
    pub fn flip(&mut self) -> bool {
        self.next_u64() & 1 == 1
    }
}
