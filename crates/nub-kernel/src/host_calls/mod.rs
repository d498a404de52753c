//! Host calls: what `ecalli n` does. `docs/spec/host-calls.md` is normative.
//!
//! Every host call first pays `gas.host_call`, then what its family says, before it takes effect.
//! Errors a program can handle are codes in r7; a bad range or an empty meter ends the frame.

mod call;
mod context;
mod create;
mod emit;
mod finish;
mod storage;

use crate::arch::Arch;
use crate::calls::{Calls, Next};
use crate::frame::Frame;
use crate::stop::{Stop, charge};
use nub_abi::Status;
use nub_abi::host_call::{self, HostCall};

/// Registers of the arguments: r7 is argument 0.
const FIRST_ARGUMENT: usize = 7;

impl<A: Arch> Calls<'_, '_, A> {
    /// Answers a host call of the innermost frame.
    pub(crate) fn host_call(&mut self, number: u64) -> Result<Next<A>, Stop> {
        let price = self.world.params.gas.host_call;
        charge(&mut self.frame()?.machine.meter, price)?;
        let code = match HostCall::from_number(number) {
            Some(HostCall::Return) => return self.finish(Status::Success),
            Some(HostCall::Revert) => return self.finish(Status::Reverted),
            Some(HostCall::Call) => return self.call(),
            Some(HostCall::GasLeft) => self.frame()?.machine.meter.gas_left,
            Some(HostCall::Caller) => self.caller()?,
            Some(HostCall::Badge) => self.badge()?,
            Some(HostCall::SelfId) => self.self_id()?,
            Some(HostCall::BlockContext) => self.block_context()?,
            Some(HostCall::PassedCount) => self.frame()?.origin.passed.len() as u64,
            Some(HostCall::StorageGet) => self.storage_get()?,
            Some(HostCall::StoragePut) => self.storage_put()?,
            Some(HostCall::StorageRemove) => self.storage_remove()?,
            Some(HostCall::OutputRead) => self.output_read()?,
            Some(HostCall::ImageCreate) => self.image_create()?,
            Some(HostCall::InstanceCreate) => self.instance_create()?,
            Some(HostCall::Emit) => self.emit()?,
            None => host_call::UNKNOWN,
        };
        self.frame()?.machine.registers[FIRST_ARGUMENT] = code;
        Ok(Next::Continue)
    }

    /// The innermost frame. There is one whenever a program runs.
    pub(crate) fn frame(&mut self) -> Result<&mut Frame<A>, Stop> {
        self.frames.last_mut().ok_or(Stop::Fail(Status::Panicked))
    }

    /// Argument `index` of the running host call, 0 to 5.
    fn argument(&mut self, index: usize) -> Result<u64, Stop> {
        Ok(self.frame()?.machine.registers[FIRST_ARGUMENT + index])
    }

    /// Charges the innermost frame.
    fn charge(&mut self, gas: u64) -> Result<(), Stop> {
        charge(&mut self.frame()?.machine.meter, gas)
    }

    /// Reads a range of the innermost frame's memory.
    fn read(&mut self, address: u64, len_bytes: u64) -> Result<alloc::vec::Vec<u8>, Stop> {
        let range = crate::pager::ProgramRange::new(address, len_bytes);
        let frame = self.frames.last_mut().ok_or(Stop::Fail(Status::Panicked))?;
        frame.read_range(self.world.runtime, self.world.params, range)
    }

    /// Writes to the innermost frame's memory.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Stop> {
        let frame = self.frames.last_mut().ok_or(Stop::Fail(Status::Panicked))?;
        frame.write_range(self.world.runtime, self.world.params, address, bytes)
    }
}
