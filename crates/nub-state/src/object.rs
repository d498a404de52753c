//! An object: a value of one of the [`Kind`]s.

use crate::codec::{Body, scale, take_bytes};
use crate::error::DecodeError;
use crate::kind::{Kind, Kinds};
use crate::link::Link;
use crate::trie::{Branch, Leaf};
use crate::{CNode, DataCap, Image, Instance, Page, Ref, System, TypeDef};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use nub_abi::Receipt;
use nub_abi::host_call::VALUE_BYTES_MAX;
use parity_scale_codec::Encode;

/// A value of any kind. Cloning one copies its fields and shares its children.
#[derive(Clone, Debug)]
pub enum Object {
    /// The root of a state.
    System(Box<System>),
    /// A program and what it starts from.
    Image(Image),
    /// Names and types of endpoints and events.
    TypeDef(TypeDef),
    /// A running actor.
    Instance(Instance),
    /// A map from keys to capabilities and values.
    CNode(CNode),
    /// Bytes in pages.
    DataCap(DataCap),
    /// A trie node with a value and no children.
    Leaf(Leaf),
    /// A trie node with children.
    Branch(Branch),
    /// A byte value, at most 4096 bytes.
    Bytes(Vec<u8>),
    /// 4 KiB of memory content, not all zero.
    Page(Arc<Page>),
    /// The right to call an Instance.
    Ref(Ref),
    /// What became of an event.
    Receipt(Receipt),
}

