//! The call stack: a heap structure, run until its bottom frame ends.

use crate::arch::Arch;
use crate::frame::{Entry, Frame, Mark, Origin};
use crate::stop::{Stop, charge, invariant, price};
use crate::world::World;
use alloc::boxed::Box;
use alloc::vec::Vec;
use javm_interpreter::{Exit, Meter};
use nub_abi::error::Abort;
use nub_abi::{Growth, InstanceId, Log, Receipt, Status};
use nub_state::{DropQueue, Link};

/// What a log counts beside its data: its topic and who emitted it.
pub(crate) const LOG_OVERHEAD_BYTES: u64 = 64;

/// Calls in progress, innermost last, and what they have emitted.
pub(crate) struct Calls<'w, 'k, A: Arch> {
    pub(crate) world: &'w mut World<'k, A>,
    pub(crate) frames: Vec<Frame<A>>,
    pub(crate) logs: Vec<Log>,
    /// What limits the output of the outermost frame.
    pub(crate) outermost: OutputLimit,
}

/// What limits the output of a call from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputLimit {
    /// `output_bytes`, and with the logs what is left of `receipts_bytes`.
    Receipt,
    /// So many octets: nobody keeps it.
    Bytes(u32),
}

/// What a frame does next.
pub(crate) enum Next<A: Arch> {
    /// The next instruction.
    Continue,
    /// It ends with this output.
    Finish(Status, Vec<u8>),
    /// It calls.
    Enter(Box<Frame<A>>),
}

/// How a frame ended, for whoever entered it.
pub(crate) struct Ended {
    pub(crate) status: Status,
    pub(crate) output: Vec<u8>,
    pub(crate) gas_left: u64,
    pub(crate) growth: Growth,
}

/// What to run from outside the machine: an event's call or a query.
pub(crate) struct RootCall<'a> {
    pub(crate) target: InstanceId,
    pub(crate) endpoint: u16,
    pub(crate) args: &'a [u8],
    pub(crate) gas_limit: u64,
    pub(crate) origin: Origin,
    pub(crate) output: OutputLimit,
}

impl<'w, 'k, A: Arch> Calls<'w, 'k, A> {
    pub(crate) fn new(world: &'w mut World<'k, A>) -> Self {
        Self { world, frames: Vec::new(), logs: Vec::new(), outermost: OutputLimit::Receipt }
    }

    /// Runs a call from outside to its end. Faults in the call itself give a receipt with gas 0.
    pub(crate) fn run_root(mut self, call: RootCall<'_>) -> Result<Receipt, Abort> {
        let gas_limit = call.gas_limit;
        self.outermost = call.output;
        let ended = match self.enter_root(call) {
            Ok(frame) => self.run(frame)?,
            Err(RootStop::Refused(status)) => return Ok(refused(status)),
            Err(RootStop::Stopped(Stop::Fail(status), meter)) => {
                Ended { status, output: Vec::new(), gas_left: meter.gas_left, growth: Growth::default() }
            }
            Err(RootStop::Stopped(Stop::Abort(abort), _)) => return Err(abort),
        };
        let gas_used = gas_limit - if ended.status == Status::OutOfGas { 0 } else { ended.gas_left };
        self.world.settle(gas_used);
        self.world.count_receipt(self.receipt_bytes(ended.output.len()));
        Ok(Receipt {
            status: ended.status,
            gas_used,
            output: ended.output,
            logs: core::mem::take(&mut self.logs),
            growth: ended.growth,
        })
    }

    fn enter_root(&mut self, call: RootCall<'_>) -> Result<Frame<A>, RootStop> {
        let instance = self.world.instance(&call.target)?.ok_or(RootStop::Refused(Status::NoTarget))?;
        let image = self.world.image(&instance.image).map_err(|stop| match stop {
            Stop::Fail(status) => RootStop::Refused(status),
            Stop::Abort(abort) => abort.into(),
        })?;
        let pc = image.endpoint(call.endpoint).ok_or(RootStop::Refused(Status::NoEndpoint))?;
        let params = self.world.params;
        let mut meter = Meter { gas_left: call.gas_limit, pages_left: params.limits.live_pages };
        let passed = call.origin.passed.len();
        let charged = charge(&mut meter, params.gas.call)
            .and_then(|()| charge(&mut meter, price(params.gas.argument_byte, call.args.len())))
            .and_then(|()| charge(&mut meter, price(params.gas.capability, passed)))
            .and_then(|()| self.world.touch_instance(&call.target, &mut meter))
            .and_then(|()| self.world.touch_image(&image, &mut meter));
        if let Err(stop) = charged {
            return Err(RootStop::Stopped(stop, meter));
        }
        let mark = self.mark();
        let entry = Entry { id: call.target, instance, image, pc, origin: call.origin, mark };
        Frame::enter(&mut self.world.runtime.arch, params, entry, call.args, meter)
            .map_err(|(stop, meter)| RootStop::Stopped(stop, meter))
    }

    /// What a receipt with this output and the logs so far counts against `receipts_bytes`.
    pub(crate) fn receipt_bytes(&self, output_bytes: usize) -> u64 {
        let logs = self.logs.iter().map(|log| LOG_OVERHEAD_BYTES + log.data.len() as u64);
        logs.sum::<u64>() + output_bytes as u64
    }

