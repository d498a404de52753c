//! Exits, jumps, branches.

use javm_isa::{Opcode, arith::sext32};

use super::{Branch, branch, fall, jump};
use crate::{
    Exit, Memory,
    code::Record,
    step::{Handler, Registers, Run, Stop},
};

/// `$name |a, x| condition`: of register a and the immediate.
macro_rules! branches_on_immediate {
    ($($name:ident |$a:ident, $x:ident| $condition:expr;)*) => {
        $(
            pub(super) struct $name;

            impl Branch for $name {
                #[inline(always)]
                fn is_taken(record: &Record, registers: &Registers) -> bool {
                    let ($a, $x) = (registers[record.a.index()], sext32(record.x.into()));
                    $condition
                }
            }
        )*

        const fn fill_on_immediate<M: Memory>(table: &mut [Handler<M>; 256]) {
            $(table[Opcode::$name as usize] = branch::<M, $name>;)*
        }
    };
}

/// `$name |a, b| condition`: of two registers.
macro_rules! branches_on_two {
    ($($name:ident |$a:ident, $b:ident| $condition:expr;)*) => {
        $(
            pub(super) struct $name;

            impl Branch for $name {
                #[inline(always)]
                fn is_taken(record: &Record, registers: &Registers) -> bool {
                    let ($a, $b) = (registers[record.a.index()], registers[record.b.index()]);
                    $condition
                }
            }
        )*

        const fn fill_on_two<M: Memory>(table: &mut [Handler<M>; 256]) {
            $(table[Opcode::$name as usize] = branch::<M, $name>;)*
        }
    };
}

branches_on_immediate! {
    BranchEqImm |a, x| a == x;
    BranchNeImm |a, x| a != x;
    BranchLtUImm |a, x| a < x;
    BranchLeUImm |a, x| a <= x;
    BranchGeUImm |a, x| a >= x;
    BranchGtUImm |a, x| a > x;
    BranchLtSImm |a, x| (a as i64) < x as i64;
    BranchLeSImm |a, x| a as i64 <= x as i64;
    BranchGeSImm |a, x| a as i64 >= x as i64;
    BranchGtSImm |a, x| a as i64 > x as i64;
}

branches_on_two! {
    BranchEq |a, b| a == b;
    BranchNe |a, b| a != b;
    BranchLtU |a, b| a < b;
    BranchLtS |a, b| (a as i64) < b as i64;
    BranchGeU |a, b| a >= b;
    BranchGeS |a, b| a as i64 >= b as i64;
}

/// `trap`, `sbrk`, and what is no handler.
pub(super) fn trap<M: Memory>(_: &mut Registers, _: &mut M, rest: &[Record], run: &mut Run) -> Stop {
    if rest.is_empty() { run.pause(rest) } else { run.exit(rest) }
}

/// `$name |record, registers| { … } target`: to an instruction, or to what an address names.
macro_rules! jumps {
    ($($name:ident |$record:ident, $registers:ident| $effect:block $how:ident $target:expr;)*) => {
        $(
            fn $name<M: Memory>(
                $registers: &mut Registers,
                memory: &mut M,
                rest: &[Record],
                run: &mut Run,
            ) -> Stop {
                let Some($record) = rest.first() else { return run.pause(rest) };
                let target = $target;
                $effect
                $how(target, $registers, memory, rest, run)
            }
        )*
    };
}

jumps! {
    jump_always |record, registers| {} jump record.y;
    load_imm_jump |record, registers| {
        registers[record.a.index()] = sext32(record.x.into());
    } jump record.y;
    jump_ind |record, registers| {}
        jump_to_address (registers[record.a.index()] as u32).wrapping_add(record.x);
    // The address comes from the old value, also when a and b are the same register.
    load_imm_jump_ind |record, registers| {
        registers[record.a.index()] = sext32(record.x.into());
    } jump_to_address (registers[record.b.index()] as u32).wrapping_add(record.y);
}

fn ecalli<M: Memory>(_: &mut Registers, _: &mut M, rest: &[Record], run: &mut Run) -> Stop {
    match rest.first() {
        Some(record) => run.exit_for_host_call(sext32(record.x.into()), rest),
        None => run.pause(rest),
    }
}

fn fallthrough<M: Memory>(registers: &mut Registers, memory: &mut M, rest: &[Record], run: &mut Run) -> Stop {
    match rest.split_first() {
        Some((record, behind)) => fall(record, registers, memory, behind, run),
        None => run.pause(rest),
    }
}

#[inline(always)]
fn jump_to_address<M: Memory>(
    address: u32,
    registers: &mut Registers,
    memory: &mut M,
    rest: &[Record],
    run: &mut Run,
) -> Stop {
    match run.code.dynamic_target(address) {
        Some(target) => jump(target, registers, memory, rest, run),
        None => {
            run.exit = Exit::Halt;
            run.exit(rest)
        }
    }
}

/// Enters the handlers of this family.
pub(super) const fn fill<M: Memory>(table: &mut [Handler<M>; 256]) {
    fill_on_immediate(table);
    fill_on_two(table);
    table[Opcode::Trap as usize] = trap::<M>;
    table[Opcode::Sbrk as usize] = trap::<M>;
    table[Opcode::Ecalli as usize] = ecalli::<M>;
    table[Opcode::Fallthrough as usize] = fallthrough::<M>;
    table[Opcode::Jump as usize] = jump_always::<M>;
    table[Opcode::LoadImmJump as usize] = load_imm_jump::<M>;
    table[Opcode::JumpInd as usize] = jump_ind::<M>;
    table[Opcode::LoadImmJumpInd as usize] = load_imm_jump_ind::<M>;
}
