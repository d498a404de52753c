//! Changing a trie: the nodes on the key's path are copied, everything else is shared.

use super::node::{Branch, Leaf, Match, Node};
use super::path::Path;
use super::{Change, Key, Trie, node};
use crate::error::StateError;
use crate::handle::Handle;
use crate::kind::Kinds;
use crate::link::{Link, Loader};
use alloc::vec::Vec;

/// The way from the root to where a key goes.
struct Search {
    /// The branches passed, with the nibbles taken.
    spine: Vec<(Handle, u8)>,
    /// The last node, if the search ended inside one, and how many nibbles of the key led to it.
    last: Option<(Handle, usize)>,
    /// How many nibbles of the key led past the last branch of the spine.
    depth: usize,
    nodes: u32,
}

impl Trie {
    /// Puts a value under a key, in place of what was there.
    pub fn insert<L: Loader>(&mut self, key: &Key, value: Link, loader: &mut L) -> Result<Change, L::Error> {
        let key = key.path();
        let search = self.search(&key, loader)?;
        let (new, previous) = match &search.last {
            None => (node(Leaf { path: key.skip(search.depth), value }), None),
            Some((handle, depth)) => put(Node::of(handle)?, &key, *depth, value),
        };
        self.root = Some(rebuild(search.spine, new)?);
        Ok(Change { previous, nodes: search.nodes })
    }

    /// Removes a key. Where that leaves a branch with one child and no value, the child is loaded and
    /// takes the branch's place.
    pub fn remove<L: Loader>(&mut self, key: &Key, loader: &mut L) -> Result<Change, L::Error> {
        let key = key.path();
        let mut search = self.search(&key, loader)?;
        let nodes = search.nodes;
        let Some((handle, depth)) = &search.last else { return Ok(Change { previous: None, nodes }) };
        let found = Node::of(handle)?;
        let Match::Here(Some(previous)) = found.match_key(&key, *depth) else {
            return Ok(Change { previous: None, nodes });
        };
        let previous = Some(previous.clone());
        let rest = match found {
            Node::Branch(branch) => Some(Branch { value: None, ..branch.clone() }),
            Node::Leaf(_) => match search.spine.pop() {
                None => None,
                Some((parent, nibble)) => {
                    let mut branch = parent.as_branch()?.clone();
                    branch.remove_child(nibble);
                    Some(branch)
                }
            },
        };
        self.root = match rest {
            Some(branch) => Some(rebuild(search.spine, shrink(branch, loader)?)?),
            None => None,
        };
        Ok(Change { previous, nodes })
    }

    fn search<L: Loader>(&self, key: &Path, loader: &mut L) -> Result<Search, L::Error> {
        let mut search = Search { spine: Vec::new(), last: None, depth: 0, nodes: 0 };
        let mut next = self.root.clone();
        while let Some(link) = next {
            search.nodes += 1;
            let handle = link.resolve_as(Kinds::NODE, loader)?;
            let Match::Child { nibble, child, depth } = Node::of(&handle)?.match_key(key, search.depth)
            else {
                search.last = Some((handle, search.depth));
                break;
            };
            next = child.cloned();
            search.depth = depth;
            search.spine.push((handle, nibble));
        }
        Ok(search)
    }
}

/// A node with `value` at `key`, which ends at or inside `old`, and the value it replaces.
fn put(old: Node<'_>, key: &Path, depth: usize, value: Link) -> (Link, Option<Link>) {
    match (old.match_key(key, depth), old) {
        (Match::Here(previous), Node::Leaf(leaf)) => {
            (node(Leaf { path: leaf.path, value }), previous.cloned())
        }
        (Match::Here(previous), Node::Branch(branch)) => {
            (node(Branch { value: Some(value), ..branch.clone() }), previous.cloned())
        }
        (Match::Diverges { shared }, _) => (split(old, shared, key, depth, value), None),
        (Match::Child { .. }, _) => unreachable!("a search does not end where it can go on"),
    }
}

/// A branch over `old` and a new entry, which share `shared` nibbles of `old`'s path.
fn split(old: Node<'_>, shared: usize, key: &Path, depth: usize, value: Link) -> Link {
    let path = old.path();
    let mut branch = Branch::bare(path.first(shared));
    match old {
        Node::Leaf(leaf) if shared == path.len() => branch.value = Some(leaf.value.clone()),
        _ => branch.set_child(path.nibble(shared), old.with_path(path.skip(shared + 1))),
    }
    let end = depth + shared;
    if end == key.len() {
        branch.value = Some(value);
    } else {
        branch.set_child(key.nibble(end), node(Leaf { path: key.skip(end + 1), value }));
    }
    node(branch)
}

/// The node that a branch becomes which lost its value or a child.
fn shrink<L: Loader>(branch: Branch, loader: &mut L) -> Result<Link, L::Error> {
    let only_child = branch.children().next().map(|(nibble, link)| (nibble, link.clone()));
    match (&branch.value, branch.children.len(), only_child) {
        (Some(value), 0, _) => Ok(node(Leaf { path: branch.path, value: value.clone() })),
        (None, 1, Some((nibble, child))) => {
            let child = child.resolve_as(Kinds::NODE, loader)?;
            let child = Node::of(&child)?;
            let mut path = branch.path;
            let fits = path.push(nibble).and_then(|()| path.extend(child.path().nibbles()));
            fits.ok_or(StateError::BadTriePath(path.len() + child.path().len()))?;
            Ok(child.with_path(path))
        }
        _ => Ok(node(branch)),
    }
}

/// Copies the branches of the spine over a new lowest node.
fn rebuild(spine: Vec<(Handle, u8)>, lowest: Link) -> Result<Link, StateError> {
    spine.into_iter().rev().try_fold(lowest, |below, (handle, nibble)| {
        let mut branch = handle.as_branch()?.clone();
        branch.set_child(nibble, below);
        Ok(node(branch))
    })
}
