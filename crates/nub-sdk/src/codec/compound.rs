//! Arrays, options and tuples.

use super::{Decode, Encode, Name, Typed, Writer, sum};
use crate::{Args, ArgsError};

impl<T: Typed, const N: usize> Typed for [T; N] {
    const SIZE: Option<usize> = match T::SIZE {
        Some(size) => Some(size * N),
        None => None,
    };
    const NAME: Name = Name::new("[").name(T::NAME).text(";").number(N).text("]");
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    #[inline]
    fn size_bytes(&self) -> usize {
        match Self::SIZE {
            Some(size) => size,
            None => self.iter().map(Encode::size_bytes).sum(),
        }
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        match T::octets_of(self) {
            Some(octets) => out.put(octets),
            None => self.iter().for_each(|item| item.encode_to(out)),
        }
    }

    #[inline]
    fn with_octets<R>(&self, then: impl FnOnce(&[u8]) -> R) -> R {
        match T::octets_of(self) {
            Some(octets) => then(octets),
            None => super::with_written(self.size_bytes(), |out| self.encode_to(out), then),
        }
    }
}

impl<'a, T: Decode<'a>, const N: usize> Decode<'a> for [T; N] {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        T::decode_array(args)
    }
}

impl<'a, const N: usize> Decode<'a> for &'a [u8; N] {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        args.array()
    }
}

impl<T: Typed> Typed for Option<T> {
    const SIZE: Option<usize> = None;
    const NAME: Name = Name::new("Option<").name(T::NAME).text(">");
}

impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn size_bytes(&self) -> usize {
        1 + self.as_ref().map_or(0, Encode::size_bytes)
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        out.put(&[u8::from(self.is_some())]);
        if let Some(value) = self {
            value.encode_to(out);
        }
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Option<T> {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        if bool::decode(args)? { T::decode(args).map(Some) } else { Ok(None) }
    }
}

macro_rules! tuples {
    ($($first:ident $(, $more:ident)*;)+) => {
        $(
            impl<$first: Typed, $($more: Typed),*> Typed for ($first, $($more,)*) {
                const SIZE: Option<usize> = {
                    let size = $first::SIZE;
                    $(let size = sum(size, $more::SIZE);)*
                    size
                };
                const NAME: Name = Name::new("(").name($first::NAME)$(.text(",").name($more::NAME))*.text(")");
            }

            #[allow(non_snake_case)]
            impl<$first: Encode, $($more: Encode),*> Encode for ($first, $($more,)*) {
                #[inline]
                fn size_bytes(&self) -> usize {
                    let ($first, $($more,)*) = self;
                    $first.size_bytes() $(+ $more.size_bytes())*
                }

                #[inline]
                fn encode_to(&self, out: &mut Writer<'_>) {
                    let ($first, $($more,)*) = self;
                    $first.encode_to(out);
                    $($more.encode_to(out);)*
                }
            }

            impl<'a, $first: Decode<'a>, $($more: Decode<'a>),*> Decode<'a> for ($first, $($more,)*) {
                #[inline]
                fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
                    Ok(($first::decode(args)?, $($more::decode(args)?,)*))
                }
            }
        )+
    };
}

tuples! {
    A;
    A, B;
    A, B, C;
    A, B, C, D;
    A, B, C, D, E;
    A, B, C, D, E, F;
    A, B, C, D, E, F, G;
    A, B, C, D, E, F, G, H;
}
