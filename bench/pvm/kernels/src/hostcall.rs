//! Nothing but host calls.

/// Calls in a round.
const CALLS: u32 = 10_000;

/// Calls the host, 10 000 times in a round: how often it did.
pub fn hostcall(rounds: u32, mut call: impl FnMut()) -> u64 {
    let mut count = 0;
    for _ in 0..rounds {
        for _ in 0..CALLS {
            call();
            count += 1;
        }
    }
    count
}
