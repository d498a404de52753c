//! Room in memory: asked for before work that takes some, so that running out is an error and never a crash.
//!
//! What a block has taken so far may be needed once more to hash and keep it, so that much must stay free. What
//! is cached gives way first.

use crate::arch::Arch;
use crate::runtime::Runtime;
use nub_abi::error::Abort;

/// Room that any step may take beside what it asks for.
const STEP_BYTES: u64 = 256 << 10;
/// Bytes of memory that decoding an Image takes for each of its encoding (docs/spec/limits.md).
const DECODED_IMAGE_FACTOR: u64 = 24;

/// How memory was when an operation began.
#[derive(Clone, Copy, Default)]
pub(crate) struct Baseline {
    free_bytes: u64,
    cached_bytes: u64,
}

impl<A: Arch> Runtime<A> {
    /// An operation begins: what is taken from now on is its own.
    pub(crate) fn begin_operation(&mut self) {
        self.baseline = Baseline {
            free_bytes: self.arch.free_bytes().unwrap_or(0),
            cached_bytes: self.droppable_bytes(),
        };
    }

    /// Makes sure of room for `bytes` and for keeping what the operation has made; drops what is cached if
    /// there is no other way.
    ///
    /// # Errors
    /// [`Abort::OutOfMemory`].
    pub(crate) fn make_room(&mut self, bytes: u64) -> Result<(), Abort> {
        if self.shortage(bytes).is_none() {
            return Ok(());
        }
        self.forget_spent();
        if self.shortage(bytes).is_none() {
            return Ok(());
        }
        self.drop_caches();
        match self.shortage(bytes) {
            None => Ok(()),
            Some((free_bytes, needed_bytes)) => Err(Abort::OutOfMemory { free_bytes, needed_bytes }),
        }
    }

    /// Whether so many bytes are there to be taken, with nothing dropped for them.
    pub(crate) fn has_room(&self, bytes: u64) -> bool {
        self.shortage(bytes).is_none()
    }

    /// As [`Runtime::make_room`], to decode an Image.
    pub(crate) fn make_room_for_image(&mut self, encoded_bytes: u64) -> Result<(), Abort> {
        self.make_room(encoded_bytes.saturating_mul(DECODED_IMAGE_FACTOR))
    }

    /// Memory of what is cached, machine code included.
    fn droppable_bytes(&self) -> u64 {
        self.cached().1 + self.engines.code_memory_bytes()
    }

    /// Bytes free and bytes needed, if these are more.
    fn shortage(&self, bytes: u64) -> Option<(u64, u64)> {
        let free_bytes = self.arch.free_bytes()?;
        let taken = self.baseline.free_bytes.saturating_sub(free_bytes);
        let cached = self.droppable_bytes().saturating_sub(self.baseline.cached_bytes);
        let to_keep = taken.saturating_sub(cached);
        let needed_bytes =
            bytes.saturating_add(STEP_BYTES).saturating_add(to_keep).saturating_add(to_keep / 4);
        (free_bytes < needed_bytes).then_some((free_bytes, needed_bytes))
    }
}
