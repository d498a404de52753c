//! From one instruction to the next.
//!
//! Each instruction is a function, its handler, that ends by calling the handler of the next: a call in tail
//! position, which the optimizer makes a jump, so that a run is one chain of jumps with its state in machine
//! registers. Nothing but speed depends on that: a chain gets an [`ALLOWANCE`] of gas and ends when that does, so
//! where calls stay calls the stack is bounded all the same. A block pays its instructions when it is entered, so
//! no more than the allowance run; one that is longer runs in pieces.

use javm_isa::REGISTER_COUNT;

use crate::{
    Code, Exit, Machine, Memory, Meter,
    code::{NO_RECORD, Record},
    op::table,
};

/// r0 to r12.
pub(crate) type Registers = [u64; REGISTER_COUNT];

/// The gas, and so the instructions, of a chain.
const ALLOWANCE: u32 = 1024;

/// What a run needs apart from what its handlers pass on: the records left in the chain, registers and memory.
pub(crate) struct Run<'c> {
    /// All records.
    records: &'c [Record],
    pub code: &'c Code,
    /// The gas that the chain may still spend.
    allowance: u32,
    /// The machine's meter, without that gas.
    meter: &'c mut Meter,
    /// Where it stopped.
    at: usize,
    /// Why it stops, if it exits otherwise than by a host call: a panic if nothing else is noted.
    pub exit: Exit,
    /// The host call it stopped at, if it did. Apart, so that what is written and then read is one word: host
    /// calls are frequent.
    host_call: u64,
}

/// How a chain ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The run goes on at an instruction that is paid for.
    Pause,
    /// The run goes on in the block at an instruction, for which the allowance did not suffice.
    Enter,
    /// The run has exited.
    Exit,
    /// The run has exited, for a host call.
    HostCall,
}

