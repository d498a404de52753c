//! What the instructions do, a line each, by family.
//!
//! - [`registers`]: from registers and immediates to registers
//! - [`memory`]: loads and stores
//! - [`control`]: exits, jumps, branches
//! - [`mod@fused`], [`sequences`]: several in one

mod control;
mod fused;
mod memory;
mod registers;
mod sequences;

use javm_isa::Access;

pub(crate) use fused::{LONGEST, fused};

use crate::{
    Exit, Memory, Meter,
    code::Record,
    step::{Handler, Registers, Run, Stop, end, fall, jump, next},
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
#[inline(never)]
fn single<M: Memory, A: Op>(
    registers: &mut Registers,
    memory: &mut M,
    rest: &[Record],
    run: &mut Run,
) -> Stop {
    let Some((record, behind)) = rest.split_first() else { return end(registers, memory, rest, run) };
    if !A::quick(record, registers, memory) {
        return slow::<M, A>(registers, memory, rest, run);
    }
    next(record, registers, memory, behind, run)
}

/// The same where the quick way did not do.
#[inline(never)]
fn slow<M: Memory, A: Op>(registers: &mut Registers, memory: &mut M, rest: &[Record], run: &mut Run) -> Stop {
    let Some((record, behind)) = rest.split_first() else { return run.pause(rest) };
    // Apart, so that nothing of it is on the stack when the next handler is called.
    match attempt::<M, A>(record, registers, memory, run) {
        true => next(record, registers, memory, behind, run),
        false => run.exit(rest),
    }
}

/// Does it whatever it takes, or notes why the run exits and says `false`.
#[inline(never)]
fn attempt<M: Memory, A: Op>(
    record: &Record,
    registers: &mut Registers,
    memory: &mut M,
    run: &mut Run,
) -> bool {
    let result = run.with_all_gas(|meter| A::slow(record, registers, memory, meter));
    if let Err(access) = result {
        run.exit = Exit::refused(access, memory);
    }
    result.is_ok()
}

/// The handler of a branch.
fn branch<M: Memory, B: Branch>(
    registers: &mut Registers,
    memory: &mut M,
    rest: &[Record],
    run: &mut Run,
) -> Stop {
    let Some((record, behind)) = rest.split_first() else { return end(registers, memory, rest, run) };
    if B::is_taken(record, registers) {
        jump(record.y, registers, memory, rest, run)
    } else {
        fall(record, registers, memory, behind, run)
    }
}
