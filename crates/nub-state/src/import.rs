//! Import: checking an export object by object (`docs/spec/export.md`).

use crate::error::DecodeError;
use crate::export::{EXPORT_HEADER_BYTES, EXPORT_MAGIC, EXPORT_VERSION, for_each_hashed_child};
use crate::handle::Handle;
use crate::kind::{Kind, Kinds};
use alloc::collections::{BTreeMap, BTreeSet};
use nub_abi::{Hash, blake2b_256};

/// Why bytes are not the export of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The bytes do not begin as an export does.
    #[error("these bytes are not an export: they do not begin with the magic")]
    NotAnExport,
    /// The format is of another version.
    #[error("export version {0}, this code reads {EXPORT_VERSION}")]
    UnsupportedVersion(u32),
    /// The bytes end before the root.
    #[error("the export ends before its root {0}")]
    Truncated(Hash),
    /// Bytes follow the root.
    #[error("bytes follow the root {0}")]
    AfterRoot(Hash),
    /// An object is not canonical.
    #[error("object {hash}: {reason}")]
    Malformed {
        /// Hash of the bytes.
        hash: Hash,
        /// What is wrong with them.
        reason: DecodeError,
    },
    /// An object is there twice.
    #[error("object {0} is there twice")]
    Duplicate(Hash),
    /// A child of an object is not among those before it.
    #[error("object {child} does not stand before its parent {parent}")]
    MissingChild {
        /// The object.
        parent: Hash,
        /// Its child.
        child: Hash,
    },
    /// A child is not of a kind that may stand where it does.
    #[error("object {child} is a {found:?}, its parent {parent} needs {expected}")]
    WrongKind {
        /// The object.
        parent: Hash,
        /// Its child.
        child: Hash,
        /// What may stand there.
        expected: Kinds,
        /// What does.
        found: Kind,
    },
    /// The root is not a System.
    #[error("the root is a {0:?}, not a System")]
    NotASystem(Kind),
    /// No parent names an object.
    #[error("object {0} has no parent")]
    Unreferenced(Hash),
}

/// An import under way. What it lets through hangs together only once [`Self::finish`] says so.
///
/// It holds a hash and a kind for each object, never the objects.
#[derive(Debug)]
pub struct Import {
    root: Hash,
    kinds: BTreeMap<Hash, Kind>,
    /// Those that no parent has named yet.
    without_parent: BTreeSet<Hash>,
}

impl Import {
    /// Begins with the file's header.
    ///
    /// # Errors
    /// [`ImportError::NotAnExport`] and [`ImportError::UnsupportedVersion`].
    pub fn new(header: &[u8; EXPORT_HEADER_BYTES]) -> Result<Self, ImportError> {
        let (magic, rest) = header.split_at(EXPORT_MAGIC.len());
        let (version, root) = rest.split_at(4);
        if magic != EXPORT_MAGIC {
            return Err(ImportError::NotAnExport);
        }
        let version = version.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte));
        if version != EXPORT_VERSION {
            return Err(ImportError::UnsupportedVersion(version));
        }
        let mut hash = Hash::ZERO;
        hash.0.copy_from_slice(root);
        Ok(Self { root: hash, kinds: BTreeMap::new(), without_parent: BTreeSet::new() })
    }

    /// The root that the header names.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Whether the root was taken.
    pub fn is_complete(&self) -> bool {
        self.kinds.contains_key(&self.root)
    }

    /// Takes the next object; gives its hash.
    ///
    /// # Errors
    /// [`ImportError`]; the import is over then.
    pub fn object(&mut self, bytes: &[u8]) -> Result<Hash, ImportError> {
        if self.is_complete() {
            return Err(ImportError::AfterRoot(self.root));
        }
        let hash = blake2b_256(bytes);
        let handle = Handle::load(&hash, bytes).map_err(|reason| ImportError::Malformed { hash, reason })?;
        let kind = handle.kind();
        if hash == self.root && kind != Kind::System {
            return Err(ImportError::NotASystem(kind));
        }
        if self.kinds.contains_key(&hash) {
            return Err(ImportError::Duplicate(hash));
        }
        self.take_children(&hash, &handle)?;
        self.kinds.insert(hash, kind);
        self.without_parent.insert(hash);
        Ok(hash)
    }

    /// Ends the import; gives the root.
    ///
    /// # Errors
    /// [`ImportError::Truncated`] and [`ImportError::Unreferenced`].
    pub fn finish(mut self) -> Result<Hash, ImportError> {
        if !self.without_parent.remove(&self.root) {
            return Err(ImportError::Truncated(self.root));
        }
        match self.without_parent.first() {
            Some(hash) => Err(ImportError::Unreferenced(*hash)),
            None => Ok(self.root),
        }
    }

    fn take_children(&mut self, parent: &Hash, handle: &Handle) -> Result<(), ImportError> {
        let mut result = Ok(());
        for_each_hashed_child(handle.object(), &mut |child, expected| {
            let error = match self.kinds.get(&child) {
                None => ImportError::MissingChild { parent: *parent, child },
                Some(found) if !expected.contains(*found) => {
                    ImportError::WrongKind { parent: *parent, child, expected, found: *found }
                }
                Some(_) => {
                    self.without_parent.remove(&child);
                    return;
                }
            };
            if result.is_ok() {
                result = Err(error);
            }
        });
        result
    }
}

/// Checks a whole export and hands each object to `sink` as it is verified; gives the root. If it fails,
/// what the sink got is good by itself but no whole state.
///
/// # Errors
/// [`ImportError`].
pub fn import(bytes: &[u8], sink: &mut dyn FnMut(Hash, &[u8])) -> Result<Hash, ImportError> {
    let (header, mut rest) = bytes.split_first_chunk().ok_or(ImportError::NotAnExport)?;
    let mut import = Import::new(header)?;
    while !rest.is_empty() {
        if import.is_complete() {
            return Err(ImportError::AfterRoot(import.root));
        }
        let object = take_object(&mut rest).ok_or(ImportError::Truncated(import.root))?;
        let hash = import.object(object)?;
        sink(hash, object);
    }
    import.finish()
}

/// Takes a length and that many bytes.
fn take_object<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (object, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(object)
}
