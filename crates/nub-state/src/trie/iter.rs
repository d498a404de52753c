//! Walking a trie in the order of its keys.

use super::key::Key;
use super::node::Node;
use super::path::Path;
use crate::error::StateError;
use crate::kind::Kinds;
use crate::link::{Link, Loader};
use alloc::vec::Vec;

/// A walk over the entries of a trie in ascending order of keys. It is not an `Iterator`, for each step
/// may load nodes; it loads only nodes on the way to entries it gives, and on the way to its start.
#[derive(Debug)]
pub struct Iter {
    /// What is still to visit, the next last. At most 16 entries for each of 65 levels.
    todo: Vec<Step>,
    start: Path,
}

#[derive(Debug)]
enum Step {
    /// A node, under a prefix of so many nibbles.
    Node(Link, Path),
    /// A value, at this path.
    Value(Link, Path),
}

impl Iter {
    pub(super) fn new(root: Option<Link>, start: Path) -> Self {
        Self { todo: root.into_iter().map(|root| Step::Node(root, Path::EMPTY)).collect(), start }
    }

    /// The next entry; `None` after the last.
    pub fn next<L: Loader>(&mut self, loader: &mut L) -> Result<Option<(Key, Link)>, L::Error> {
        while let Some(step) = self.todo.pop() {
            match step {
                Step::Value(value, path) => return Ok(Some((Key::at(&path)?, value))),
                Step::Node(link, prefix) => {
                    let handle = link.resolve_as(Kinds::NODE, loader)?;
                    self.expand(Node::of(&handle)?, prefix)?;
                }
            }
        }
        Ok(None)
    }

    /// Schedules what is in a node and not wholly below the start.
    fn expand(&mut self, node: Node<'_>, prefix: Path) -> Result<(), StateError> {
        let path = joined(prefix, node.path().nibbles())?;
        if self.is_below_start(&path) {
            return Ok(());
        }
        let value = match node {
            Node::Leaf(leaf) => Some(&leaf.value),
            Node::Branch(branch) => {
                for (nibble, child) in branch.children().rev() {
                    let prefix = joined(path, [nibble])?;
                    if !self.is_below_start(&prefix) {
                        self.todo.push(Step::Node(child.clone(), prefix));
                    }
                }
                branch.value.as_ref()
            }
        };
        // Unlike a node, a value at a proper prefix of the start is below it.
        if let Some(value) = value.filter(|_| path.nibbles().ge(self.start.nibbles())) {
            self.todo.push(Step::Value(value.clone(), path));
        }
        Ok(())
    }

    /// Whether every key that begins with `prefix` is below the start.
    fn is_below_start(&self, prefix: &Path) -> bool {
        prefix.nibbles().lt(self.start.nibbles().take(prefix.len()))
    }
}

fn joined(mut path: Path, nibbles: impl IntoIterator<Item = u8>) -> Result<Path, StateError> {
    path.extend(nibbles).ok_or(StateError::BadTriePath(path.len() + 1))?;
    Ok(path)
}
