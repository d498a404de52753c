//! How much is whose when.

use nub_sdk::{Address, Scale};

/// An amount that becomes its beneficiary's bit by bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
pub struct Grant {
    /// Who gave it, and may revoke it.
    pub grantor: Address,
    /// Who gets it.
    pub beneficiary: Address,
    /// All of it; after a revocation what had vested by then.
    pub amount: u128,
    /// What was paid out.
    pub released: u128,
    /// The timestamp from which it is counted.
    pub start_ms: u64,
    /// Nothing vests before so long after the start.
    pub cliff_ms: u64,
    /// Everything has vested so long after the start.
    pub duration_ms: u64,
    /// May the grantor take back what has not vested?
    pub revocable: bool,
    /// Was it revoked? Then all that is left of it has vested.
    pub revoked: bool,
}

impl Grant {
    /// What has vested at this time: nothing before the cliff, then the part of the amount that the time is of the
    /// duration, rounded down.
    pub fn vested(&self, now_ms: u64) -> u128 {
        let Some(elapsed_ms) = now_ms.checked_sub(self.start_ms).filter(|elapsed| *elapsed >= self.cliff_ms)
        else {
            return if self.revoked { self.amount } else { 0 };
        };
        if self.revoked || elapsed_ms >= self.duration_ms {
            return self.amount;
        }
        // amount · elapsed / duration, without a product that does not fit.
        let (elapsed, duration) = (u128::from(elapsed_ms), u128::from(self.duration_ms));
        self.amount / duration * elapsed + self.amount % duration * elapsed / duration
    }

    /// What can be paid out at this time.
    pub fn releasable(&self, now_ms: u64) -> u128 {
        self.vested(now_ms).saturating_sub(self.released)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grant(amount: u128, start_ms: u64, cliff_ms: u64, duration_ms: u64) -> Grant {
        Grant {
            grantor: [1; 32],
            beneficiary: [2; 32],
            amount,
            released: 0,
            start_ms,
            cliff_ms,
            duration_ms,
            revocable: true,
            revoked: false,
        }
    }

    #[test]
    fn nothing_then_a_part_then_all() {
        let grant = grant(1_000, 100, 25, 100);
        let at = |times: &[u64]| times.iter().map(|time| grant.vested(*time)).collect::<Vec<_>>();
        assert_eq!(at(&[0, 100, 124, 125, 126, 199, 200, u64::MAX]), [0, 0, 0, 250, 260, 990, 1_000, 1_000]);
    }

    #[test]
    fn without_a_duration_all_vests_at_the_start() {
        let grant = grant(5, 100, 0, 0);
        assert_eq!((grant.vested(99), grant.vested(100)), (0, 5));
    }

    proptest! {
        #[test]
        fn what_vests_only_grows_and_is_the_rounded_part(
            amount: u128, start in 0..u64::MAX / 2, duration in 1..u64::MAX / 2, at in prop::array::uniform2(any::<u64>()),
        ) {
            let grant = grant(amount, start, duration / 3, duration);
            let (first, second) = (at[0].min(at[1]), at[0].max(at[1]));
            prop_assert!(grant.vested(first) <= grant.vested(second));
            prop_assert!(grant.vested(second) <= amount);
            if amount < 1 << 64 && second >= start + duration / 3 {
                let elapsed = u128::from((second - start).min(duration));
                prop_assert_eq!(grant.vested(second), amount * elapsed / u128::from(duration));
            }
        }
    }
}
