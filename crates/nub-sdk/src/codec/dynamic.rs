//! Values of any length: lists, text, boxes. What decodes to a reference needs no heap.

use super::writer::compact_bytes;
use super::{Decode, Encode, Name, Typed, Writer};
use crate::{Args, ArgsError};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

impl<T: Typed> Typed for [T] {
    const SIZE: Option<usize> = None;
    const NAME: Name = Name::new("Vec<").name(T::NAME).text(">");
}

impl<T: Encode> Encode for [T] {
    #[inline]
    fn size_bytes(&self) -> usize {
        let items = match T::SIZE {
            Some(size) => size * self.len(),
            None => self.iter().map(Encode::size_bytes).sum(),
        };
        compact_bytes(self.len()) + items
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        out.compact(self.len());
        match T::octets_of(self) {
            Some(octets) => out.put(octets),
            None => self.iter().for_each(|item| item.encode_to(out)),
        }
    }
}

impl<'a> Decode<'a> for &'a [u8] {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        args.list()
    }
}

impl<T: Typed> Typed for Vec<T> {
    const SIZE: Option<usize> = None;
    const NAME: Name = <[T]>::NAME;
}

impl<T: Encode> Encode for Vec<T> {
    #[inline]
    fn size_bytes(&self) -> usize {
        self[..].size_bytes()
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        self[..].encode_to(out);
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Vec<T> {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        let count = args.compact()?;
        T::decode_vec(args, count)
    }
}

impl Typed for str {
    const SIZE: Option<usize> = None;
    const NAME: Name = Name::new("String");
}

impl Encode for str {
    #[inline]
    fn size_bytes(&self) -> usize {
        self.as_bytes().size_bytes()
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        self.as_bytes().encode_to(out);
    }
}

impl<'a> Decode<'a> for &'a str {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        core::str::from_utf8(args.list()?).map_err(|_| ArgsError::Invalid)
    }
}

impl Typed for String {
    const SIZE: Option<usize> = None;
    const NAME: Name = str::NAME;
}

impl Encode for String {
    #[inline]
    fn size_bytes(&self) -> usize {
        self[..].size_bytes()
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        self[..].encode_to(out);
    }
}

impl<'a> Decode<'a> for String {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        <&str>::decode(args).map(Into::into)
    }
}

impl<T: Typed> Typed for Box<T> {
    const SIZE: Option<usize> = T::SIZE;
    const NAME: Name = T::NAME;
}

impl<T: Encode> Encode for Box<T> {
    #[inline]
    fn size_bytes(&self) -> usize {
        (**self).size_bytes()
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        (**self).encode_to(out);
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Box<T> {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        T::decode(args).map(Box::new)
    }
}
