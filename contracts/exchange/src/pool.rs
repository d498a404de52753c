//! The arithmetic. Every division rounds in the pool's favour, so that what a share is worth never falls.

use ethnum::U256;
use nub_sdk::{Error, Scale};

/// What of an amount that comes in counts, in parts of [`FEE_PARTS`]: the fee is 0.3 %.
const FEE_COUNTED: u128 = 997;
const FEE_PARTS: u128 = 1_000;
/// Shares of the first liquidity that belong to nobody, so that the price of a share cannot be driven up to keep others
/// out.
const LOCKED_SHARES: u128 = 1_000;
/// The most the pool holds of a token: products of three amounts then fit 256 bits with room for the fee.
const RESERVE_MAX: u128 = (1 << 112) - 1;

/// What the pool holds, and how many shares of that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Scale)]
pub struct Pool {
    /// Of token A.
    pub a: u128,
    /// Of token B.
    pub b: u128,
    /// Shares.
    pub shares: u128,
}

/// Amounts of both tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub struct Pair {
    /// Of token A.
    pub a: u128,
    /// Of token B.
    pub b: u128,
}

/// Why the arithmetic gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PoolError {
    #[message("exchange: the pool is empty")]
    Empty,
    #[message("exchange: the amount is too small")]
    TooSmall,
    #[message("exchange: the pool would hold too much")]
    TooLarge,
    #[message("exchange: more shares than there are")]
    TooManyShares,
}

impl Pool {
    /// What comes out for an amount that goes in, of the other token, and the pool after that.
    pub fn swap(self, a_in: bool, amount: u128) -> Result<(u128, Pool), PoolError> {
        let (into, from) = if a_in { (self.a, self.b) } else { (self.b, self.a) };
        if self.shares == 0 {
            return Err(PoolError::Empty);
        }
        let after = into.checked_add(amount).filter(|sum| *sum <= RESERVE_MAX).ok_or(PoolError::TooLarge)?;
        let counted = wide(amount) * wide(FEE_COUNTED);
        let out = narrow(counted * wide(from) / (wide(into) * wide(FEE_PARTS) + counted));
        if out == 0 {
            return Err(PoolError::TooSmall);
        }
        let (a, b) = if a_in { (after, from - out) } else { (from - out, after) };
        Ok((out, Pool { a, b, ..self }))
    }

    /// What liquidity of at most these amounts takes and gives: the amounts, in the pool's proportion, the shares, and
    /// the pool after that. Of the first shares [`LOCKED_SHARES`] are nobody's.
    pub fn add(self, most: Pair) -> Result<(Pair, u128, Pool), PoolError> {
        if most.a.max(most.b) > RESERVE_MAX {
            return Err(PoolError::TooLarge);
        }
        let (taken, shares, given) = if self.shares == 0 {
            let shares = root(wide(most.a) * wide(most.b));
            (most, shares, shares.checked_sub(LOCKED_SHARES).ok_or(PoolError::TooSmall)?)
        } else {
            let for_a = wide(most.a) * wide(self.shares) / wide(self.a);
            let for_b = wide(most.b) * wide(self.shares) / wide(self.b);
            let shares = narrow(for_a.min(for_b));
            let up = wide(self.shares) - 1;
            let part = |of| narrow((wide(shares) * wide(of) + up) / wide(self.shares));
            (Pair { a: part(self.a), b: part(self.b) }, shares, shares)
        };
        if given == 0 {
            return Err(PoolError::TooSmall);
        }
        let pool = Pool { a: self.a + taken.a, b: self.b + taken.b, shares: self.shares + shares };
        if pool.a.max(pool.b) > RESERVE_MAX { Err(PoolError::TooLarge) } else { Ok((taken, given, pool)) }
    }

    /// What shares are worth, and the pool without them.
    pub fn remove(self, shares: u128) -> Result<(Pair, Pool), PoolError> {
        let left = self.shares.checked_sub(shares).ok_or(PoolError::TooManyShares)?;
        if shares == 0 {
            return Err(PoolError::TooSmall);
        }
        let part = |of| narrow(wide(shares) * wide(of) / wide(self.shares));
        let out = Pair { a: part(self.a), b: part(self.b) };
        Ok((out, Pool { a: self.a - out.a, b: self.b - out.b, shares: left }))
    }
}

fn wide(number: u128) -> U256 {
    U256::from(number)
}

/// Of what is known to fit: a part of an amount.
fn narrow(number: U256) -> u128 {
    let (high, low) = number.into_words();
    assert_eq!(high, 0);
    low
}

