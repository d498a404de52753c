//! A device in memory.

use crate::device::{BlockDevice, DeviceError, Operation};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Bytes allocated at once.
const CHUNK_BYTES: usize = 1 << 16;

/// A device in memory: as durable as the process. Parts that nobody wrote take no memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryDevice {
    length_bytes: u64,
    capacity_bytes: Option<u64>,
    /// `None` reads as zeros.
    chunks: Vec<Option<Vec<u8>>>,
}

impl MemoryDevice {
    /// An empty device.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty device that does not grow above so many bytes.
    pub fn with_capacity(bytes: u64) -> Self {
        Self { capacity_bytes: Some(bytes), ..Self::default() }
    }

    /// A device that holds `image`.
    pub fn from_image(image: &[u8]) -> Self {
        let mut device = Self { length_bytes: image.len() as u64, ..Self::default() };
        device.chunks = image.chunks(CHUNK_BYTES).map(chunk_of).collect();
        device
    }

    /// Everything on it.
    pub fn image(&self) -> Vec<u8> {
        let mut image = vec![0; self.length_bytes as usize];
        for (into, chunk) in image.chunks_mut(CHUNK_BYTES).zip(&self.chunks) {
            if let Some(chunk) = chunk {
                into.copy_from_slice(&chunk[..into.len()]);
            }
        }
        image
    }

    /// Changes how large it may become.
    pub fn set_capacity(&mut self, bytes: u64) {
        self.capacity_bytes = Some(bytes);
    }

    fn check(&self, operation: Operation, offset: u64, length: usize) -> Result<(), DeviceError> {
        match offset.checked_add(length as u64) {
            Some(end) if end <= self.length_bytes => Ok(()),
            _ => Err(DeviceError::OutOfRange { operation, offset, length_bytes: length as u64 }),
        }
    }
}

/// A chunk that begins so; `None` if it is all zeros.
fn chunk_of(bytes: &[u8]) -> Option<Vec<u8>> {
    bytes.iter().any(|&byte| byte != 0).then(|| {
        let mut chunk = vec![0; CHUNK_BYTES];
        chunk[..bytes.len()].copy_from_slice(bytes);
        chunk
    })
}

/// Calls `each` with the chunk, the range in it and the range in the whole, for each chunk of a range.
fn for_each_piece(offset: u64, length: usize, mut each: impl FnMut(usize, Range<usize>, Range<usize>)) {
    let mut done = 0;
    while done < length {
        let at = offset as usize + done;
        let (chunk, start) = (at / CHUNK_BYTES, at % CHUNK_BYTES);
        let count = (CHUNK_BYTES - start).min(length - done);
        each(chunk, start..start + count, done..done + count);
        done += count;
    }
}

impl BlockDevice for MemoryDevice {
    fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    fn read(&mut self, offset: u64, into: &mut [u8]) -> Result<(), DeviceError> {
        self.check(Operation::Read, offset, into.len())?;
        for_each_piece(offset, into.len(), |chunk, from, to| match self.chunks.get(chunk) {
            Some(Some(chunk)) => into[to].copy_from_slice(&chunk[from]),
            _ => into[to].fill(0),
        });
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DeviceError> {
        self.check(Operation::Write, offset, bytes.len())?;
        for_each_piece(offset, bytes.len(), |chunk, to, from| {
            if self.chunks.len() <= chunk {
                self.chunks.resize(chunk + 1, None);
            }
            self.chunks[chunk].get_or_insert_with(|| vec![0; CHUNK_BYTES])[to].copy_from_slice(&bytes[from]);
        });
        Ok(())
    }

    fn flush(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn extend(&mut self, length_bytes: u64) -> Result<(), DeviceError> {
        if self.capacity_bytes.is_some_and(|capacity| length_bytes > capacity) {
            return Err(DeviceError::NoSpace);
        }
        self.length_bytes = self.length_bytes.max(length_bytes);
        Ok(())
    }
}
