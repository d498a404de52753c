//! One value.

use core::marker::PhantomData;

use super::{Place, load, remove, store};
use crate::codec::{Encode, Stored};

/// One value that may be there or not.
pub struct Value<T, P> {
    types: PhantomData<fn() -> (T, P)>,
}

impl<T, P> Value<T, P> {
    /// The value at its place.
    pub const HERE: Self = Self { types: PhantomData };
}

impl<T: Stored, P: Place> Value<T, P> {
    /// It, if it is there.
    #[inline]
    pub fn get(&self) -> Option<T> {
        load(P::PREFIX)
    }

    /// It, or the type's default if it is not there.
    #[inline]
    pub fn get_or_default(&self) -> T
    where
        T: Default,
    {
        self.get().unwrap_or_default()
    }

    /// Is it there?
    #[inline]
    pub fn exists(&self) -> bool {
        exists(P::PREFIX)
    }

    /// Puts it, in place of what was there.
    #[inline]
    pub fn set(&mut self, value: &(impl Encode + ?Sized)) {
        store(P::PREFIX, value);
    }

    /// Removes it; was it there?
    #[inline]
    pub fn remove(&mut self) -> bool {
        remove(P::PREFIX)
    }

    /// Removes it and gives what was there.
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        let value = self.get();
        self.remove();
        value
    }
}

/// Is anything under `key`?
#[inline]
pub(super) fn exists(key: &[u8]) -> bool {
    crate::host::storage_get(key, &mut []) <= u64::from(u32::MAX)
}
