//! Changing the rules: by the Chain Instance, for a height to come.

use super::Refusal;
use crate::arch::Arch;
use crate::calls::Calls;
use crate::genesis::check_params;
use crate::stop::price;
use nub_abi::Params;
use nub_abi::codec::decode_exact;
use nub_abi::host_call::{BAD_ARGUMENT, NO_RIGHT, TOO_LONG};

impl<A: Arch> Calls<'_, '_, A> {
    /// `set_params(data, len, height) → 0`: SCALE-encoded parameters that replace those in force before
    /// the first event of the block of that height, in place of any set before.
    pub(super) fn set_params(&mut self) -> Result<u64, Refusal> {
        let (data, len, height) = (self.argument(0)?, self.argument(1)? as u32, self.argument(2)?);
        if self.world.params.chain != Some(self.frame()?.id) {
            return Err(Refusal::Code(NO_RIGHT));
        }
        if len > self.world.params.limits.argument_bytes {
            return Err(Refusal::Code(TOO_LONG));
        }
        self.charge(price(self.world.params.gas.storage_byte, len as usize))?;
        let bytes = self.read(data, len.into())?;
        let params: Params = decode_exact(&bytes).map_err(|_| Refusal::Code(BAD_ARGUMENT))?;
        let chain_exists = match &params.chain {
            Some(chain) => self.is_on_stack(chain) || self.world.instance(chain)?.is_some(),
            None => true,
        };
        if !chain_exists || check_params(&params).is_err() || height <= self.world.context.height {
            return Err(Refusal::Code(BAD_ARGUMENT));
        }
        self.world.set_next_params(height, params);
        Ok(0)
    }
}