    /// Where the journal and the logs stand.
    pub(crate) fn mark(&self) -> Mark {
        Mark { journal: self.world.journal_mark(), logs: self.logs.len() }
    }

    /// Runs a frame and all it calls to its end.
    fn run(&mut self, bottom: Frame<A>) -> Result<Ended, Abort> {
        self.frames.push(bottom);
        loop {
            let ended = match self.step() {
                Ok(Next::Continue) => continue,
                Ok(Next::Enter(frame)) => {
                    self.frames.push(*frame);
                    continue;
                }
                Ok(Next::Finish(status, output)) => self.end_frame(status, output)?,
                Err(Stop::Fail(status)) => self.end_frame(status, Vec::new())?,
                Err(Stop::Abort(abort)) => return Err(abort),
            };
            match self.frames.last_mut() {
                Some(caller) => caller.take_result(ended),
                None => return Ok(ended),
            }
        }
    }

    /// Runs the innermost frame to its next exit and answers it.
    fn step(&mut self) -> Result<Next<A>, Stop> {
        let Some(frame) = self.frames.last_mut() else {
            return Err(Stop::Abort(invariant("a step of no frame")));
        };
        match frame.run(self.world.runtime)? {
            Exit::Halt => self.halt(),
            Exit::Panic => Err(Stop::Fail(Status::Panicked)),
            Exit::OutOfGas => Err(Stop::Fail(Status::OutOfGas)),
            Exit::PageFault { access, .. } => {
                frame.resolve(self.world.runtime, self.world.params, access)?;
                Ok(Next::Continue)
            }
            Exit::HostCall(number) => {
                frame.machine.complete_host_call(frame.image.code());
                self.host_call(number)
            }
        }
    }

    /// Takes the innermost frame off the stack: writes its changes back, or undoes them.
    fn end_frame(&mut self, status: Status, output: Vec<u8>) -> Result<Ended, Abort> {
        let Some(mut frame) = self.frames.pop() else {
            return Err(invariant("the end of no frame"));
        };
        if status == Status::Success {
            match self.world.take_upgrade(&frame.id) {
                Some(image) => self.upgrade(&mut frame, image)?,
                None => frame.harvest(self.world.runtime)?,
            }
            if frame.changed {
                self.world.put_instance(frame.id, frame.instance.clone());
            }
        } else {
            self.world.undo_to(frame.mark);
            self.logs.truncate(frame.mark.logs);
            frame.growth = Growth::default();
        }
        if status == Status::OutOfGas {
            frame.machine.meter.gas_left = 0;
        }
        let (gas_left, growth) = (frame.machine.meter.gas_left, frame.growth);
        frame.discard(&mut self.world.runtime.drops);
        Ok(Ended { status, output, gas_left, growth })
    }

    /// Gives a frame's Instance another Image; its memory is the Image's, whatever the frame stored.
    fn upgrade(&mut self, frame: &mut Frame<A>, image: Link) -> Result<(), Abort> {
        // It was loaded when the upgrade was asked for.
        match self.world.image(&image) {
            Ok(loaded) => frame.instance.memory = self.world.initial_memory(&loaded)?,
            Err(Stop::Abort(abort)) => return Err(abort),
            Err(Stop::Fail(_)) => return Err(invariant("an Image in use is not loaded")),
        }
        frame.instance.image = image;
        frame.changed = true;
        Ok(())
    }
}

/// Whatever is left when a call is given up.
impl<A: Arch> Drop for Calls<'_, '_, A> {
    fn drop(&mut self) {
        for frame in self.frames.drain(..) {
            frame.discard(&mut self.world.runtime.drops);
        }
    }
}

impl<A: Arch> Frame<A> {
    /// Gives up what it has of state, to be freed later.
    fn discard(self, drops: &mut DropQueue) {
        drops.push_instance(self.instance);
        drops.push(self.origin.passed.into_link());
        self.views.into_iter().for_each(|view| drops.push(view.data));
    }

    /// Gives a caller what its call came to: status in r7, output length in r8, unused gas back.
    pub(crate) fn take_result(&mut self, ended: Ended) {
        self.machine.registers[7] = ended.status as u64;
        self.machine.registers[8] = ended.output.len() as u64;
        self.machine.meter.gas_left += ended.gas_left;
        self.last_output = ended.output;
        self.growth += ended.growth;
    }
}

/// Why a call from outside did not start running.
enum RootStop {
    /// It is faulty in itself and costs nothing.
    Refused(Status),
    /// It stopped while being paid for.
    Stopped(Stop, Meter),
}

impl From<Abort> for RootStop {
    fn from(abort: Abort) -> Self {
        Self::Stopped(Stop::Abort(abort), Meter { gas_left: 0, pages_left: 0 })
    }
}

/// The receipt of an event that never started.
pub(crate) fn refused(status: Status) -> Receipt {
    Receipt { status, gas_used: 0, output: Vec::new(), logs: Vec::new(), growth: Growth::default() }
}
