//! Calling another Instance through a Ref, and reading what it returned.

use super::{Refusal, no_frame, refusal};
use crate::arch::Arch;
use crate::calls::{Calls, Ended, Next};
use crate::frame::{Entry, Frame, Origin, Passed};
use crate::stop::{Stop, price};
use alloc::boxed::Box;
use alloc::vec::Vec;
use javm_interpreter::Meter;
use nub_abi::host_call::{GONE, RIGHT_CALL, TOO_LONG};
use nub_abi::{Growth, Status};
use nub_state::Ref;

/// Octets of one selector in the list of passed capabilities.
const SELECTOR_BYTES: u64 = 2;

impl<A: Arch> Calls<'_, '_, A> {
    /// `call(ref, endpoint, args, args_len, gas, passed) → status, output length`.
    pub(super) fn call(&mut self) -> Result<Next<A>, Stop> {
        match self.prepare_call() {
            Ok(Entered::Frame(frame)) => Ok(Next::Enter(frame)),
            Ok(Entered::Ended(ended)) => {
                self.frame()?.take_result(ended);
                Ok(Next::Continue)
            }
            Err(Refusal::Stop(stop)) => Err(stop),
            Err(Refusal::Code(code)) => {
                let frame = self.frame()?;
                frame.machine.registers[7] = code;
                frame.machine.registers[8] = 0;
                frame.last_output = Vec::new();
                Ok(Next::Continue)
            }
        }
    }

    /// `output_read(out, offset, len) → bytes copied`.
    pub(super) fn output_read(&mut self) -> Result<u64, Refusal> {
        let (out, offset, len) = (self.argument(0)?, self.argument(1)?, self.argument(2)? as u32);
        let output = core::mem::take(&mut self.frame()?.last_output);
        let start = offset.min(output.len() as u64) as usize;
        let end = output.len().min(start.saturating_add(len as usize));
        let bytes = &output[start..end];
        self.charge(price(self.world.params.gas.output_byte, bytes.len()))?;
        self.write(out, bytes)?;
        let copied = bytes.len() as u64;
        self.frame()?.last_output = output;
        Ok(copied)
    }

    /// Pays for the call, finds its target and builds its frame.
    fn prepare_call(&mut self) -> Result<Entered<A>, Refusal> {
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
        let target = self.reference_with(selector, RIGHT_CALL)?;
        let passed = self.passed_capabilities(passed_address, passed_count)?;
        let args = self.read(args, args_len.into())?;
        let entry = self.find_target(&target, endpoint, passed)?;
        let caller = self.frame()?;
        let meter = &mut caller.machine.meter;
        let gas = gas_asked.min(meter.gas_left);
        meter.gas_left -= gas;
        let callee_meter = Meter { gas_left: gas, pages_left: meter.pages_left };
        match Frame::enter(&mut self.world.runtime.arch, params, entry, &args, callee_meter) {
            Ok(frame) => Ok(Entered::Frame(Box::new(frame))),
            Err((Stop::Fail(status), meter)) => Ok(Entered::Ended(ended(status, meter))),
            Err((abort, _)) => Err(Refusal::Stop(abort)),
        }
    }

    /// Finds what a call enters; the target and its Image are touched.
    fn find_target(&mut self, target: &Ref, endpoint: u64, passed: Passed) -> Result<Entry, Refusal> {
        if self.frames.len() >= self.world.params.limits.call_depth as usize {
            return Err(Refusal::Code(Status::LimitExceeded as u64));
        }
        let id = target.instance;
        if self.is_on_stack(&id) {
            return Err(Refusal::Code(Status::Busy as u64));
        }
        let caller = self.frames.last_mut().ok_or_else(no_frame)?;
        self.world.touch_instance(&id, &mut caller.machine.meter)?;
        let instance = self.world.instance(&id)?.ok_or(Refusal::Code(GONE))?;
        let image = self.world.image(&instance.image)?;
        self.world.touch_image(&image, &mut caller.machine.meter)?;
        let pc = u16::try_from(endpoint).ok().and_then(|number| image.endpoint(number));
        let pc = pc.ok_or(Refusal::Code(Status::NoEndpoint as u64))?;
        let origin = Origin { caller: Some(caller.id), badge: target.badge, passed };
        let mark = self.mark();
        Ok(Entry { id, instance, image, pc, origin, mark })
    }

    /// The capabilities a list of selectors names; a Ref among them must carry the right to grant.
    fn passed_capabilities(&mut self, address: u64, count: u64) -> Result<Passed, Refusal> {
        let list = self.read(address, count * SELECTOR_BYTES)?;
        let mut passed = Passed::default();
        for selector in list.chunks_exact(SELECTOR_BYTES as usize) {
            let selector = u16::from_le_bytes([selector[0], selector[1]]);
            let link = self.capability(selector.into())?;
            self.check_grant(&link)?;
            passed.push(link, self.world.runtime)?.map_err(refusal)?;
        }
        Ok(passed)
    }
}

/// What came of entering a callee.
enum Entered<A: Arch> {
    /// It runs.
    Frame(Box<Frame<A>>),
    /// It failed at once.
    Ended(Ended),
}

/// How a callee ended that could not pay its entry or exceeded a limit at it.
fn ended(status: Status, meter: Meter) -> Ended {
    let gas_left = if status == Status::OutOfGas { 0 } else { meter.gas_left };
    Ended { status, output: Vec::new(), gas_left, growth: Growth::default() }
}
