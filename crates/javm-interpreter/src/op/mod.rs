//! What the instructions do, a line each, by family.
//!
//! - [`registers`]: from registers and immediates to registers
//! - [`memory`]: loads and stores
//! - [`control`]: exits, jumps, branches
//! - [`mod@fused`]: two instructions in one

mod control;
mod fused;
mod memory;
mod registers;

use javm_isa::Access;

pub(crate) use fused::fused;

use crate::{
    Exit, Machine, Memory, Meter,
    code::Record,
    step::{Handler, Registers, Run, Stop, fall, jump, next},
};

/// An instruction that goes on with the next one.
trait Op {
    /// Does it, if that takes nothing but registers and memory that is ready; `false`, and nothing done, if not.
    fn quick<M: Memory>(record: &Record, registers: &mut Registers, memory: &mut M) -> bool;

    /// Does it, whatever it takes.
    ///
    /// # Errors
    /// The access that memory refused; nothing is done then.
    fn slow<M: Memory>(
        record: &Record,
        registers: &mut Registers,
        memory: &mut M,
        meter: &mut Meter,
    ) -> Result<(), Access>;
}

/// An instruction that goes elsewhere, or not.
trait Branch {
    /// Does it?
    fn is_taken(record: &Record, registers: &Registers) -> bool;
}

/// Handlers by number: an opcode's own, then the fused ones.
struct Handlers<M>(core::marker::PhantomData<M>);

impl<M: Memory> Handlers<M> {
    const TABLE: [Handler<M>; 256] = {
        let mut table: [Handler<M>; 256] = [control::trap::<M>; 256];
        registers::fill(&mut table);
        memory::fill(&mut table);
        control::fill(&mut table);
        fused::fill(&mut table);
        table
    };
}

/// The handler of that number.
#[inline(always)]
pub(crate) fn table<M: Memory>(handler: u8) -> Handler<M> {
    // Borrowed, so that it is not copied to the stack.
    let table: &[Handler<M>; 256] = &Handlers::<M>::TABLE;
    table[handler as usize]
}

/// The handler of an instruction that goes on.
fn single<M: Memory, A: Op>(
    record: &Record,
    rest: &[Record],
    machine: &mut Machine,
    memory: &mut M,
    run: &mut Run,
) -> Stop {
    if A::quick(record, &mut machine.registers, memory) {
        next(rest, machine, memory, run)
    } else {
        slow::<M, A>(record, rest, machine, memory, run)
    }
}

/// The same where the quick way did not do. Ends the chain: it has had new gas, so that nothing else would bound the
/// stack of a loop of such instructions where calls stay calls.
#[inline(never)]
fn slow<M: Memory, A: Op>(
    record: &Record,
    rest: &[Record],
    machine: &mut Machine,
    memory: &mut M,
    run: &mut Run,
) -> Stop {
    let Machine { registers, meter, .. } = machine;
    match run.with_all_gas(meter, |meter| A::slow(record, registers, memory, meter)) {
        Ok(()) => run.pause(rest),
        Err(access) => {
            let exit = Exit::refused(access, memory);
            run.exit(exit, rest)
        }
    }
}

/// The handler of two instructions in one block.
fn pair<M: Memory, A: Op, B: Op>(
    record: &Record,
    rest: &[Record],
    machine: &mut Machine,
    memory: &mut M,
    run: &mut Run,
) -> Stop {
    if !A::quick(record, &mut machine.registers, memory) {
        return slow::<M, A>(record, rest, machine, memory, run);
    }
    if let Some((second, behind)) = rest.split_first()
        && B::quick(second, &mut machine.registers, memory)
    {
        return next(behind, machine, memory, run);
    }
    // The chain ends, or the second one must go the slow way: that is its own handler's affair.
    next(rest, machine, memory, run)
}

/// The handler of a branch.
fn branch<M: Memory, B: Branch>(
    record: &Record,
    rest: &[Record],
    machine: &mut Machine,
    memory: &mut M,
    run: &mut Run,
) -> Stop {
    if B::is_taken(record, &machine.registers) {
        jump(record.y, rest, machine, memory, run)
    } else {
        fall(rest, machine, memory, run)
    }
}

/// The handler of an instruction and the branch behind it.
fn pair_branch<M: Memory, A: Op, B: Branch>(
    record: &Record,
    rest: &[Record],
    machine: &mut Machine,
    memory: &mut M,
    run: &mut Run,
) -> Stop {
    if !A::quick(record, &mut machine.registers, memory) {
        return slow::<M, A>(record, rest, machine, memory, run);
    }
    match rest.split_first() {
        Some((second, behind)) => branch::<M, B>(second, behind, machine, memory, run),
        None => next(rest, machine, memory, run),
    }
}
