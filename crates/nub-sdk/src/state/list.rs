//! Values in a row.

use core::marker::PhantomData;

use super::{Place, load, remove, store, with_key};
use crate::codec::{Encode, Stored};

/// Values in a row, by index.
pub struct List<T, P> {
    types: PhantomData<fn() -> (T, P)>,
}

impl<T, P> List<T, P> {
    /// The list at its place.
    pub const HERE: Self = Self { types: PhantomData };
}

impl<T: Stored, P: Place> List<T, P> {
    /// How many there are.
    #[inline]
    pub fn len(&self) -> u32 {
        load(P::PREFIX).unwrap_or(0)
    }

    /// Is there none?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The one at `index`, from 0.
    #[inline]
    pub fn get(&self, index: u32) -> Option<T> {
        with_key::<P, _, _>(&index.to_be_bytes(), load)
    }

    /// Replaces the one at `index`; was there one?
    #[inline]
    pub fn set(&mut self, index: u32, value: &(impl Encode + ?Sized)) -> bool {
        let exists = index < self.len();
        if exists {
            with_key::<P, _, _>(&index.to_be_bytes(), |octets| store(octets, value));
        }
        exists
    }

    /// Appends one, and gives its index.
    #[inline]
    pub fn push(&mut self, value: &(impl Encode + ?Sized)) -> u32 {
        let index = self.len();
        with_key::<P, _, _>(&index.to_be_bytes(), |octets| store(octets, value));
        store(P::PREFIX, &(index + 1));
        index
    }

    /// Removes the last and gives it.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let index = self.len().checked_sub(1)?;
        let value = self.get(index);
        with_key::<P, _, _>(&index.to_be_bytes(), remove);
        if index == 0 {
            remove(P::PREFIX);
        } else {
            store(P::PREFIX, &index);
        }
        value
    }

    /// Removes the one at `index`, puts the last in its place, and gives what was removed.
    #[inline]
    pub fn swap_remove(&mut self, index: u32) -> Option<T> {
        let removed = self.get(index)?;
        let last = self.pop()?;
        self.set(index, &last);
        Some(removed)
    }

    /// All of them, in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.len()).map_while(|index| self.get(index))
    }
}
