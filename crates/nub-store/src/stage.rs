//! Staging: the objects of a commit that is too large to be given at once.

use crate::commit::check_hashes;
use crate::device::BlockDevice;
use crate::error::WriteError;
use crate::format::frame::FrameKind;
use crate::store::Store;
use nub_abi::Hash;

impl<D: BlockDevice> Store<D> {
    /// Writes objects that the next commit's root will refer to. They count once that follows; until then there is
    /// no collection, since it would drop them, and what it moves would part them from their commit.
    ///
    /// # Errors
    /// [`WriteError`], as for [`commit`](Self::commit).
    pub fn stage<T: AsRef<[u8]>>(&mut self, objects: &[(Hash, T)]) -> Result<(), WriteError> {
        self.check_writable()?;
        check_hashes(objects)?;
        let new = self.new_objects(objects)?;
        self.make_room(&new.batch)?;
        let keep = self.reserve_segments();
        let appended = self.append(&new.batch, FrameKind::Objects, keep)?;
        self.has_staged = true;
        self.note_written(&new, &appended);
        self.checkpoint_if_due();
        self.index.evict();
        Ok(())
    }

    /// Whether objects were staged for a commit that has not come.
    pub fn has_staged(&self) -> bool {
        self.has_staged
    }

    /// Gives up what was staged, so that there can be collection again: it takes the objects away in time.
    ///
    /// # Errors
    /// [`WriteError`]; what was staged stays staged.
    pub fn give_up_staged(&mut self) -> Result<(), WriteError> {
        if self.has_staged {
            // The log begins behind them then.
            self.checkpoint()?;
            self.has_staged = false;
        }
        Ok(())
    }
}
