//! What compilation allocates, counted: linear in the program, and no more than `compile` says.

mod common;

use common::{chain, number};
use javm_isa::OpcodeTable;
use javm_recompiler_x86::{Features, compile};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What a program takes however short it is.
const SLACK_BYTES: usize = 16 << 10;

/// The most that was allocated while these instructions, so many times over, were compiled; the most that `compile`
/// says it is; and what the result takes.
fn memory_of(instructions: &[Vec<u8>], count: usize) -> [usize; 3] {
    let program = chain(&vec![instructions; count].concat(), &[]);
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let compiled = compile(&program, OpcodeTable::JamV1, Features::ALL).expect("it can be compiled");
    let peak = HEAP.peak_usage() - before;
    let result = compiled.memory_len_bytes();
    [peak, program.code().len() / 4 + 30 * instructions.len() * count + 3 * result, result]
}

/// The two sizes are one test: nothing else may allocate meanwhile.
#[test]
fn memory_is_linear_and_within_what_is_said() {
    let (lower, upper) = (vec![number("mul_64"), 0x21, 3], vec![number("mul_upper_u_u"), 0x21, 4]);
    let (sum, carry) = (vec![number("add_64"), 0x65, 5], vec![number("set_lt_u"), 0x65, 7]);
    let store = vec![number("store_ind_u64"), 0x98];
    // To the second of the pair before it, which is three octets long.
    let branch = vec![number("branch_eq"), 0x21, 0xFD];
    let shapes = [
        vec![lower.clone(), upper.clone()],
        vec![lower.clone(), store.clone(), upper.clone()],
        vec![sum.clone(), carry.clone()],
        vec![sum.clone(), store.clone(), carry.clone()],
        vec![lower.clone(), store.clone(), upper.clone(), sum.clone(), store, carry.clone()],
        vec![lower, upper, branch.clone()],
        vec![sum, carry, branch],
        vec![vec![1]],
        vec![vec![0]],
        vec![vec![number("branch_eq"), 0x21, 0]],
        vec![vec![number("branch_eq"), 0x21, 0x55, 0x55]],
        vec![vec![number("count_set_bits_64"), 0x21]],
    ];
    for shape in shapes {
        let [count, times] = [3_000, 16];
        let [small, small_said, small_result] = memory_of(&shape, count);
        let [large, large_said, large_result] = memory_of(&shape, count * times);
        assert!(small <= small_said + SLACK_BYTES, "{shape:?}: {small} octets, said are {small_said}");
        assert!(large <= large_said + SLACK_BYTES, "{shape:?}: {large} octets, said are {large_said}");
        // Lists double as they grow, so any size may come just after that.
        assert!(
            large <= 2 * times * small,
            "{shape:?}: {small} octets, and {large} of {times} times the program"
        );
        assert!(
            large_result <= times * small_result + SLACK_BYTES,
            "{shape:?}: {small_result}, {large_result}"
        );
    }
}
