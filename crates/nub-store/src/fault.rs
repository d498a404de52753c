//! A device that remembers what was asked of it and fails when told to, and the images that a crash can
//! leave. For tests.

use crate::device::{BLOCK_BYTES, BlockDevice, DeviceError, Operation};
use crate::memory::MemoryDevice;
use alloc::vec::Vec;

/// Bytes that a device writes all or not at all.
pub const SECTOR_BYTES: usize = 512;

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
    /// A new length.
    Extend(u64),
}

/// A device in memory that records, and fails once a step of that number is asked for.
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

    fn step(&mut self, operation: Operation, step: Step) -> Result<(), DeviceError> {
        self.count += 1;
        // Even a step that fails may have done its work.
        self.steps.push(step);
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
        self.step(Operation::Write, Step::Write { offset, bytes: bytes.to_vec() })?;
        self.memory.write(offset, bytes)
    }

    fn flush(&mut self) -> Result<(), DeviceError> {
        self.step(Operation::Flush, Step::Flush)
    }

    fn extend(&mut self, length_bytes: u64) -> Result<(), DeviceError> {
        self.memory.extend(length_bytes)?;
        self.step(Operation::Extend, Step::Extend(length_bytes))
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

/// What is on the medium for certain, and what was asked for since the last flush.
#[derive(Clone, Debug, Default)]
pub struct Medium {
    durable: Vec<u8>,
    pending: Vec<Step>,
}

impl Medium {
    /// A medium that holds `image`.
    pub fn new(image: Vec<u8>) -> Self {
        Self { durable: image, pending: Vec::new() }
    }

    /// Does a step of the record.
    pub fn apply(&mut self, step: &Step) {
        match step {
            Step::Flush => {
                for step in core::mem::take(&mut self.pending) {
                    persist(&mut self.durable, &step, |_| true);
                }
            }
            step => self.pending.push(step.clone()),
        }
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
        Step::Flush => {}
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
