//! Loads, stores and branches that depend on them.

/// How many numbers are sorted.
const LEN: usize = 1000;

/// Insertion sort of 1000 numbers that descend, the worst case: a polynomial of the sorted numbers.
pub fn sort(rounds: u32) -> u64 {
    let mut hash = 0;
    for round in 0..rounds {
        let mut numbers: [u32; LEN] = core::array::from_fn(|index| (LEN - index) as u32 ^ round << 16);
        insertion_sort(&mut numbers);
        hash =
            numbers.iter().fold(hash, |hash: u64, &number| hash.wrapping_mul(31).wrapping_add(number.into()));
    }
    hash
}

fn insertion_sort(numbers: &mut [u32]) {
    for end in 1..numbers.len() {
        let number = numbers[end];
        let mut at = end;
        while at > 0 && numbers[at - 1] > number {
            numbers[at] = numbers[at - 1];
            at -= 1;
        }
        numbers[at] = number;
    }
}
