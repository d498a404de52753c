//! The trie: an ordered map whose shape depends on its content alone.
//!
//! Path-compressed, radix 16. A [`Leaf`] has the rest of its key as its path. A [`Branch`] has the nibbles
//! its keys share as its path, then children by the next nibble, which is in no path; the key that ends
//! there has its value in the branch. `docs/spec/state.md` is the normative description.

mod iter;
mod key;
mod node;
mod path;
mod update;

pub use iter::Iter;
pub use key::Key;
pub use node::{Branch, Leaf};
pub use path::{PATH_NIBBLES_MAX, Path};

use crate::kind::Kinds;
use crate::link::{Link, Loader};
use crate::object::Object;
use node::{Match, Node};

/// An ordered map from [`Key`]s to objects. Cloning is constant time.
#[derive(Clone, Debug, Default)]
pub struct Trie {
    root: Option<Link>,
}

/// What a lookup found.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The value, if the key is there.
    pub value: Option<Link>,
    /// Trie nodes on the key's path: every node the search looks at. 0 in an empty trie, 65 at most.
    pub nodes: u32,
}

/// What a change replaced.
#[derive(Clone, Debug)]
pub struct Change {
    /// The value there was under the key.
    pub previous: Option<Link>,
    /// Trie nodes on the key's path before the change, as in [`Lookup::nodes`].
    pub nodes: u32,
}

impl Trie {
    /// An empty trie.
    pub const fn new() -> Self {
        Self { root: None }
    }

    /// The trie under a root node; a link to anything else fails when it is used.
    pub const fn from_root(root: Option<Link>) -> Self {
        Self { root }
    }

    /// The root node; `None` if the trie is empty.
    pub const fn root(&self) -> Option<&Link> {
        self.root.as_ref()
    }

    pub(crate) const fn root_mut(&mut self) -> Option<&mut Link> {
        self.root.as_mut()
    }

    /// Whether it has no entries.
    pub const fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The value under a key.
    pub fn get<L: Loader>(&self, key: &Key, loader: &mut L) -> Result<Lookup, L::Error> {
        let key = key.path();
        let mut next = self.root.clone();
        let (mut depth, mut nodes) = (0, 0);
        while let Some(link) = next {
            nodes += 1;
            next = match Node::of(&link.resolve_as(Kinds::NODE, loader)?)?.match_key(&key, depth) {
                Match::Here(value) => return Ok(Lookup { value: value.cloned(), nodes }),
                Match::Child { child, depth: below, .. } => {
                    depth = below;
                    child.cloned()
                }
                Match::Diverges { .. } => None,
            };
        }
        Ok(Lookup { value: None, nodes })
    }

    /// The entries in ascending order of keys.
    pub fn iter(&self) -> Iter {
        Iter::new(self.root.clone(), Path::EMPTY)
    }

    /// The entries in ascending order of keys, from the first key that is not below `start`.
    pub fn iter_from(&self, start: &Key) -> Iter {
        Iter::new(self.root.clone(), start.path())
    }
}

/// A new node.
fn node(object: impl Into<Object>) -> Link {
    Link::new(object)
}