/// What runs an instruction: given the registers, the memory, the records left in the chain, of which its own is the
/// first, and the run. Five words: a sixth would take a machine register that handlers need.
pub(crate) type Handler<M> =
    for<'a, 'c> fn(&'a mut Registers, &'a mut M, &'a [Record], &'a mut Run<'c>) -> Stop;

impl<'c> Run<'c> {
    /// Runs from the instruction `start`, which is paid for, until it exits: why, and at which instruction.
    #[inline(always)]
    pub(crate) fn go<M: Memory>(
        code: &'c Code,
        start: usize,
        machine: &'c mut Machine,
        memory: &mut M,
    ) -> (Exit, usize) {
        let Machine { registers, meter, .. } = machine;
        let records = code.records.as_slice();
        let mut run = Run { records, code, allowance: 0, meter, at: start, exit: Exit::Panic, host_call: 0 };
        loop {
            // The last record is a trap's, so there always is one.
            let Some((before, rest)) = records.get(run.at..).and_then(|records| records.split_first()) else {
                return (Exit::Panic, run.at);
            };
            let rest = rest.get(..ALLOWANCE as usize).unwrap_or(rest);
            run.allow(ALLOWANCE);
            let stop = table::<M>(before.handler)(registers, memory, rest, &mut run);
            run.settle();
            match stop {
                Stop::HostCall => return (Exit::HostCall(run.host_call), run.at),
                Stop::Exit => return (run.exit, run.at),
                Stop::Enter if !run.enter() => return (Exit::OutOfGas, run.at),
                Stop::Enter | Stop::Pause => {}
            }
        }
    }

    /// Takes an allowance from the meter, which has its gas back.
    #[inline(always)]
    fn allow(&mut self, most: u32) {
        self.allowance = self.meter.gas_left.min(most.into()) as u32;
        self.meter.gas_left -= u64::from(self.allowance);
    }

    /// Gives the meter all its gas back.
    #[inline(always)]
    fn settle(&mut self) {
        // They were one number before.
        self.meter.gas_left = self.meter.gas_left.wrapping_add(core::mem::take(&mut self.allowance).into());
    }

    /// Pays for the block at an instruction, from all the gas there is.
    fn enter(&mut self) -> bool {
        self.records.get(self.at).is_some_and(|before| self.meter.pay(before.gas))
    }

    /// Pays for a block from the allowance, or pays nothing and says `false`.
    #[inline(always)]
    fn pay(&mut self, gas: u32) -> bool {
        let Some(left) = self.allowance.checked_sub(gas) else { return false };
        self.allowance = left;
        true
    }

    /// Does what may take gas for memory, with all the gas there is. The chain goes on with no more than it had.
    #[inline(always)]
    pub(crate) fn with_all_gas<T>(&mut self, act: impl FnOnce(&mut Meter) -> T) -> T {
        let allowance = self.allowance;
        self.settle();
        let result = act(self.meter);
        self.allow(allowance);
        result
    }

    /// The number of the instruction whose record is the first of `rest`, a part of the records: how far it lies
    /// behind their first, which is no instruction's.
    #[inline(always)]
    fn number(&self, rest: &[Record]) -> usize {
        let offset = rest.as_ptr().addr().wrapping_sub(self.records.as_ptr().addr());
        (offset / size_of::<Record>()).wrapping_sub(1)
    }

    /// Exits at the first of `rest`, for the reason noted.
    #[inline(always)]
    pub(crate) fn exit(&mut self, rest: &[Record]) -> Stop {
        self.leave(Stop::Exit, self.number(rest))
    }

    /// Exits at the first of `rest`, for a host call.
    #[inline(always)]
    pub(crate) fn exit_for_host_call(&mut self, number: u64, rest: &[Record]) -> Stop {
        self.host_call = number;
        self.leave(Stop::HostCall, self.number(rest))
    }

    /// Leaves the chain, to go on with `rest`, or what would lie behind it if it is empty.
    #[inline(always)]
    pub(crate) fn pause(&mut self, rest: &[Record]) -> Stop {
        self.leave(Stop::Pause, self.number(rest))
    }

    /// Leaves the chain, to go on at an instruction.
    #[inline(always)]
    fn leave(&mut self, stop: Stop, at: usize) -> Stop {
        self.at = at;
        stop
    }
}

/// Where the records of a chain end: a handler of its own, as it were.
#[cold]
#[inline(never)]
pub(crate) fn end<M: Memory>(_: &mut Registers, _: &mut M, rest: &[Record], run: &mut Run) -> Stop {
    run.pause(rest)
}

/// Goes on with `rest`, which lies behind `record`, in the same block.
#[inline(always)]
pub(crate) fn next<M: Memory>(
    record: &Record,
    registers: &mut Registers,
    memory: &mut M,
    rest: &[Record],
    run: &mut Run,
) -> Stop {
    table::<M>(record.handler)(registers, memory, rest, run)
}

/// Enters the block `rest`, which lies behind `record`.
#[inline(always)]
pub(crate) fn fall<M: Memory>(
    record: &Record,
    registers: &mut Registers,
    memory: &mut M,
    rest: &[Record],
    run: &mut Run,
) -> Stop {
    if !run.pay(record.gas) {
        return run.leave(Stop::Enter, run.number(rest));
    }
    next(record, registers, memory, rest, run)
}

/// Enters the block that starts at the instruction `target`; panics if there is none. The first of `rest` is what
/// jumps.
#[inline(always)]
pub(crate) fn jump<M: Memory>(
    target: u32,
    registers: &mut Registers,
    memory: &mut M,
    rest: &[Record],
    run: &mut Run,
) -> Stop {
    let records = run.records;
    if target as usize >= records.len() {
        debug_assert_eq!(target, NO_RECORD);
        return run.exit(rest);
    }
    let Some((before, behind)) = records[target as usize..].split_first() else {
        return run.exit(rest);
    };
    if !run.pay(before.gas) {
        return run.leave(Stop::Enter, target as usize);
    }
    next(before, registers, memory, behind, run)
}
