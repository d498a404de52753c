//! Fencing off what earlier openings left behind the log.
//!
//! A commit whose flush failed, or whose process died, may lie behind the log with some of its sectors lost: opening
//! found it torn and gave the root before it. If the next commit went to the same place and the power failed, the
//! sectors of both could make the first one whole, and a root would come back that everybody saw was not there. So
//! the first frame after an opening has no objects, and is durable before any other is written: what was left behind
//! does not follow it.

use crate::device::{BLOCK_BYTES, BlockDevice, SECTOR_BYTES};
use crate::error::WriteError;
use crate::format::frame::{FRAME_HEAD_BYTES, FrameKind};
use crate::store::Store;
use alloc::vec;

const _: () = assert!(FRAME_HEAD_BYTES <= SECTOR_BYTES);

impl<D: BlockDevice> Store<D> {
    /// Sees to it that nothing an earlier opening left can follow the log; `keep` free segments must remain.
    ///
    /// # Errors
    /// As for [`append`](Self::append).
    pub(crate) fn fence(&mut self, keep: usize) -> Result<(), WriteError> {
        if self.is_fenced {
            return Ok(());
        }
        self.is_fenced = true;
        let result = self.append(&[], FrameKind::Moved, keep).and_then(|appended| {
            self.written.index_bytes += appended.bytes;
            self.write_with(|device| device.flush())
        });
        self.is_fenced = result.is_ok();
        result
    }

    /// Gives a frame of one sector the rest of its block as it is on the device: torn, it must not complete what was
    /// there either.
    pub(crate) fn keep_rest_of_block(&mut self, offset: u64, frame: &mut [u8]) -> Result<(), WriteError> {
        let mut block = vec![0; BLOCK_BYTES];
        // Nothing is written to a device that cannot read this.
        self.write_with(|device| device.read(offset, &mut block))?;
        frame[SECTOR_BYTES..].copy_from_slice(&block[SECTOR_BYTES..]);
        Ok(())
    }
}
