//! Handlers of several instructions in one block.

use super::{Branch, Op, single, slow};
use crate::{
    Memory,
    code::Record,
    step::{Registers, Run, Stop, fall, jump, next},
};

/// `$name: $Op $record, … then $Last $last`: a handler that does the first ones and goes on with the next instruction,
/// or does the last one, a branch. Where the chain ends between them, the first one's own handler does that one.
macro_rules! sequences {
    ($($name:ident: $First:ident $first:ident $($Op:ident $record:ident)*, $kind:ident $Last:ident $last:ident;)*) => {
        $(
            pub(super) fn $name<M: Memory, $First: Op, $($Op: Op,)* $Last: $kind>(
                registers: &mut Registers,
                memory: &mut M,
                rest: &[Record],
                run: &mut Run,
            ) -> Stop {
                let [$first, $($record,)* $last, behind @ ..] = rest else {
                    return single::<M, $First>(registers, memory, rest, run);
                };
                sequences!(@ops registers memory rest run; $First $first $($Op $record)*);
                sequences!(@$kind $Last $last registers memory rest behind run)
            }
        )*
    };
    (@ops $registers:ident $memory:ident $rest:ident $run:ident; $($Op:ident $record:ident)*) => {
        $(
            if !$Op::quick($record, $registers, $memory) {
                return slow::<M, $Op>($registers, $memory, $rest, $run);
            }
            let $rest = &$rest[1..];
        )*
    };
    (@Op $Last:ident $last:ident $registers:ident $memory:ident $rest:ident $behind:ident $run:ident) => {{
        if !$Last::quick($last, $registers, $memory) {
            return slow::<M, $Last>($registers, $memory, $rest, $run);
        }
        next($last, $registers, $memory, $behind, $run)
    }};
    (@Branch $Last:ident $last:ident $registers:ident $memory:ident $rest:ident $behind:ident $run:ident) => {
        if $Last::is_taken($last, $registers) {
            jump($last.y, $registers, $memory, $rest, $run)
        } else {
            fall($last, $registers, $memory, $behind, $run)
        }
    };
}

sequences! {
    pair: A first, Op B second;
    quad: A first B second C third, Op D fourth;
    pair_branch: A first, Branch B second;
    quad_branch: A first B second C third, Branch D fourth;
}
