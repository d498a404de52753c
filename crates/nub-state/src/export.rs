//! Export: a whole state as a file, made in slices (`docs/spec/export.md`).

use crate::error::DecodeError;
use crate::handle::Handle;
use crate::kind::Kinds;
use crate::link::{Link, Loader};
use crate::object::Object;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use nub_abi::Hash;

/// The first octets of an export.
pub const EXPORT_MAGIC: [u8; 8] = *b"nubstate";
/// The version of the format.
pub const EXPORT_VERSION: u32 = 1;
/// Octets of magic, version and root.
pub const EXPORT_HEADER_BYTES: usize = 8 + 4 + 32;

/// A walk over the objects under a root that parents name by hash: children before parents, each once, the
/// root last.
///
/// Memory grows with the number of objects exported, by a hash for each: that is what "once" costs. A
/// failed step changes nothing and may be tried again.
#[derive(Debug)]
pub struct Export {
    root: Hash,
    has_header: bool,
    /// Octets that the next chunk begins with.
    chunk: Vec<u8>,
    /// What is still to do, the next last: a path from the root, with the siblings to come.
    todo: Vec<Step>,
    /// Given or being visited.
    seen: BTreeSet<Hash>,
}

#[derive(Debug)]
enum Step {
    Visit(Hash),
    Give(Hash, Handle),
}

impl Export {
    /// An export of everything under a root.
    pub fn new(root: Hash) -> Self {
        let todo = [Step::Visit(root)].into();
        Self { root, has_header: false, chunk: Vec::new(), todo, seen: BTreeSet::new() }
    }

    /// The next object with its hash; `None` after the root.
    ///
    /// # Errors
    /// The loader's.
    pub fn next<L: Loader>(&mut self, loader: &mut L) -> Result<Option<(Hash, Vec<u8>)>, L::Error> {
        while let Some(step) = self.todo.last() {
            let Step::Visit(hash) = *step else { break };
            if self.seen.contains(&hash) {
                self.todo.pop();
                continue;
            }
            let handle = loader.load(&hash)?;
            self.todo.pop();
            self.seen.insert(hash);
            self.todo.push(Step::Give(hash, handle.clone()));
            let first = self.todo.len();
            for_each_hashed_child(handle.object(), &mut |child, _| {
                self.todo.push(Step::Visit(child));
            });
            self.todo[first..].reverse();
        }
        let Some(Step::Give(hash, handle)) = self.todo.pop() else { return Ok(None) };
        let Some(encoding) = handle.encoding() else { unreachable!("a loaded object is sealed") };
        Ok(Some((hash, encoding)))
    }

    /// The next octets of the file, at most `bytes_max` unless the header or one object alone is longer;
    /// empty after the last.
    ///
    /// # Errors
    /// The loader's.
    pub fn next_chunk<L: Loader>(&mut self, loader: &mut L, bytes_max: usize) -> Result<Vec<u8>, L::Error> {
        if !self.has_header {
            self.has_header = true;
            self.chunk.extend_from_slice(&EXPORT_MAGIC);
            self.chunk.extend_from_slice(&EXPORT_VERSION.to_le_bytes());
            self.chunk.extend_from_slice(&self.root.0);
        }
        while self.chunk.len() < bytes_max.max(1) {
            let Some((_, encoding)) = self.next(loader)? else { break };
            let mut framed = (encoding.len() as u32).to_le_bytes().to_vec();
            framed.extend_from_slice(&encoding);
            if !self.chunk.is_empty() && self.chunk.len() + framed.len() > bytes_max {
                return Ok(core::mem::replace(&mut self.chunk, framed));
            }
            self.chunk.append(&mut framed);
        }
        Ok(core::mem::take(&mut self.chunk))
    }
}

/// Calls `visit` with the hash of each child that an encoded object or an embedded child of it names so.
///
/// # Errors
/// [`DecodeError`] if the bytes are not an object. Whether they have the hash they were asked for by is not
/// looked at.
pub fn hashed_children(encoding: &[u8], visit: &mut dyn FnMut(Hash)) -> Result<(), DecodeError> {
    let object = Object::decode(encoding)?;
    for_each_hashed_child(&object, &mut |child, _| visit(child));
    Ok(())
}

/// Calls `visit` with each child that the object or an embedded child of it names by hash, and what kinds
/// may stand there, in the order of the encoding.
pub(crate) fn for_each_hashed_child(object: &Object, visit: &mut dyn FnMut(Hash, Kinds)) {
    let mut todo = Vec::new();
    push_children(object, &mut todo);
    while let Some((link, expected)) = todo.pop() {
        match link {
            Link::Hashed(hash) => visit(*hash, expected),
            Link::Resident(handle) => push_children(handle.object(), &mut todo),
        }
    }
}

/// Pushes the children of an object, the first one last.
fn push_children<'a>(object: &'a Object, todo: &mut Vec<(&'a Link, Kinds)>) {
    let first = todo.len();
    object.for_each_link(&mut |link| {
        let index = todo.len() - first;
        todo.push((link, object.child_kinds(index)));
    });
    todo[first..].reverse();
}
