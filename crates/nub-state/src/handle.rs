//! A handle: a refcounted immutable object that remembers how it was sealed.

use crate::error::{DecodeError, StateError};
use crate::kind::Kind;
use crate::link::{EMBEDDED_BYTES_MAX, Link};
use crate::object::Object;
use crate::trie::{Branch, Leaf};
use crate::{CNode, DataCap, Image, Instance, Page, Ref, System, TypeDef};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use nub_abi::{Hash, Receipt, blake2b_256};
use spin::Once;

/// A refcounted object. Cloning is constant time.
#[derive(Clone)]
pub struct Handle(Arc<Inner>);

struct Inner {
    object: Object,
    /// How a parent refers to it, once it was encoded.
    sealed: Once<Sealed>,
    /// The hash of its encoding, once somebody asked.
    hash: Once<Hash>,
}

/// How a parent refers to an object that was encoded.
pub(crate) enum Sealed {
    /// By its encoding, at most 128 bytes.
    Embedded {
        encoding: Vec<u8>,
        /// The same object in clean form; `None` if it is in clean form itself.
        clean: Option<Handle>,
    },
    /// By the hash of its encoding.
    Hashed(Hash),
}

impl Handle {
    /// A handle of a new object.
    pub fn new(object: impl Into<Object>) -> Self {
        Self(Arc::new(Inner { object: object.into(), sealed: Once::new(), hash: Once::new() }))
    }

    /// A handle of an object in clean form, sealed so.
    pub(crate) fn with_seal(object: Object, sealed: Sealed) -> Self {
        let handle = Self::new(object);
        handle.set_sealed(sealed);
        handle
    }

    /// Verifies and decodes the object of that hash. It must be longer than 128 bytes.
    pub fn load(hash: &Hash, bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() <= EMBEDDED_BYTES_MAX {
            return Err(DecodeError::HashedTooShort(bytes.len()));
        }
        let found = blake2b_256(bytes);
        if found != *hash {
            return Err(DecodeError::HashMismatch(found));
        }
        Ok(Self::with_seal(Object::decode(bytes)?, Sealed::Hashed(*hash)))
    }

    /// Decodes an embedded object. Recursion is less than 32 deep: of the 128 bytes, two levels of nesting
    /// take at least 9 (a CNode in a leaf in a CNode).
    pub(crate) fn decode_embedded(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > EMBEDDED_BYTES_MAX {
            return Err(DecodeError::EmbeddedTooLong(bytes.len()));
        }
        let object = Object::decode(bytes)?;
        Ok(Self::with_seal(object, Sealed::Embedded { encoding: bytes.to_vec(), clean: None }))
    }

    /// The object.
    pub fn object(&self) -> &Object {
        &self.0.object
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.0.object.kind()
    }

    /// Its hash, if it is sealed or of a kind without children; hashed at most once.
    pub fn hash(&self) -> Option<Hash> {
        if let Some(Sealed::Hashed(hash)) = self.sealed() {
            return Some(*hash);
        }
        if let Some(hash) = self.0.hash.get() {
            return Some(*hash);
        }
        let encoding = self.encoding()?;
        Some(*self.0.hash.call_once(|| blake2b_256(&encoding)))
    }

    /// Its encoding, if it is sealed or of a kind without children.
    pub fn encoding(&self) -> Option<Vec<u8>> {
        match self.sealed() {
            Some(Sealed::Embedded { encoding, .. }) => Some(encoding.clone()),
            Some(Sealed::Hashed(_)) => Some(self.0.object.encode()),
            None => (!self.0.object.may_have_links()).then(|| self.0.object.encode()),
        }
    }

    /// Whether [`seal`](crate::seal()) has seen it, or it was decoded.
    pub fn is_sealed(&self) -> bool {
        self.0.sealed.is_completed()
    }

    /// Roughly the memory it takes in bytes: its own and its embedded children's. For cache budgets.
    pub fn memory_bytes(&self) -> usize {
        let mut bytes = size_of::<Inner>() + self.0.object.memory_bytes();
        let Some(sealed) = self.sealed() else { return bytes };
        if let Sealed::Embedded { encoding, clean } = sealed {
            bytes += encoding.len() + clean.as_ref().map_or(0, Self::memory_bytes);
        }
        self.0.object.for_each_link(&mut |link| {
            // An embedded child is shorter than its parent, so this recursion is bounded like decoding.
            if let Link::Resident(child) = link
                && let Some(Sealed::Embedded { .. }) = child.sealed()
            {
                bytes += child.memory_bytes();
            }
        });
        bytes
    }

