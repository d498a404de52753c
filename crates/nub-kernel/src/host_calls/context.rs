//! Who runs, who called, and in which block.

use super::Refusal;
use crate::arch::Arch;
use crate::calls::Calls;
use nub_abi::InstanceId;

impl<A: Arch> Calls<'_, '_, A> {
    /// `caller(out32) → kind`.
    pub(super) fn caller(&mut self) -> Result<u64, Refusal> {
        let caller = self.frame()?.origin.caller;
        let out = self.argument(0)?;
        self.write(out, &caller.unwrap_or(InstanceId::ZERO).0)?;
        Ok(u64::from(caller.is_some()))
    }

    /// `badge(out32)`.
    pub(super) fn badge(&mut self) -> Result<u64, Refusal> {
        let badge = self.frame()?.origin.badge;
        let out = self.argument(0)?;
        self.write(out, &badge.0)?;
        Ok(0)
    }

    /// `self_id(out32)`.
    pub(super) fn self_id(&mut self) -> Result<u64, Refusal> {
        let id = self.frame()?.id;
        let out = self.argument(0)?;
        self.write(out, &id.0)?;
        Ok(0)
    }

    /// `block_context(out88)`.
    pub(super) fn block_context(&mut self) -> Result<u64, Refusal> {
        let context = self.world.context.to_bytes();
        let out = self.argument(0)?;
        self.write(out, &context)?;
        Ok(0)
    }
}
