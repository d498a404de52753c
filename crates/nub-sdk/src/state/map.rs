//! Values by key.

use core::marker::PhantomData;

use super::value::exists;
use super::{DIRECT_KEY_BYTES_MAX, KEY_BYTES_MAX, Place, load, remove, store, with_key};
use crate::codec::{Encode, Stored, decode_all};
use crate::host;

/// Values by key. What is not there takes no space.
pub struct Map<K, V, P> {
    types: PhantomData<(K, V, P)>,
}

impl<K, V, P> Map<K, V, P> {
    /// The map at its place.
    pub const HERE: Self = Self { types: PhantomData };
}

impl<K: Encode, V: Stored, P: Place> Map<K, V, P> {
    /// The value of a key.
    #[inline]
    pub fn get(&self, key: &K) -> Option<V> {
        with_key::<P, _, _>(key, load)
    }

    /// The value of a key, or the type's default if there is none.
    #[inline]
    pub fn get_or_default(&self, key: &K) -> V
    where
        V: Default,
    {
        self.get(key).unwrap_or_default()
    }

    /// Has the key a value?
    #[inline]
    pub fn contains(&self, key: &K) -> bool {
        with_key::<P, _, _>(key, exists)
    }

    /// Puts a value, in place of what was there.
    #[inline]
    pub fn insert(&mut self, key: &K, value: &(impl Encode + ?Sized)) {
        with_key::<P, _, _>(key, |octets| store(octets, value));
    }

    /// Removes a key's value; was there one?
    #[inline]
    pub fn remove(&mut self, key: &K) -> bool {
        with_key::<P, _, _>(key, remove)
    }

    /// Removes a key's value and gives it.
    #[inline]
    pub fn take(&mut self, key: &K) -> Option<V> {
        let value = self.get(key);
        self.remove(key);
        value
    }

    /// The keys after `after`, or all: in the order of their octets, which for numbers is not theirs. A map whose keys
    /// are hashed has none to give, which is an error of the compiler.
    #[inline]
    pub fn keys(&self, after: Option<&K>) -> MapKeys<K, P>
    where
        K: Stored,
    {
        const { assert!(is_direct::<K, P>(), "keys of this map may be hashed; they cannot be listed") };
        let mut keys =
            MapKeys { last: [0; KEY_BYTES_MAX], last_len_bytes: P::PREFIX.len(), types: PhantomData };
        match after {
            Some(after) => with_key::<P, _, _>(after, |octets| keys.move_to(octets)),
            None => keys.move_to(P::PREFIX),
        }
        keys
    }
}

/// Can a key be read back from storage?
const fn is_direct<K: Encode, P: Place>() -> bool {
    match K::SIZE {
        Some(size) => P::RAW || P::PREFIX.len() + size <= DIRECT_KEY_BYTES_MAX,
        None => false,
    }
}

/// Keys of a map in the order of their octets.
pub struct MapKeys<K, P> {
    last: [u8; KEY_BYTES_MAX],
    last_len_bytes: usize,
    types: PhantomData<fn() -> (K, P)>,
}

impl<K, P> MapKeys<K, P> {
    fn move_to(&mut self, key: &[u8]) {
        if let Some(last) = self.last.get_mut(..key.len()) {
            last.copy_from_slice(key);
            self.last_len_bytes = key.len();
        }
    }
}

impl<K: Stored, P: Place> Iterator for MapKeys<K, P> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        loop {
            let mut key = [0; KEY_BYTES_MAX];
            let answer = next_key(&self.last[..self.last_len_bytes], &mut key);
            let octets = key.get(..answer as usize)?;
            self.move_to(octets);
            let rest = octets.strip_prefix(P::PREFIX)?;
            // Among raw keys there may be others, of other lengths.
            if Some(rest.len()) == K::SIZE {
                return decode_all(rest).ok();
            }
        }
    }
}

/// The key after one; a prefix too short to be a key is before all that begin with it.
fn next_key(key: &[u8], out: &mut [u8]) -> u64 {
    match key {
        &[only] => host::storage_next(&[only, 0], out),
        _ => host::storage_next(key, out),
    }
}
