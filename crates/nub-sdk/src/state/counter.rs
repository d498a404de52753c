//! Amounts by key.

use core::marker::PhantomData;

use super::{Map, Place, load, remove, store, with_key};
use crate::Output;
use crate::codec::{Encode, Stored};

/// An unsigned number.
pub trait Counter: Stored + Copy + Eq {
    /// Zero.
    const ZERO: Self;
    /// The sum, if there is one.
    fn checked_add(self, other: Self) -> Option<Self>;
    /// The difference, if there is one.
    fn checked_sub(self, other: Self) -> Option<Self>;
}

macro_rules! counters {
    ($($integer:ident),+) => {
        $(
            impl Counter for $integer {
                const ZERO: Self = 0;

                #[inline]
                fn checked_add(self, other: Self) -> Option<Self> {
                    Self::checked_add(self, other)
                }

                #[inline]
                fn checked_sub(self, other: Self) -> Option<Self> {
                    Self::checked_sub(self, other)
                }
            }
        )+
    };
}

counters!(u8, u16, u32, u64, u128);

/// Why an amount stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterError {
    /// The sum does not fit.
    Overflow,
    /// There is less than what was to be taken.
    Insufficient,
}

impl CounterError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Overflow => "amount: the sum would overflow",
            Self::Insufficient => "amount: not enough",
        }
    }
}

impl Output for CounterError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// Amounts by key. An amount that is not there is zero, and zero is never there.
pub struct CounterMap<K, V, P> {
    types: PhantomData<(K, V, P)>,
}

impl<K, V, P> CounterMap<K, V, P> {
    /// The map at its place.
    pub const HERE: Self = Self { types: PhantomData };
}

impl<K: Encode, V: Counter, P: Place> CounterMap<K, V, P> {
    /// A key's amount.
    #[inline]
    pub fn get(&self, key: &K) -> V {
        with_key::<P, _, _>(key, get)
    }

    /// Puts a key's amount.
    #[inline]
    pub fn set(&mut self, key: &K, amount: V) {
        with_key::<P, _, _>(key, |octets| set(octets, amount));
    }

    /// Adds to a key's amount, and gives the sum.
    ///
    /// # Errors
    /// [`CounterError::Overflow`]; nothing changes.
    #[inline]
    pub fn add(&mut self, key: &K, amount: V) -> Result<V, CounterError> {
        with_key::<P, _, _>(key, |octets| {
            let sum = get::<V>(octets).checked_add(amount).ok_or(CounterError::Overflow)?;
            set(octets, sum);
            Ok(sum)
        })
    }

    /// Takes from a key's amount, and gives what is left.
    ///
    /// # Errors
    /// [`CounterError::Insufficient`]; nothing changes.
    #[inline]
    pub fn sub(&mut self, key: &K, amount: V) -> Result<V, CounterError> {
        with_key::<P, _, _>(key, |octets| {
            let left = get::<V>(octets).checked_sub(amount).ok_or(CounterError::Insufficient)?;
            set(octets, left);
            Ok(left)
        })
    }

    /// The keys with an amount above zero; see [`Map::keys`].
    #[inline]
    pub fn keys(&self, after: Option<&K>) -> super::MapKeys<K, P>
    where
        K: Stored,
    {
        Map::<K, V, P>::HERE.keys(after)
    }
}

#[inline]
fn get<V: Counter>(key: &[u8]) -> V {
    load(key).unwrap_or(V::ZERO)
}

#[inline]
fn set<V: Counter>(key: &[u8], amount: V) {
    if amount == V::ZERO {
        remove(key);
    } else {
        store(key, &amount);
    }
}
