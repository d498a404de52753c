//! Numbers, truth values, nothing, and references.

use super::{Decode, Encode, Name, Typed, Writer};
use crate::{Args, ArgsError};
use alloc::vec::Vec;

macro_rules! integers {
    ($($integer:ident),+) => {
        $(
            impl Typed for $integer {
                const SIZE: Option<usize> = Some(size_of::<Self>());
                const NAME: Name = Name::new(stringify!($integer));
            }

            impl Encode for $integer {
                #[inline]
                fn size_bytes(&self) -> usize {
                    size_of::<Self>()
                }

                #[inline]
                fn encode_to(&self, out: &mut Writer<'_>) {
                    out.put(&self.to_le_bytes());
                }

                #[inline]
                fn with_octets<R>(&self, then: impl FnOnce(&[u8]) -> R) -> R {
                    then(&self.to_le_bytes())
                }
            }

            impl<'a> Decode<'a> for $integer {
                #[inline]
                fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
                    args.array().map(|octets| Self::from_le_bytes(*octets))
                }
            }
        )+
    };
}

integers!(u16, u32, u64, u128, i8, i16, i32, i64, i128);

impl Typed for u8 {
    const SIZE: Option<usize> = Some(1);
    const NAME: Name = Name::new("u8");
}

impl Encode for u8 {
    #[inline]
    fn size_bytes(&self) -> usize {
        1
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        out.put(&[*self]);
    }

    #[inline]
    fn octets_of(values: &[Self]) -> Option<&[u8]> {
        Some(values)
    }
}

impl<'a> Decode<'a> for u8 {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        args.u8()
    }

    #[inline]
    fn decode_array<const N: usize>(args: &mut Args<'a>) -> Result<[Self; N], ArgsError> {
        args.array().copied()
    }

    #[inline]
    fn decode_vec(args: &mut Args<'a>, count: usize) -> Result<Vec<Self>, ArgsError> {
        args.take(count).map(<[u8]>::to_vec)
    }
}

impl Typed for bool {
    const SIZE: Option<usize> = Some(1);
    const NAME: Name = Name::new("bool");
}

impl Encode for bool {
    #[inline]
    fn size_bytes(&self) -> usize {
        1
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        out.put(&[u8::from(*self)]);
    }
}

impl<'a> Decode<'a> for bool {
    #[inline]
    fn decode(args: &mut Args<'a>) -> Result<Self, ArgsError> {
        match args.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(ArgsError::Invalid),
        }
    }
}

impl Typed for () {
    const SIZE: Option<usize> = Some(0);
    const NAME: Name = Name::new("()");
}

impl Encode for () {
    #[inline]
    fn size_bytes(&self) -> usize {
        0
    }

    #[inline]
    fn encode_to(&self, _: &mut Writer<'_>) {}
}

impl<'a> Decode<'a> for () {
    #[inline]
    fn decode(_: &mut Args<'a>) -> Result<Self, ArgsError> {
        Ok(())
    }
}

impl<T: Typed + ?Sized> Typed for &T {
    const SIZE: Option<usize> = T::SIZE;
    const NAME: Name = T::NAME;
}

impl<T: Encode + ?Sized> Encode for &T {
    #[inline]
    fn size_bytes(&self) -> usize {
        (**self).size_bytes()
    }

    #[inline]
    fn encode_to(&self, out: &mut Writer<'_>) {
        (**self).encode_to(out);
    }

    #[inline]
    fn with_octets<R>(&self, then: impl FnOnce(&[u8]) -> R) -> R {
        (**self).with_octets(then)
    }
}
