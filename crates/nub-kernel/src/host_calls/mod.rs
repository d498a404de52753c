//! Host calls: what `ecalli n` does. `docs/spec/host-calls.md` is normative.
//!
//! Every host call first pays `gas.host_call`, then what its family says, before it takes effect.
//! Errors a program can handle are codes in r7; a bad range or an empty meter ends the frame.

mod call;
mod capability;
mod cnode;
mod context;
mod create;
mod data;
mod emit;
mod finish;
mod hashing;
mod manage;
mod params;
mod storage;
mod view;

use crate::arch::Arch;
use crate::calls::{Calls, Next};
use crate::frame::Frame;
use crate::stop::{Stop, charge, invariant};
use nub_abi::Status;
use nub_abi::error::Abort;
use nub_abi::host_call::{self, HostCall, NO_CAPABILITY, TOO_HIGH, TOO_LONG};
use nub_state::Refused;

/// Why a host call does not do what was asked.
pub(crate) enum Refusal {
    /// The frame stops.
    Stop(Stop),
    /// The program reads this code in r7.
    Code(u64),
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Abort> for Refusal {
    fn from(abort: Abort) -> Self {
        Self::Stop(Stop::Abort(abort))
    }
}

/// What a CNode that takes no such value answers.
pub(crate) fn refusal(refused: Refused) -> Refusal {
    Refusal::Code(match refused {
        Refused::TooHigh | Refused::TooMany => TOO_HIGH,
        Refused::TooLong(_) => TOO_LONG,
        Refused::Kind(_) => NO_CAPABILITY,
    })
}

/// A host call without a frame that made it.
pub(crate) fn no_frame() -> Stop {
    Stop::Abort(invariant("a host call of no frame"))
}

/// Registers of the arguments: r7 is argument 0.
const FIRST_ARGUMENT: usize = 7;

impl<A: Arch> Calls<'_, '_, A> {
    /// Answers a host call of the innermost frame.
    pub(crate) fn host_call(&mut self, number: u64) -> Result<Next<A>, Stop> {
        let price = self.world.params.gas.host_call;
        charge(&mut self.frame()?.machine.meter, price)?;
        self.world.runtime.make_room(0)?;
        match HostCall::from_number(number) {
            Some(HostCall::Return) => return self.finish(Status::Success),
            Some(HostCall::Revert) => return self.finish(Status::Reverted),
            Some(HostCall::Call) => return self.call(),
            _ => {}
        }
        let code = match self.answer(number) {
            Ok(value) => value,
            Err(Refusal::Code(code)) => code,
            Err(Refusal::Stop(stop)) => return Err(stop),
        };
        self.frame()?.machine.registers[FIRST_ARGUMENT] = code;
        Ok(Next::Continue)
    }

    /// What a host call that does not end or enter a frame leaves in r7.
    fn answer(&mut self, number: u64) -> Result<u64, Refusal> {
        match HostCall::from_number(number) {
            Some(HostCall::GasLeft) => Ok(self.frame()?.machine.meter.gas_left),
            Some(HostCall::Caller) => self.caller(),
            Some(HostCall::Badge) => self.badge(),
            Some(HostCall::SelfId) => self.self_id(),
            Some(HostCall::BlockContext) => self.block_context(),
            Some(HostCall::PassedCount) => Ok(self.frame()?.origin.passed.len() as u64),
            Some(HostCall::StorageGet) => self.storage_get(),
            Some(HostCall::StoragePut) => self.storage_put(),
            Some(HostCall::StorageRemove) => self.storage_remove(),
            Some(HostCall::OutputRead) => self.output_read(),
            Some(HostCall::ImageCreate) => self.image_create(),
            Some(HostCall::InstanceCreate) => self.instance_create(),
            Some(HostCall::Emit) => self.emit(),
            Some(HostCall::CapabilityCopy) => self.capability_copy(),
            Some(HostCall::CapabilityMove) => self.capability_move(),
            Some(HostCall::CapabilityDrop) => self.capability_drop(),
            Some(HostCall::RefMint) => self.ref_mint(),
            Some(HostCall::DataNew) => self.data_new(),
            Some(HostCall::DataSize) => self.data_size(),
            Some(HostCall::DataRead) => self.data_read(),
            Some(HostCall::DataWrite) => self.data_write(),
            Some(HostCall::DataMap) => self.data_map(),
            Some(HostCall::DataUnmap) => self.data_unmap(),
            Some(HostCall::StorageNext) => self.storage_next(),
            Some(HostCall::Blake2b) => self.blake2b(),
            Some(HostCall::Keccak) => self.keccak(),
            Some(HostCall::InstanceClone) => self.instance_clone(),
            Some(HostCall::InstanceUpgrade) => self.instance_upgrade(),
            Some(HostCall::InstanceDestroy) => self.instance_destroy(),
            Some(HostCall::SetParams) => self.set_params(),
            Some(HostCall::CnodeNew) => self.cnode_new(),
            Some(HostCall::CnodeGet) => self.cnode_get(),
            Some(HostCall::CnodePut) => self.cnode_put(),
            Some(HostCall::CnodeRemove) => self.cnode_remove(),
            Some(HostCall::CnodeNext) => self.cnode_next(),
            Some(HostCall::CnodeRead) => self.cnode_read(),
            Some(HostCall::CnodeWrite) => self.cnode_write(),
            // Ending and entering frames is done above.
            Some(HostCall::Return | HostCall::Revert | HostCall::Call) | None => Ok(host_call::UNKNOWN),
        }
    }

    /// The innermost frame. There is one whenever a program runs.
    pub(crate) fn frame(&mut self) -> Result<&mut Frame<A>, Stop> {
        self.frames.last_mut().ok_or_else(no_frame)
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
        let frame = self.frames.last_mut().ok_or_else(no_frame)?;
        frame.read_range(self.world.runtime, self.world.params, range)
    }

    /// Writes to the innermost frame's memory.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Stop> {
        let frame = self.frames.last_mut().ok_or_else(no_frame)?;
        frame.write_range(self.world.runtime, self.world.params, address, bytes)
    }
}
