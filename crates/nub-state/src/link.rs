//! A link: how a parent refers to a child, in memory and in its encoding.

use crate::codec::{scale, take, take_bytes};
use crate::error::{DecodeError, StateError};
use crate::handle::{Handle, Sealed};
use crate::kind::{Kind, Kinds};
use crate::object::Object;
use alloc::vec::Vec;
use nub_abi::Hash;
use parity_scale_codec::Encode;

/// The longest encoding of an object that its parent embeds; longer ones are named by hash.
pub const EMBEDDED_BYTES_MAX: usize = 128;

/// In front of an embedded child.
const EMBEDDED: u8 = 0;
/// In front of a child's hash.
const HASHED: u8 = 1;

/// A parent's reference to a child. Cloning is constant time.
#[derive(Clone, Debug)]
pub enum Link {
    /// An object that is not in memory, or not through this link.
    Hashed(Hash),
    /// An object in memory: a new one, or one that is embedded in its parent.
    Resident(Handle),
}

/// Gets objects by hash: from a cache, a store, a map.
pub trait Loader {
    /// Why it could not, or why the object does not fit where it is.
    type Error: From<StateError>;

    /// The object of that hash, verified and decoded ([`Handle::load`]).
    fn load(&mut self, hash: &Hash) -> Result<Handle, Self::Error>;
}

impl<L: Loader + ?Sized> Loader for &mut L {
    type Error = L::Error;

    fn load(&mut self, hash: &Hash) -> Result<Handle, L::Error> {
        (**self).load(hash)
    }
}

/// A loader that has nothing: for graphs that are in memory as a whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLoader;

impl Loader for NoLoader {
    type Error = StateError;

    fn load(&mut self, hash: &Hash) -> Result<Handle, StateError> {
        Err(StateError::Missing(*hash))
    }
}

impl Link {
    /// A link to a new object.
    pub fn new(object: impl Into<Object>) -> Self {
        Self::Resident(Handle::new(object))
    }

    /// The object, loaded if it is not in memory.
    pub fn resolve<L: Loader>(&self, loader: &mut L) -> Result<Handle, L::Error> {
        match self {
            Self::Hashed(hash) => loader.load(hash),
            Self::Resident(handle) => Ok(handle.clone()),
        }
    }

    /// The object, which must be one of `expected`.
    pub fn resolve_as<L: Loader>(&self, expected: Kinds, loader: &mut L) -> Result<Handle, L::Error> {
        let handle = self.resolve(loader)?;
        let found = handle.kind();
        if expected.contains(found) {
            return Ok(handle);
        }
        let hash = match self {
            Self::Hashed(hash) => Some(*hash),
            Self::Resident(_) => None,
        };
        Err(StateError::WrongKind { hash, expected, found }.into())
    }

    /// The object's hash, if it is known or can be had without its children: see [`Handle::hash`].
    pub fn hash(&self) -> Option<Hash> {
        match self {
            Self::Hashed(hash) => Some(*hash),
            Self::Resident(handle) => handle.hash(),
        }
    }

    /// Whether both are certainly equal, without loading anything: see [`Handle::is_same`].
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Hashed(a), Self::Hashed(b)) => a == b,
            (Self::Resident(a), Self::Resident(b)) => a.is_same(b),
            _ => false,
        }
    }

    /// The same link in clean form, if it is sealed: by hash, or to an embedded object that has
    /// only such links itself.
    pub(crate) fn clean(&self) -> Option<Self> {
        match self {
            Self::Hashed(_) => Some(self.clone()),
            Self::Resident(handle) => handle.clean_link(),
        }
    }

    /// Whether both are certainly the same link; if not, they may still name equal objects.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Hashed(a), Self::Hashed(b)) => a == b,
            (Self::Resident(a), Self::Resident(b)) => a.is(b),
            _ => false,
        }
    }

    /// Appends the child's encoding in its parent. A resident child must be sealed.
    pub(crate) fn encode_to(&self, out: &mut Vec<u8>) {
        let hash = match self {
            Self::Hashed(hash) => hash,
            Self::Resident(handle) => match handle.sealed() {
                Some(Sealed::Hashed(hash)) => hash,
                Some(Sealed::Embedded { encoding, .. }) => {
                    out.push(EMBEDDED);
                    return encoding.encode_to(out);
                }
                None => unreachable!("children are sealed before their parent is encoded"),
            },
        };
        out.push(HASHED);
        hash.encode_to(out);
    }

    /// Reads a child off the front of `input`. The kind of a hashed one is checked when it is loaded.
    pub(crate) fn decode(input: &mut &[u8], expected: Kinds) -> Result<Self, DecodeError> {
        match take(input, 1)?[0] {
            EMBEDDED => {
                let handle = Handle::decode_embedded(embedded_bytes(input, expected)?)?;
                Ok(Self::Resident(handle))
            }
            HASHED => Ok(Self::Hashed(scale(input)?)),
            tag => Err(DecodeError::UnknownChildTag(tag)),
        }
    }

    /// Appends the encoding of a child that may be absent: a SCALE `Option`.
    pub(crate) fn encode_option(link: Option<&Self>, out: &mut Vec<u8>) {
        out.push(u8::from(link.is_some()));
        if let Some(link) = link {
            link.encode_to(out);
        }
    }

    /// Reads a child that may be absent.
    pub(crate) fn decode_option(input: &mut &[u8], expected: Kinds) -> Result<Option<Self>, DecodeError> {
        match take(input, 1)?[0] {
            0 => Ok(None),
            1 => Self::decode(input, expected).map(Some),
            _ => Err(DecodeError::Scale),
        }
    }
}

/// The bytes of an embedded child, its kind checked first: wrong kinds are refused without decoding them.
fn embedded_bytes<'a>(input: &mut &'a [u8], expected: Kinds) -> Result<&'a [u8], DecodeError> {
    let bytes = take_bytes(input)?;
    let tag = *bytes.first().ok_or(DecodeError::Empty)?;
    let found = Kind::from_tag(tag).ok_or(DecodeError::UnknownKind(tag))?;
    match expected.contains(found) {
        true => Ok(bytes),
        false => Err(DecodeError::WrongKind { expected, found }),
    }
}

/// A link in clean form if the object is sealed, so that what it can be loaded with is not kept alive.
impl From<Handle> for Link {
    fn from(handle: Handle) -> Self {
        handle.clean_link().unwrap_or(Self::Resident(handle))
    }
}
