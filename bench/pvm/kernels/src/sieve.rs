//! Strided stores of octets.

/// Numbers below this.
const LEN: usize = 100_000;

/// The sieve of Eratosthenes below 100 000: the count of primes, summed over the rounds.
pub fn sieve(rounds: u32) -> u64 {
    let mut count = 0;
    for round in 0..rounds {
        let mut is_prime = [true; LEN];
        strike(&mut is_prime);
        // Reads a number that depends on the round, so that no two rounds are the same.
        count += is_prime.iter().filter(|&&is_prime| is_prime).count() as u64
            + u64::from(is_prime[round as usize % LEN]);
    }
    count
}

fn strike(is_prime: &mut [bool]) {
    is_prime[..2].fill(false);
    let mut number = 2;
    while number * number < is_prime.len() {
        if is_prime[number] {
            is_prime[number * number..].iter_mut().step_by(number).for_each(|is_prime| *is_prime = false);
        }
        number += 1;
    }
}
