//! Reading and writing typed values. What storage refuses reverts the call: it says the contract is wrong.

use core::mem::MaybeUninit;

use super::{DIRECT_KEY_BYTES_MAX, Place};
use crate::codec::{Encode, STACK_BYTES, Stored, decode_all, with_read, with_written};
use crate::{code, host};

/// What a call reverts with whose storage holds something else than its Image says.
const OTHER_TYPE: &str = "storage: the value is of another type";
/// The longest key in octets.
pub(crate) const KEY_BYTES_MAX: usize = 32;
/// The length of a hashed key in octets.
const HASHED_KEY_BYTES: usize = 31;

/// Hands `then` the storage key of `key` in a map.
#[inline]
pub(crate) fn with_key<P: Place, K: Encode + ?Sized, R>(key: &K, then: impl FnOnce(&[u8]) -> R) -> R {
    if P::RAW {
        const { assert!(matches!(K::SIZE, Some(KEY_BYTES_MAX)) || !P::RAW, "#[raw] keys have 32 octets") };
        return key.with_octets(then);
    }
    let len_bytes = P::PREFIX.len() + key.size_bytes();
    let write = |out: &mut crate::codec::Writer<'_>| {
        out.put(P::PREFIX);
        key.encode_to(out);
    };
    with_written(len_bytes, write, |octets| {
        if len_bytes <= DIRECT_KEY_BYTES_MAX {
            then(octets)
        } else {
            let mut hash = [0; 32];
            host::blake2b(octets, &mut hash);
            then(&hash[..HASHED_KEY_BYTES])
        }
    })
}

/// The value under `key`.
#[inline]
pub(crate) fn load<T: Stored>(key: &[u8]) -> Option<T> {
    let room_bytes = T::SIZE.unwrap_or(STACK_BYTES);
    match read(key, room_bytes) {
        Loaded::Value(value) => Some(value),
        Loaded::Nothing => None,
        Loaded::Longer(len_bytes) => match read(key, len_bytes) {
            Loaded::Value(value) => Some(value),
            _ => wrong(OTHER_TYPE),
        },
    }
}

enum Loaded<T> {
    Value(T),
    Nothing,
    /// It has this many octets, more than there was room for.
    Longer(usize),
}

#[inline]
#[allow(unsafe_code)]
fn read<T: Stored>(key: &[u8], room_bytes: usize) -> Loaded<T> {
    let get = |room: &mut [MaybeUninit<u8>]| host::storage_get_uninit(key, room);
    // SAFETY: the kernel writes the first min(answer, length) octets if the answer is a length.
    unsafe {
        with_read(room_bytes, get, |octets, answer| {
            if answer == room_bytes as u64 || (T::SIZE.is_none() && answer < room_bytes as u64) {
                match decode_all(octets) {
                    Ok(value) => Loaded::Value(value),
                    Err(_) => wrong(OTHER_TYPE),
                }
            } else if answer == code::NONE {
                Loaded::Nothing
            } else if T::SIZE.is_none() && answer <= u64::from(u32::MAX) {
                Loaded::Longer(answer as usize)
            } else {
                wrong(OTHER_TYPE)
            }
        })
    }
}

/// Puts a value under `key`.
#[inline]
pub(crate) fn store<T: Encode + ?Sized>(key: &[u8], value: &T) {
    if value.with_octets(|octets| host::storage_put(key, octets)) != 0 {
        wrong("storage: keys have 2 to 32 octets, values at most 4096");
    }
}

/// Removes what is under `key`; was there anything?
#[inline]
pub(crate) fn remove(key: &[u8]) -> bool {
    match host::storage_remove(key) {
        answer @ (0 | 1) => answer == 1,
        _ => wrong("storage: keys have 2 to 32 octets"),
    }
}

#[cold]
#[inline(never)]
fn wrong(message: &'static str) -> ! {
    host::revert(message.as_bytes())
}
