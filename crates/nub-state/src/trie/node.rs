//! Trie nodes.

use super::path::Path;
use crate::codec::{Body, scale};
use crate::error::{DecodeError, StateError};
use crate::handle::Handle;
use crate::kind::Kinds;
use crate::link::Link;
use crate::object::Object;
use alloc::vec::Vec;
use parity_scale_codec::Encode;

/// One entry: the rest of its key, and its value.
#[derive(Clone, Debug)]
pub struct Leaf {
    pub(crate) path: Path,
    pub(crate) value: Link,
}

/// Two or more entries that share a part of their keys.
#[derive(Clone, Debug)]
pub struct Branch {
    pub(crate) path: Path,
    pub(crate) value: Option<Link>,
    pub(crate) bitmap: u16,
    /// One for each bit set, in ascending order.
    pub(crate) children: Vec<Link>,
}

impl Leaf {
    /// The rest of the key.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The value.
    pub fn value(&self) -> &Link {
        &self.value
    }
}

impl Branch {
    /// The nibbles that all keys below share, after those of the branches above.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The value of the key that ends here.
    pub fn value(&self) -> Option<&Link> {
        self.value.as_ref()
    }

    /// The children and the nibbles that select them, ascending.
    pub fn children(&self) -> impl DoubleEndedIterator<Item = (u8, &Link)> {
        (0..16).filter_map(|nibble| Some((nibble, self.child(nibble)?)))
    }

    /// The child that a nibble selects.
    pub fn child(&self, nibble: u8) -> Option<&Link> {
        (self.bitmap & (1 << nibble) != 0).then(|| &self.children[self.index(nibble)])
    }

    /// A branch without children; only a step on the way to a valid one.
    pub(crate) fn bare(path: Path) -> Self {
        Self { path, value: None, bitmap: 0, children: Vec::new() }
    }

    pub(crate) fn set_child(&mut self, nibble: u8, child: Link) {
        let index = self.index(nibble);
        match self.bitmap & (1 << nibble) {
            0 => self.children.insert(index, child),
            _ => self.children[index] = child,
        }
        self.bitmap |= 1 << nibble;
    }

    pub(crate) fn remove_child(&mut self, nibble: u8) {
        if self.bitmap & (1 << nibble) != 0 {
            self.children.remove(self.index(nibble));
            self.bitmap &= !(1 << nibble);
        }
    }

    /// Where the child of a nibble is, or would be.
    fn index(&self, nibble: u8) -> usize {
        (self.bitmap & ((1 << nibble) - 1)).count_ones() as usize
    }
}

/// A node of either kind.
#[derive(Clone, Copy)]
pub(super) enum Node<'a> {
    Leaf(&'a Leaf),
    Branch(&'a Branch),
}

/// Where a key goes at a node.
pub(super) enum Match<'a> {
    /// It ends here; the value there is, if any.
    Here(Option<&'a Link>),
    /// It goes on below this nibble; the child there is, if any, has its path at this depth of the key.
    Child { nibble: u8, child: Option<&'a Link>, depth: usize },
    /// It leaves the node's path after so many nibbles of it, or ends there.
    Diverges { shared: usize },
}

impl<'a> Node<'a> {
    pub(super) fn of(handle: &'a Handle) -> Result<Self, StateError> {
        match handle.object() {
            Object::Leaf(leaf) => Ok(Self::Leaf(leaf)),
            Object::Branch(branch) => Ok(Self::Branch(branch)),
            other => Err(StateError::WrongKind { hash: None, expected: Kinds::NODE, found: other.kind() }),
        }
    }

    pub(super) fn path(self) -> &'a Path {
        match self {
            Self::Leaf(leaf) => &leaf.path,
            Self::Branch(branch) => &branch.path,
        }
    }

    /// Where `key` goes, whose first `depth` nibbles led here.
    pub(super) fn match_key(self, key: &Path, depth: usize) -> Match<'a> {
        let path = self.path();
        let shared = path.shared_with(key, depth);
        let end = depth + shared;
        match self {
            _ if shared < path.len() => Match::Diverges { shared },
            Self::Leaf(leaf) if end == key.len() => Match::Here(Some(&leaf.value)),
            Self::Leaf(_) => Match::Diverges { shared },
            Self::Branch(branch) if end == key.len() => Match::Here(branch.value.as_ref()),
            Self::Branch(branch) => {
                let nibble = key.nibble(end);
                Match::Child { nibble, child: branch.child(nibble), depth: end + 1 }
            }
        }
    }

    /// The same node with another path.
    pub(super) fn with_path(self, path: Path) -> Link {
        match self {
            Self::Leaf(leaf) => super::node(Leaf { path, value: leaf.value.clone() }),
            Self::Branch(branch) => super::node(Branch { path, ..branch.clone() }),
        }
    }
}

impl Body for Leaf {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.path.encode_to(out);
        self.value.encode_to(out);
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        Ok(Self { path: Path::decode(input)?, value: Link::decode(input, Kinds::VALUE)? })
    }
}

impl Body for Branch {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.path.encode_to(out);
        Link::encode_option(self.value.as_ref(), out);
        self.bitmap.encode_to(out);
        self.children.iter().for_each(|child| child.encode_to(out));
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let path = Path::decode(input)?;
        let value = Link::decode_option(input, Kinds::VALUE)?;
        let bitmap: u16 = scale(input)?;
        let count = bitmap.count_ones();
        if count + u32::from(value.is_some()) < 2 {
            return Err(DecodeError::BranchTooSmall(count));
        }
        let children = (0..count).map(|_| Link::decode(input, Kinds::NODE)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { path, value, bitmap, children })
    }
}