impl Object {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::System(_) => Kind::System,
            Self::Image(_) => Kind::Image,
            Self::TypeDef(_) => Kind::TypeDef,
            Self::Instance(_) => Kind::Instance,
            Self::CNode(_) => Kind::CNode,
            Self::DataCap(_) => Kind::DataCap,
            Self::Leaf(_) => Kind::Leaf,
            Self::Branch(_) => Kind::Branch,
            Self::Bytes(_) => Kind::Bytes,
            Self::Page(_) => Kind::Page,
            Self::Ref(_) => Kind::Ref,
            Self::Receipt(_) => Kind::Receipt,
        }
    }

    /// Calls `visit` with each child, in the order of the encoding.
    pub fn for_each_link<'a>(&'a self, visit: &mut dyn FnMut(&'a Link)) {
        match self {
            Self::System(system) => visit(&system.instances),
            Self::Instance(instance) => {
                [&instance.image, &instance.cnode, &instance.memory].into_iter().for_each(visit);
            }
            Self::CNode(cnode) => cnode.entries.root().into_iter().for_each(visit),
            Self::DataCap(data) => data.pages.root().into_iter().for_each(visit),
            Self::Leaf(leaf) => visit(&leaf.value),
            Self::Branch(branch) => branch.value.iter().chain(&branch.children).for_each(visit),
            Self::Image(_) | Self::TypeDef(_) | Self::Bytes(_) => {}
            Self::Page(_) | Self::Ref(_) | Self::Receipt(_) => {}
        }
    }

    /// Calls `change` with each child, in the order of the encoding.
    pub(crate) fn for_each_link_mut(&mut self, change: &mut dyn FnMut(&mut Link)) {
        match self {
            Self::System(system) => change(&mut system.instances),
            Self::Instance(instance) => {
                [&mut instance.image, &mut instance.cnode, &mut instance.memory].into_iter().for_each(change);
            }
            Self::CNode(cnode) => cnode.entries.root_mut().into_iter().for_each(change),
            Self::DataCap(data) => data.pages.root_mut().into_iter().for_each(change),
            Self::Leaf(leaf) => change(&mut leaf.value),
            Self::Branch(branch) => branch.value.iter_mut().chain(&mut branch.children).for_each(change),
            Self::Image(_) | Self::TypeDef(_) | Self::Bytes(_) => {}
            Self::Page(_) | Self::Ref(_) | Self::Receipt(_) => {}
        }
    }

    /// The kinds that may stand where the child of this index is, in the order of [`Self::for_each_link`].
    pub(crate) fn child_kinds(&self, index: usize) -> Kinds {
        match self {
            Self::System(_) => Kind::CNode.into(),
            Self::Instance(_) => [Kind::Image, Kind::CNode, Kind::DataCap][index].into(),
            Self::Leaf(_) => Kinds::VALUE,
            Self::Branch(branch) if index == 0 && branch.value.is_some() => Kinds::VALUE,
            _ => Kinds::NODE,
        }
    }

    /// Whether its kind can have children.
    pub(crate) fn may_have_links(&self) -> bool {
        match self {
            Self::System(_) | Self::Instance(_) | Self::CNode(_) => true,
            Self::DataCap(_) | Self::Leaf(_) | Self::Branch(_) => true,
            Self::Image(_) | Self::TypeDef(_) | Self::Bytes(_) => false,
            Self::Page(_) | Self::Ref(_) | Self::Receipt(_) => false,
        }
    }

    /// Tag and body. Resident children must be sealed.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoding_guess_bytes());
        out.push(self.kind().tag());
        match self {
            Self::System(system) => system.encode_body(&mut out),
            Self::Image(image) => image.encode_body(&mut out),
            Self::TypeDef(type_def) => type_def.encode_body(&mut out),
            Self::Instance(instance) => instance.encode_body(&mut out),
            Self::CNode(cnode) => cnode.encode_body(&mut out),
            Self::DataCap(data) => data.encode_body(&mut out),
            Self::Leaf(leaf) => leaf.encode_body(&mut out),
            Self::Branch(branch) => branch.encode_body(&mut out),
            Self::Bytes(bytes) => bytes.encode_to(&mut out),
            Self::Page(page) => page.encode_body(&mut out),
            Self::Ref(reference) => reference.encode_body(&mut out),
            Self::Receipt(receipt) => receipt.encode_to(&mut out),
        }
        out
    }

    /// About how long the encoding is, so that making it seldom moves it.
    fn encoding_guess_bytes(&self) -> usize {
        match self {
            Self::Branch(branch) => 48 + 34 * branch.children.len(),
            Self::Receipt(receipt) => {
                let logs = receipt.logs.iter().map(|log| 72 + log.data.len());
                48 + receipt.output.len() + logs.sum::<usize>()
            }
            Self::Bytes(bytes) => 8 + bytes.len(),
            Self::Page(_) => 1 + crate::PAGE_BYTES,
            _ => 96,
        }
    }

    /// Decodes exactly one object from all of `bytes`; encoding it again gives `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (&tag, mut input) = bytes.split_first().ok_or(DecodeError::Empty)?;
        let kind = Kind::from_tag(tag).ok_or(DecodeError::UnknownKind(tag))?;
        let object = Self::decode_kind(kind, &mut input)?;
        if !input.is_empty() {
            return Err(DecodeError::TrailingBytes(input.len()));
        }
        if object.encode() != bytes {
            return Err(DecodeError::NonCanonical);
        }
        Ok(object)
    }

    fn decode_kind(kind: Kind, input: &mut &[u8]) -> Result<Self, DecodeError> {
        Ok(match kind {
            Kind::System => Self::System(decode_system(input)?),
            Kind::Image => Self::Image(Body::decode_body(input)?),
            Kind::TypeDef => Self::TypeDef(Body::decode_body(input)?),
            Kind::Instance => Self::Instance(Body::decode_body(input)?),
            Kind::CNode => Self::CNode(Body::decode_body(input)?),
            Kind::DataCap => Self::DataCap(Body::decode_body(input)?),
            Kind::Leaf => Self::Leaf(Body::decode_body(input)?),
            Kind::Branch => Self::Branch(Body::decode_body(input)?),
            Kind::Bytes => Self::Bytes(decode_value(input)?),
            Kind::Page => Self::Page(Arc::new(Body::decode_body(input)?)),
            Kind::Ref => Self::Ref(Body::decode_body(input)?),
            Kind::Receipt => Self::Receipt(scale(input)?),
        })
    }

    /// Roughly the memory it takes, in bytes, children not counted.
    pub(crate) fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::System(_) => size_of::<System>(),
                Self::Instance(_) | Self::CNode(_) | Self::DataCap(_) => 0,
                Self::Leaf(_) | Self::Ref(_) => 0,
                Self::Image(image) => image.memory_bytes(),
                Self::TypeDef(type_def) => type_def.encoded_size(),
                Self::Branch(branch) => branch.children.len() * size_of::<Link>(),
                Self::Bytes(bytes) => bytes.len(),
                Self::Page(_) => size_of::<Page>() + crate::PAGE_BYTES,
                Self::Receipt(receipt) => receipt.encoded_size(),
            }
    }
}

/// Not inlined: a System on the stack of each level of nesting would be wasted, it is never nested.
#[inline(never)]
fn decode_system(input: &mut &[u8]) -> Result<Box<System>, DecodeError> {
    Ok(Box::new(Body::decode_body(input)?))
}

fn decode_value(input: &mut &[u8]) -> Result<Vec<u8>, DecodeError> {
    let bytes = take_bytes(input)?;
    match bytes.len() <= VALUE_BYTES_MAX {
        true => Ok(bytes.to_vec()),
        false => Err(DecodeError::BytesTooLong(bytes.len())),
    }
}

macro_rules! from {
    ($($kind:ident),*) => {$(
        impl From<$kind> for Object {
            fn from(value: $kind) -> Self {
                Self::$kind(value)
            }
        }
    )*};
}

from!(Image, TypeDef, Instance, CNode, DataCap, Leaf, Branch, Ref, Receipt);

impl From<System> for Object {
    fn from(system: System) -> Self {
        Self::System(Box::new(system))
    }
}

impl From<Vec<u8>> for Object {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl From<Arc<Page>> for Object {
    fn from(page: Arc<Page>) -> Self {
        Self::Page(page)
    }
}
