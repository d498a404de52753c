//! Keys and values for anybody, a page of them at a time. `README.md` has the endpoints.
//!
//! A key belongs to who puts it first, until it is removed. Keys are kept in the order of their octets, behind one octet
//! of this contract's own, so they can be walked in the storage itself, and nothing else is there.

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

use nub_sdk::alloc::vec::Vec;
use nub_sdk::{Address, Error, Event, Scale, badge, contract, storage};

#[cfg(test)]
mod tests;

/// The octet before every key.
const PREFIX: u8 = b'k';
/// The longest key in octets.
const KEY_BYTES_MAX: usize = 31;
/// The longest value in octets: what storage takes, without the owner.
const VALUE_BYTES_MAX: usize = 4096 - OWNER_BYTES;
const OWNER_BYTES: usize = 32;
/// The most keys of a page.
const PAGE_KEYS_MAX: u32 = 256;
/// A page of entries ends when it has this many octets.
const PAGE_BYTES: usize = 16 * 1024;

/// It keeps keys and values as they are.
#[derive(Default)]
struct KvStore;

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
struct Entry {
    key: Vec<u8>,
    value: Vec<u8>,
}

/// A value was put.
#[derive(Event)]
#[event(topic = "kvstore.put")]
struct Put<'a> {
    key: &'a [u8],
    owner: &'a Address,
}

/// A value was removed.
#[derive(Event)]
#[event(topic = "kvstore.removed")]
struct Removed<'a> {
    key: &'a [u8],
}

/// Why the store refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum KvError {
    #[message("kvstore: keys have 1 to 31 bytes")]
    BadKey,
    #[message("kvstore: values have at most 4064 bytes")]
    TooLong,
    #[message("kvstore: another's key")]
    NotYours,
    #[message("kvstore: no such key")]
    NoSuchKey,
}

#[contract(heap = 131072, stack = 32768)]
impl KvStore {
    /// Puts a value, under a key that is free or the caller's.
    #[endpoint]
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), KvError> {
        let place = Place::of(key)?;
        let me = badge();
        if value.len() > VALUE_BYTES_MAX {
            return Err(KvError::TooLong);
        }
        if place.owner().is_some_and(|owner| owner != me) {
            return Err(KvError::NotYours);
        }
        let octets = [&me[..], value].concat();
        storage::put(place.octets(), &octets).map_err(|_| KvError::TooLong)?;
        Put { key, owner: &me }.emit();
        Ok(())
    }

    /// The value of a key.
    #[endpoint]
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        Ok(Place::of(key)?.entry().map(|(_, value)| value))
    }

    /// Whose a key is.
    #[endpoint]
    fn owner(&self, key: &[u8]) -> Result<Option<Address>, KvError> {
        Ok(Place::of(key)?.owner())
    }

    /// Removes the caller's key.
    #[endpoint]
    fn remove(&mut self, key: &[u8]) -> Result<(), KvError> {
        let place = Place::of(key)?;
        match place.owner() {
            None => return Err(KvError::NoSuchKey),
            Some(owner) if owner != badge() => return Err(KvError::NotYours),
            Some(_) => {}
        }
        storage::remove(place.octets()).map_err(|_| KvError::BadKey)?;
        Removed { key }.emit();
        Ok(())
    }

    /// At most `limit` keys, at most 256, after a key or from the first; in the order of their octets. None: that was
    /// all.
    #[endpoint]
    fn keys(&self, after: Option<Vec<u8>>, limit: u32) -> Result<Vec<Vec<u8>>, KvError> {
        Ok(places(after)?.take(limit.min(PAGE_KEYS_MAX) as usize).map(|place| place.key().to_vec()).collect())
    }

    /// The same with values. A page also ends when it has 16 KiB, but has at least one entry if there is one.
    #[endpoint]
    fn entries(&self, after: Option<Vec<u8>>, limit: u32) -> Result<Vec<Entry>, KvError> {
        let mut page = Vec::new();
        let mut page_bytes = 0;
        for place in places(after)?.take(limit.min(PAGE_KEYS_MAX) as usize) {
            let Some((_, value)) = place.entry() else { break };
            page_bytes += KEY_BYTES_MAX + value.len();
            if page_bytes > PAGE_BYTES && !page.is_empty() {
                break;
            }
            page.push(Entry { key: place.key().to_vec(), value });
        }
        Ok(page)
    }
}

/// A key in storage.
#[derive(Clone, Copy)]
struct Place {
    octets: [u8; 1 + KEY_BYTES_MAX],
    len_bytes: usize,
}

impl Place {
    fn of(key: &[u8]) -> Result<Self, KvError> {
        let mut octets = [PREFIX; 1 + KEY_BYTES_MAX];
        let place =
            octets[1..].get_mut(..key.len()).filter(|place| !place.is_empty()).ok_or(KvError::BadKey)?;
        place.copy_from_slice(key);
        Ok(Self { octets, len_bytes: 1 + key.len() })
    }

    fn octets(&self) -> &[u8] {
        &self.octets[..self.len_bytes]
    }

    fn key(&self) -> &[u8] {
        &self.octets[1..self.len_bytes]
    }

    fn owner(&self) -> Option<Address> {
        let mut owner = [0; OWNER_BYTES];
        storage::get(self.octets(), &mut owner).ok().flatten().map(|_| owner)
    }

    fn entry(&self) -> Option<(Address, Vec<u8>)> {
        let mut octets = [0; OWNER_BYTES + VALUE_BYTES_MAX];
        let len_bytes = storage::get(self.octets(), &mut octets).ok().flatten()?;
        let (owner, value) = octets.get(..len_bytes)?.split_first_chunk()?;
        Some((*owner, value.to_vec()))
    }

    fn next(&self) -> Option<Self> {
        let mut octets = [0; 1 + KEY_BYTES_MAX];
        let len_bytes = storage::next(self.octets(), &mut octets).ok().flatten()?;
        (octets[0] == PREFIX).then_some(Self { octets, len_bytes })
    }
}

/// The places after a key, or all.
fn places(after: Option<Vec<u8>>) -> Result<impl Iterator<Item = Place>, KvError> {
    let start = match after {
        Some(key) => Place::of(&key)?,
        // Before every key: two octets, the least a key in storage has, and no key that begins with a zero is less.
        None => return Ok(Walk { next: first() }),
    };
    Ok(Walk { next: start.next() })
}

fn first() -> Option<Place> {
    let zero = Place::of(&[0]).ok()?;
    if zero.owner().is_some() { Some(zero) } else { zero.next() }
}

/// Place after place.
struct Walk {
    next: Option<Place>,
}

impl Iterator for Walk {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        let place = self.next?;
        self.next = place.next();
        Some(place)
    }
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
