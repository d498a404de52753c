//! Logs.

use super::Refusal;
use crate::arch::Arch;
use crate::calls::{Calls, LOG_OVERHEAD_BYTES};
use crate::stop::{Stop, price};
use nub_abi::host_call::TOO_LONG;
use nub_abi::{Log, Status};

/// Octets of a topic.
const TOPIC_BYTES: usize = 32;

impl<A: Arch> Calls<'_, '_, A> {
    /// `emit(topic32, data, len) → 0`.
    pub(super) fn emit(&mut self) -> Result<u64, Refusal> {
        let (topic, data, len) = (self.argument(0)?, self.argument(1)?, self.argument(2)? as u32);
        if len > self.world.params.limits.log_bytes {
            return Err(Refusal::Code(TOO_LONG));
        }
        let more_bytes = self.receipt_bytes(0) + LOG_OVERHEAD_BYTES + u64::from(len);
        if !self.world.receipts_fit(more_bytes) {
            return Err(Stop::Fail(Status::LimitExceeded).into());
        }
        let gas = &self.world.params.gas;
        let (base, bytes) = (gas.event, price(gas.event_byte, TOPIC_BYTES + len as usize));
        self.charge(base)?;
        self.charge(bytes)?;
        let topic_bytes = self.read(topic, TOPIC_BYTES as u64)?;
        let data = self.read(data, len.into())?;
        let mut topic = [0; TOPIC_BYTES];
        topic.copy_from_slice(&topic_bytes);
        let instance = self.frame()?.id;
        self.logs.push(Log { instance, topic, data });
        Ok(0)
    }
}
