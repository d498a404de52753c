//! The bytes of a store (`docs/spec/store.md`): plain values, their encoding, their strict decoding.

pub mod bytes;
pub mod frame;
pub mod layout;
pub mod map;
pub mod superblock;
