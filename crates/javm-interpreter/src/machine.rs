//! What a running program is, apart from its code and its memory.

use javm_isa::REGISTER_COUNT;

use crate::Code;

/// What a run may still spend. Passed along to memory, so that first touches are paid where they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    /// Gas left.
    pub gas_left: u64,
    /// Pages that may still come to life.
    pub pages_left: u32,
}

impl Meter {
    /// Pays for a block, or pays nothing and says `false`.
    #[inline(always)]
    pub(crate) fn pay(&mut self, gas: u32) -> bool {
        match self.gas_left.checked_sub(gas.into()) {
            Some(gas_left) => {
                self.gas_left = gas_left;
                true
            }
            None => false,
        }
    }
}

/// The state of a run. A stopped machine can be run again; see [`Exit`](crate::Exit) for what that does.
///
/// Running a machine again after it halted or panicked repeats its last instruction; that means
/// nothing, but is safe.
#[derive(Clone, Debug)]
pub struct Machine {
    /// r0 to r12.
    pub registers: [u64; REGISTER_COUNT],
    /// The position in the code of the instruction to run.
    pub pc: u32,
    /// What it may still spend.
    pub meter: Meter,
    /// Is the rest of the block that the pc is in already paid for?
    pub(crate) block_charged: bool,
    /// The number of the instruction at the pc, if [`Code::record_near`] says so: it saves looking for it, and is no
    /// part of the state.
    pub(crate) record: u32,
}

impl PartialEq for Machine {
    fn eq(&self, other: &Machine) -> bool {
        let state = |machine: &Machine| (machine.registers, machine.pc, machine.meter, machine.block_charged);
        state(self) == state(other)
    }
}

impl Eq for Machine {}

impl Machine {
    /// A machine about to enter a block at `pc`.
    ///
    /// Any `pc` will do: where no instruction starts the run panics, and in the middle of a block the
    /// instructions from there to the block's end are charged.
    pub fn new(registers: [u64; REGISTER_COUNT], pc: u32, meter: Meter) -> Machine {
        Machine { registers, pc, meter, block_charged: false, record: 0 }
    }

    /// For another engine that runs the same machine: is the rest of the block that the pc is in already
    /// paid for?
    pub fn is_block_charged(&self) -> bool {
        self.block_charged
    }

    /// For another engine: the machine has stopped at `pc`. After every exit but [`Exit::OutOfGas`](crate::Exit::OutOfGas)
    /// the block is charged.
    pub fn stop_at(&mut self, pc: u32, is_block_charged: bool) {
        (self.pc, self.block_charged) = (pc, is_block_charged);
    }

    /// Moves the pc from the `ecalli` that exited to the instruction after it, which is already charged.
    /// `code` must be the code that ran.
    pub fn complete_host_call(&mut self, code: &Code) {
        if let Some(next) = code.record_near(self.pc, self.record).and_then(|record| record.checked_add(1))
            && let Some(pc) = code.position(next)
        {
            (self.pc, self.record) = (pc, next);
        }
    }
}
