//! Calling another Instance through a Ref, and reading what it returned.

use crate::arch::Arch;
use crate::calls::{Calls, Ended, Next};
use crate::frame::{Entry, Frame, Origin};
use crate::stop::{Stop, price};
use alloc::vec::Vec;
use javm_interpreter::Meter;
use nub_abi::host_call::{BAD_ARGUMENT, NO_CAPABILITY, NO_RIGHT, PASSED, RIGHT_CALL, RIGHT_GRANT, TOO_LONG};
use nub_abi::{Growth, Status};
use nub_state::{Link, Ref};

/// Octets of one selector in the list of passed capabilities.
const SELECTOR_BYTES: u64 = 2;

impl<A: Arch> Calls<'_, '_, A> {
    /// `call(ref, endpoint, args, args_len, gas, passed) → status, output length`.
    pub(super) fn call(&mut self) -> Result<Next<A>, Stop> {
        match self.prepare_call() {
            Ok(frame) => Ok(Next::Enter(alloc::boxed::Box::new(frame))),
            Err(Refusal::Stop(stop)) => Err(stop),
            Err(Refusal::Code(code)) => {
                let frame = self.frame()?;
                frame.machine.registers[7] = code;
                frame.machine.registers[8] = 0;
                frame.last_output = Vec::new();
                Ok(Next::Continue)
            }
            Err(Refusal::Ended(ended)) => {
                self.frame()?.take_result(ended);
                Ok(Next::Continue)
            }
        }
    }

    /// `output_read(out, offset, len) → bytes copied`.
    pub(super) fn output_read(&mut self) -> Result<u64, Stop> {
        let (out, offset, len) = (self.argument(0)?, self.argument(1)?, self.argument(2)? as u32);
        let output = core::mem::take(&mut self.frame()?.last_output);
        let start = offset.min(output.len() as u64) as usize;
        let end = output.len().min(start + len as usize);
        let bytes = &output[start..end];
        self.charge(price(self.world.params.gas.output_byte, bytes.len()))?;
        self.write(out, bytes)?;
        let copied = bytes.len() as u64;
        self.frame()?.last_output = output;
        Ok(copied)
    }

    /// Pays for the call, finds its target and builds its frame.
    fn prepare_call(&mut self) -> Result<Frame<A>, Refusal> {
        let params = self.world.params;
        let (selector, endpoint) = (self.argument(0)?, self.argument(1)?);
        let (args, args_len) = (self.argument(2)?, self.argument(3)? as u32);
        let (gas_asked, passed) = (self.argument(4)?, self.argument(5)?);
        let (passed_address, passed_count) = (passed & u64::from(u32::MAX), passed >> 32);
        if args_len > params.limits.argument_bytes
            || passed_count > u64::from(params.limits.passed_capabilities)
        {
            return Err(Refusal::Code(TOO_LONG));
        }
        self.charge(params.gas.call)?;
        self.charge(price(params.gas.argument_byte, args_len as usize))?;
        self.charge(price(params.gas.capability, passed_count as usize))?;
        let target = self.callable(selector)?;
        let passed = self.passed_capabilities(passed_address, passed_count)?;
        let args = self.read(args, args_len.into())?;
        let entry = self.find_target(&target, endpoint, passed)?;
        let caller = self.frame()?;
        let meter = &mut caller.machine.meter;
        let gas = gas_asked.min(meter.gas_left);
        meter.gas_left -= gas;
        let callee_meter = Meter { gas_left: gas, pages_left: meter.pages_left };
        Frame::enter(&mut self.world.runtime.arch, params, entry, &args, callee_meter).map_err(
            |(stop, meter)| match stop {
                Stop::Fail(status) => Refusal::Ended(ended(status, meter)),
                abort => Refusal::Stop(abort),
            },
        )
    }

    /// Finds what a call enters; the target and its Image are touched.
    fn find_target(&mut self, target: &Ref, endpoint: u64, passed: Vec<Link>) -> Result<Entry, Refusal> {
        if self.frames.len() >= self.world.params.limits.call_depth as usize {
            return Err(Refusal::Code(Status::LimitExceeded as u64));
        }
        let id = target.instance;
        if self.frames.iter().any(|frame| frame.id == id) {
            return Err(Refusal::Code(Status::Busy as u64));
        }
        let caller = self.frames.last_mut().ok_or(Stop::Fail(Status::Panicked))?;
        self.world.touch_instance(&id, &mut caller.machine.meter)?;
        let instance = self.world.instance(&id)?.ok_or(Refusal::Code(Status::NoTarget as u64))?;
        let image = self.world.image(&instance.image)?;
        self.world.touch_image(&image, &mut caller.machine.meter)?;
        let pc = u16::try_from(endpoint).ok().and_then(|number| image.endpoint(number));
        let pc = pc.ok_or(Refusal::Code(Status::NoEndpoint as u64))?;
        let origin = Origin { caller: Some(caller.id), badge: target.badge, passed };
        let mark = self.mark();
        Ok(Entry { id, instance, image, pc, origin, mark })
    }

    /// The Ref a selector names, if it may be called.
    fn callable(&mut self, selector: u64) -> Result<Ref, Refusal> {
        let link = self.capability(selector)?;
        let Some(target) = self.world.runtime.reference(&link)? else {
            return Err(Refusal::Code(NO_CAPABILITY));
        };
        if target.rights & RIGHT_CALL == 0 {
            return Err(Refusal::Code(NO_RIGHT));
        }
        Ok(target)
    }

    /// The capabilities a list of selectors names; a Ref among them must carry the right to grant.
    fn passed_capabilities(&mut self, address: u64, count: u64) -> Result<Vec<Link>, Refusal> {
        let list = self.read(address, count * SELECTOR_BYTES)?;
        let mut passed = Vec::with_capacity(list.len() / 2);
        for selector in list.chunks_exact(SELECTOR_BYTES as usize) {
            let selector = u16::from_le_bytes([selector[0], selector[1]]);
            let link = self.capability(selector.into())?;
            if let Some(reference) = self.world.runtime.reference(&link)?
                && reference.rights & RIGHT_GRANT == 0
            {
                return Err(Refusal::Code(NO_RIGHT));
            }
            passed.push(link);
        }
        Ok(passed)
    }

    /// The capability a selector names: an own slot, or one that was passed. A slot pays as storage does.
    fn capability(&mut self, selector: u64) -> Result<Link, Refusal> {
        if let Some(index) = selector.checked_sub(PASSED) {
            let passed = &self.frame()?.origin.passed;
            let link = usize::try_from(index).ok().and_then(|index| passed.get(index));
            return link.cloned().ok_or(Refusal::Code(NO_CAPABILITY));
        }
        let slot = u8::try_from(selector).map_err(|_| Refusal::Code(BAD_ARGUMENT))?;
        let lookup = self.slot(slot)?;
        lookup.ok_or(Refusal::Code(NO_CAPABILITY))
    }
}

/// Why a call was not entered.
enum Refusal {
    /// The caller itself stops.
    Stop(Stop),
    /// The caller reads this code in r7.
    Code(u64),
    /// The callee failed while being entered.
    Ended(Ended),
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<nub_abi::error::Abort> for Refusal {
    fn from(abort: nub_abi::error::Abort) -> Self {
        Self::Stop(Stop::Abort(abort))
    }
}

/// How a callee ended that could not pay its entry or exceeded a limit at it.
fn ended(status: Status, meter: Meter) -> Ended {
    let gas_left = if status == Status::OutOfGas { 0 } else { meter.gas_left };
    Ended { status, output: Vec::new(), gas_left, growth: Growth::default() }
}
