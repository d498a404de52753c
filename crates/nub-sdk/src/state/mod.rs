//! What a contract keeps: typed values, maps and lists over storage.
//!
//! `#[storage] struct Token { supply: Value<u128>, balances: CounterMap<Address, u128> }` gives every field its
//! [`Place`]; the struct itself has no size and costs nothing. What lies where:
//!
//! | field `name` of type | key |
//! |---|---|
//! | [`Value`] | `name` |
//! | [`List`] | `name:` for the length, `name:` ‖ index (u32, big-endian) for an item |
//! | [`Map`], [`CounterMap`] | `name:` ‖ the key's octets if that has at most 30, else the first 31 octets of its blake2b-256 |
//! | the same with `#[raw]` | the key itself, which must have 32 octets |
//!
//! So no key of one field can be a key of another, whatever octets a caller chooses: hashes have 31, raw keys 32, all
//! others at most 30; and a name has no colon. `#[key = "…"]` puts other text in the place of `name` or `name:`; keys
//! of which one begins with the other are refused when the contract is compiled.
//!
//! Storage that cannot be (a value of another type, from an Image before an upgrade, say) reverts the call.

mod access;
mod counter;
mod list;
mod map;
mod value;

pub use counter::{Counter, CounterError, CounterMap};
pub use list::List;
pub use map::{Map, MapKeys};
pub use value::Value;

pub(crate) use access::{KEY_BYTES_MAX, load, remove, store, with_key};

/// The longest direct key, in octets; the rest is for hashes and raw keys.
pub const DIRECT_KEY_BYTES_MAX: usize = 30;

/// Where a field lies. `#[storage]` writes one for each.
pub trait Place {
    /// The key of a value, or what precedes a map's keys.
    const PREFIX: &'static [u8];
    /// Are a map's keys used as they are?
    const RAW: bool;
}

/// A field's type at its place.
#[doc(hidden)]
pub trait Here {
    /// It.
    const HERE: Self;
}

impl<T, P> Here for Value<T, P> {
    const HERE: Self = Self::HERE;
}

impl<K, V, P> Here for Map<K, V, P> {
    const HERE: Self = Self::HERE;
}

impl<K, V, P> Here for CounterMap<K, V, P> {
    const HERE: Self = Self::HERE;
}

impl<T, P> Here for List<T, P> {
    const HERE: Self = Self::HERE;
}
