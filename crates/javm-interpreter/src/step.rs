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

/// What a run needs apart from what its handlers pass on: the record, those behind it in the chain, the machine,
/// the memory.
pub(crate) struct Run<'c> {
    /// All records.
    records: &'c [Record],
    pub code: &'c Code,
    /// Where the records that the chain may go through end.
    end: usize,
    /// The machine's gas apart from the chain's allowance, which its meter has.
    reserve: u64,
    /// Where it stopped.
    at: usize,
    /// Why it stopped, if it exited otherwise than by a host call.
    exit: Exit,
    /// The host call it stopped at, if it did. Apart, so that what is written and then read is one word: host
    /// calls are frequent.
    host_call: u64,
}

/// How a chain ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The run goes on at a record that is paid for.
    Pause,
    /// The run goes on in the block at a record, for which the allowance did not suffice.
    Enter,
    /// The run has exited.
    Exit,
    /// The run has exited, for a host call.
    HostCall,
}

/// What runs an instruction: given its record, the records behind it, the machine, the memory and the run.
pub(crate) type Handler<M> =
    for<'a, 'c> fn(&'a Record, &'a [Record], &'a mut Machine, &'a mut M, &'a mut Run<'c>) -> Stop;

impl<'c> Run<'c> {
    /// Runs from the record `start`, which is paid for, until it exits: why, and at which record.
    #[inline(always)]
    pub(crate) fn go<M: Memory>(
        code: &'c Code,
        start: usize,
        machine: &mut Machine,
        memory: &mut M,
    ) -> (Exit, usize) {
        let records = code.records.as_slice();
        let mut run = Run { records, code, end: 0, reserve: 0, at: start, exit: Exit::Panic, host_call: 0 };
        loop {
            // The last record is a trap, so there always is one.
            let Some((record, rest)) = records.get(run.at..).and_then(|records| records.split_first()) else {
                return (Exit::Panic, run.at);
            };
            let rest = rest.get(..ALLOWANCE as usize).unwrap_or(rest);
            run.end = run.at + 1 + rest.len();
            run.allow(&mut machine.meter);
            let stop = table::<M>(record.handler)(record, rest, machine, memory, &mut run);
            run.settle(&mut machine.meter);
            match stop {
                Stop::HostCall => return (Exit::HostCall(run.host_call), run.at),
                Stop::Exit => return (run.exit, run.at),
                Stop::Enter if !run.enter(&mut machine.meter) => return (Exit::OutOfGas, run.at),
                Stop::Enter | Stop::Pause => {}
            }
        }
    }

    /// Splits the gas: an allowance for the meter, the rest kept here.
    #[inline(always)]
    fn allow(&mut self, meter: &mut Meter) {
        let allowance = meter.gas_left.min(ALLOWANCE.into());
        self.reserve = meter.gas_left - allowance;
        meter.gas_left = allowance;
    }

    /// Gives the meter all its gas back.
    #[inline(always)]
    fn settle(&mut self, meter: &mut Meter) {
        // They were one number before.
        meter.gas_left = meter.gas_left.wrapping_add(core::mem::take(&mut self.reserve));
    }

    /// Pays for the block at a record, from all the gas there is.
    fn enter(&self, meter: &mut Meter) -> bool {
        self.records.get(self.at).is_some_and(|first| meter.pay(first.gas))
    }

    /// Does what may take gas for memory, with all the gas there is.
    #[inline(always)]
    pub(crate) fn with_all_gas<T>(&mut self, meter: &mut Meter, act: impl FnOnce(&mut Meter) -> T) -> T {
        self.settle(meter);
        let result = act(meter);
        self.allow(meter);
        result
    }

    /// The index of the record before `rest`, which ends at `end`.
    #[inline(always)]
    fn before(&self, rest: &[Record]) -> usize {
        self.end.wrapping_sub(rest.len()).wrapping_sub(1)
    }

    /// Exits at the record before `rest`.
    #[inline(always)]
    pub(crate) fn exit(&mut self, exit: Exit, rest: &[Record]) -> Stop {
        (self.exit, self.at) = (exit, self.before(rest));
        Stop::Exit
    }

    /// Exits at the record before `rest`, for a host call.
    #[inline(always)]
    pub(crate) fn exit_for_host_call(&mut self, number: u64, rest: &[Record]) -> Stop {
        (self.host_call, self.at) = (number, self.before(rest));
        Stop::HostCall
    }

    /// Leaves the chain, to go on with `rest`.
    #[inline(always)]
    pub(crate) fn pause(&mut self, rest: &[Record]) -> Stop {
        self.leave(Stop::Pause, self.end.wrapping_sub(rest.len()))
    }

    /// Leaves the chain, to go on at a record.
    #[inline(always)]
    fn leave(&mut self, stop: Stop, at: usize) -> Stop {
        self.at = at;
        stop
    }
}

/// Goes on with the next record, in the same block.
#[inline(always)]
pub(crate) fn next<M: Memory>(rest: &[Record], machine: &mut Machine, memory: &mut M, run: &mut Run) -> Stop {
    match rest.split_first() {
        Some((record, rest)) => table::<M>(record.handler)(record, rest, machine, memory, run),
        None => run.leave(Stop::Pause, run.end),
    }
}

/// Enters the block behind the record before `rest`.
#[inline(always)]
pub(crate) fn fall<M: Memory>(rest: &[Record], machine: &mut Machine, memory: &mut M, run: &mut Run) -> Stop {
    let Some((first, behind)) = rest.split_first() else {
        return run.leave(Stop::Enter, run.end);
    };
    if !machine.meter.pay(first.gas) {
        return run.leave(Stop::Enter, run.before(behind));
    }
    table::<M>(first.handler)(first, behind, machine, memory, run)
}

/// Enters the block that starts at the record `target`; panics if there is none. `rest` is what lies behind the
/// record that jumps.
#[inline(always)]
pub(crate) fn jump<M: Memory>(
    target: u32,
    rest: &[Record],
    machine: &mut Machine,
    memory: &mut M,
    run: &mut Run,
) -> Stop {
    let records = run.records;
    let Some((first, behind)) = records.get(target as usize..).and_then(|records| records.split_first())
    else {
        debug_assert_eq!(target, NO_RECORD);
        return run.exit(Exit::Panic, rest);
    };
    if !machine.meter.pay(first.gas) {
        return run.leave(Stop::Enter, target as usize);
    }
    run.end = records.len();
    table::<M>(first.handler)(first, behind, machine, memory, run)
}
