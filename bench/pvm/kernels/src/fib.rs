//! Additions and a branch.

/// Steps in a round.
const STEPS: u32 = 100_000;

/// Steps of the Fibonacci sequence mod 2⁶⁴, 100 000 in a round: the last number.
pub fn fib(rounds: u32) -> u64 {
    let (mut a, mut b) = (0u64, 1u64);
    for _ in 0..rounds {
        for _ in 0..STEPS {
            (a, b) = (b, a.wrapping_add(b));
        }
    }
    b
}