    /// Gives the object up. If nobody else has it, it is freed and its children are left in `into`.
    pub(crate) fn take_apart(self, into: &mut Vec<Self>) {
        if let Some(mut inner) = Arc::into_inner(self.0) {
            take_children(&mut inner.object, &mut |child| into.push(child));
        }
    }

    /// Whether both are certainly equal: the same object, equal when sealed, or equal byte values or Refs. What
    /// is in memory has no influence. If not, they may be equal still.
    pub fn is_same(&self, other: &Self) -> bool {
        if self.is(other) {
            return true;
        }
        match (self.sealed(), other.sealed()) {
            (Some(Sealed::Hashed(a)), Some(Sealed::Hashed(b))) => return a == b,
            (Some(Sealed::Embedded { encoding: a, .. }), Some(Sealed::Embedded { encoding: b, .. })) => {
                return a == b;
            }
            _ => {}
        }
        match (self.object(), other.object()) {
            (Object::Bytes(a), Object::Bytes(b)) => a == b,
            (Object::Ref(a), Object::Ref(b)) => a == b,
            _ => false,
        }
    }

    /// Whether both are the same object in memory.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn sealed(&self) -> Option<&Sealed> {
        self.0.sealed.get()
    }

    pub(crate) fn set_sealed(&self, sealed: Sealed) {
        self.0.sealed.call_once(|| sealed);
    }

    /// How a parent refers to it in clean form, if it is sealed.
    pub(crate) fn clean_link(&self) -> Option<Link> {
        Some(match self.sealed()? {
            Sealed::Hashed(hash) => Link::Hashed(*hash),
            Sealed::Embedded { clean: Some(clean), .. } => Link::Resident(clean.clone()),
            Sealed::Embedded { clean: None, .. } => Link::Resident(self.clone()),
        })
    }

    fn wrong_kind(&self, expected: Kind) -> StateError {
        let hash = match self.sealed() {
            Some(Sealed::Hashed(hash)) => Some(*hash),
            _ => None,
        };
        StateError::WrongKind { hash, expected: expected.into(), found: self.kind() }
    }
}

macro_rules! accessors {
    ($($name:ident: $kind:ident -> $type:ty, $article:literal;)*) => {
        impl Handle {$(
            #[doc = concat!("The content of ", $article, "; an error if it is another kind.")]
            pub fn $name(&self) -> Result<&$type, StateError> {
                match self.object() {
                    Object::$kind(value) => Ok(value),
                    _ => Err(self.wrong_kind(Kind::$kind)),
                }
            }
        )*}
    };
}

accessors! {
    as_system: System -> System, "a System";
    as_image: Image -> Image, "an Image";
    as_type_def: TypeDef -> TypeDef, "a TypeDef";
    as_instance: Instance -> Instance, "an Instance";
    as_cnode: CNode -> CNode, "a CNode";
    as_data_cap: DataCap -> DataCap, "a DataCap";
    as_leaf: Leaf -> Leaf, "a trie leaf";
    as_branch: Branch -> Branch, "a trie branch";
    as_bytes: Bytes -> [u8], "a byte value";
    as_page: Page -> Arc<Page>, "a page";
    as_ref: Ref -> Ref, "a Ref";
    as_receipt: Receipt -> Receipt, "a Receipt";
}

/// Shows the kind and hash, never the graph below.
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sealed() {
            Some(Sealed::Hashed(hash)) => write!(f, "{:?}({hash})", self.kind()),
            Some(Sealed::Embedded { .. }) => write!(f, "{:?}(embedded)", self.kind()),
            None => write!(f, "{:?}(new)", self.kind()),
        }
    }
}

/// Drops the graph below with an explicit stack: a state of 16 nested CNodes with 64 trie levels each
/// would otherwise take a thousand nested drops. Whoever must not wait for that has a [`DropQueue`](crate::DropQueue).
impl Drop for Inner {
    fn drop(&mut self) {
        // Those that nobody else has; most children are shared with an older version of their parent.
        let mut last = Vec::new();
        take_children(&mut self.object, &mut |child| child.keep_if_sole(&mut last));
        while let Some(child) = last.pop() {
            if let Some(mut inner) = Arc::into_inner(child.0) {
                take_children(&mut inner.object, &mut |child| child.keep_if_sole(&mut last));
            }
        }
    }
}

impl Handle {
    /// Goes on the list if nobody else has it, else away.
    fn keep_if_sole(self, list: &mut Vec<Handle>) {
        if Arc::strong_count(&self.0) == 1 {
            list.push(self);
        }
    }
}

fn take_children(object: &mut Object, give: &mut dyn FnMut(Handle)) {
    object.for_each_link_mut(&mut |link| {
        if let Link::Resident(_) = link
            && let Link::Resident(child) = core::mem::replace(link, Link::Hashed(Hash::ZERO))
        {
            give(child);
        }
    });
}
