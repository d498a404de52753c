//! Reads and writes values by a contract's TypeDef, so that tools can speak to it.
//!
//! - A TypeDef names types; [`Type`] is what a name means, [`Type::decode`] and [`Type::encode`] go between SCALE and
//!   JSON. Octets that are no value of a type are an error, whoever made them.
//! - Numbers up to 64 bits are JSON numbers, longer ones decimal text; lists and arrays of `u8` are hexadecimal text.
//! - [`describe`]: receipts and logs, with what their octets mean.
//! - [`file`](mod@file): a TypeDef as the octets whose hash an Image names.
#![forbid(unsafe_code)]

mod decode;
pub mod describe;
mod encode;
pub mod file;
pub mod hex;
mod parse;

pub use decode::DecodeError;
pub use describe::Book;
pub use encode::EncodeError;
pub use parse::{ParseError, Type, Variant};