/// The square root, rounded down.
fn root(square: U256) -> u128 {
    if square == U256::ZERO {
        return 0;
    }
    // A power of two that is not less than the root.
    let mut guess = U256::ONE << (257 - square.leading_zeros()).div_ceil(2);
    loop {
        let next = (guess + square / guess) >> 1;
        if next >= guess {
            return narrow(guess);
        }
        guess = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn roots_round_down() {
        for (square, expected) in
            [(0, 0), (1, 1), (3, 1), (4, 2), (8, 2), (9, 3), (u128::MAX, u64::MAX as u128)]
        {
            assert_eq!(root(wide(square)), expected, "{square}");
        }
        assert_eq!(root(wide(RESERVE_MAX) * wide(RESERVE_MAX)), RESERVE_MAX);
    }

    #[test]
    fn figures_by_hand() {
        let (taken, shares, pool) = Pool::default().add(Pair { a: 10_000, b: 40_000 }).unwrap();
        assert_eq!((taken, shares, pool.shares), (Pair { a: 10_000, b: 40_000 }, 19_000, 20_000));
        // 1000 · 0.997 · 40000 / (10000 + 997) = 3626.4…
        let (out, pool) = pool.swap(true, 1_000).unwrap();
        assert_eq!((out, pool), (3_626, Pool { a: 11_000, b: 36_374, shares: 20_000 }));
        let (out, left) = pool.remove(10_000).unwrap();
        assert_eq!((out, left), (Pair { a: 5_500, b: 18_187 }, Pool { a: 5_500, b: 18_187, shares: 10_000 }));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let pool = Pool { a: 10_000, b: 10_000, shares: 10_000 };
        assert_eq!(Pool::default().swap(true, 1), Err(PoolError::Empty));
        assert_eq!(pool.swap(true, 0), Err(PoolError::TooSmall));
        assert_eq!(pool.swap(true, 1), Err(PoolError::TooSmall));
        assert_eq!(pool.swap(false, u128::MAX), Err(PoolError::TooLarge));
        assert_eq!(Pool::default().add(Pair { a: 1_000, b: 1_000 }), Err(PoolError::TooSmall));
        assert_eq!(pool.add(Pair { a: 0, b: 5 }), Err(PoolError::TooSmall));
        assert_eq!(pool.add(Pair { a: RESERVE_MAX, b: RESERVE_MAX }), Err(PoolError::TooLarge));
        assert_eq!(pool.remove(10_001), Err(PoolError::TooManyShares));
        assert_eq!(pool.remove(0), Err(PoolError::TooSmall));
    }

    /// What anybody may do.
    #[derive(Clone, Debug)]
    enum Step {
        Swap(bool, u128),
        Add(u128, u128),
        /// So many parts of 256 of what one has.
        Remove(u8),
    }

    fn amount() -> impl Strategy<Value = u128> {
        // Of every size.
        (0..112u32, any::<u128>()).prop_map(|(bits, number)| number & ((1 << bits) - 1))
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (any::<bool>(), amount()).prop_map(|(a_in, amount)| Step::Swap(a_in, amount)),
            (amount(), amount()).prop_map(|(a, b)| Step::Add(a, b)),
            any::<u8>().prop_map(Step::Remove),
        ]
    }

    /// Is a share worth at least what it was? That is, is a·b / shares² not less.
    fn keeps_its_worth(before: Pool, after: Pool) -> bool {
        // In whole numbers, by the root of the product: √(ab) / shares.
        let (first, second) = (root(wide(before.a) * wide(before.b)), root(wide(after.a) * wide(after.b)));
        wide(second + 1) * wide(before.shares) >= wide(first) * wide(after.shares)
    }

    proptest! {
        /// Against a model: one who has all the tokens there are outside of the pool. Whatever is done, tokens are
        /// neither made nor lost, k does not fall by a swap, a share's worth never falls, and who takes everything
        /// out has no more than was put in.
        #[test]
        fn the_pool_never_loses(first in (2_000..1u128 << 100, 2_000..1u128 << 100),
                                steps in prop::collection::vec(step(), 1..40)) {
            let (_, mut shares, mut pool) = Pool::default().add(Pair { a: first.0, b: first.1 }).unwrap();
            let (mut outside, start) = (Pair { a: 1 << 120, b: 1 << 120 }, pool);
            for step in steps {
                let before = pool;
                match step {
                    Step::Swap(a_in, amount) => if let Ok((out, after)) = pool.swap(a_in, amount) {
                        prop_assert!(wide(after.a) * wide(after.b) >= wide(pool.a) * wide(pool.b));
                        if a_in { outside.a -= amount; outside.b += out } else { outside.b -= amount; outside.a += out }
                        pool = after;
                    },
                    Step::Add(a, b) => if let Ok((taken, given, after)) = pool.add(Pair { a, b }) {
                        prop_assert!(taken.a <= a && taken.b <= b);
                        (outside.a, outside.b, shares) = (outside.a - taken.a, outside.b - taken.b, shares + given);
                        pool = after;
                    },
                    Step::Remove(parts) => if let Ok((out, after)) = pool.remove(shares / 256 * u128::from(parts)) {
                        shares -= pool.shares - after.shares;
                        (outside.a, outside.b) = (outside.a + out.a, outside.b + out.b);
                        pool = after;
                    },
                }
                prop_assert_eq!(pool.shares, shares + LOCKED_SHARES);
                prop_assert_eq!(pool.a + outside.a, start.a + (1 << 120));
                prop_assert_eq!(pool.b + outside.b, start.b + (1 << 120));
                prop_assert!(pool.a > 0 && pool.b > 0);
                prop_assert!(keeps_its_worth(before, pool), "{before:?} {pool:?}");
            }
        }

        /// There and back again never pays.
        #[test]
        fn a_round_trip_costs(a in 1_000..1u128 << 100, b in 1_000..1u128 << 100, amount in amount(), a_in: bool) {
            let pool = Pool { a, b, shares: 1_000_000 };
            let back = pool.swap(a_in, amount).and_then(|(out, after)| after.swap(!a_in, out));
            prop_assert!(back.is_err() || back.is_ok_and(|(back, _)| back <= amount));
        }
    }
}
