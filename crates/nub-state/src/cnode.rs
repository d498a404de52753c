//! A CNode: an ordered map from keys to capabilities and values.

use crate::codec::{Body, scale};
use crate::error::{DecodeError, StateError};
use crate::instance::Instance;
use crate::kind::{Kind, Kinds};
use crate::link::{Link, Loader};
use crate::object::Object;
use crate::trie::{Change, Key, Lookup, Trie};
use alloc::vec::Vec;
use nub_abi::InstanceId;
use nub_abi::host_call::VALUE_BYTES_MAX;
use parity_scale_codec::Encode;

/// The greatest height of a CNode: 1 plus that of the highest CNode stored in it.
pub const CNODE_HEIGHT_MAX: u8 = 16;

/// An ordered map from keys of 1 to 32 bytes to capabilities and values.
#[derive(Clone, Debug, Default)]
pub struct CNode {
    /// Element h − 1 counts the CNodes of height h stored in it. Does not end in zero; at most 15 elements.
    pub(crate) child_heights: Vec<u32>,
    pub(crate) entries: Trie,
}

/// Why a CNode does not take a value. A verdict on the one who puts it, the same on every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Objects of this kind are not kept in a CNode.
    #[error("{0:?} objects are not kept in a CNode")]
    Kind(Kind),
    /// The byte value is longer than 4096 bytes.
    #[error("a byte value of {0} bytes, the most is 4096")]
    TooLong(usize),
    /// The CNode would be higher than 16.
    #[error("the CNode would be higher than {CNODE_HEIGHT_MAX}")]
    TooHigh,
    /// It holds 2³² − 1 CNodes of that height already.
    #[error("the CNode holds too many CNodes")]
    TooMany,
}

impl CNode {
    /// An empty CNode.
    pub fn new() -> Self {
        Self::default()
    }

    /// 1 plus the greatest height of a CNode stored in it; 1 to 16.
    pub fn height(&self) -> u8 {
        1 + self.child_heights.len() as u8
    }

    /// The entries, to look up and iterate.
    pub fn entries(&self) -> &Trie {
        &self.entries
    }

    /// The value under a key.
    pub fn get<L: Loader>(&self, key: &Key, loader: &mut L) -> Result<Lookup, L::Error> {
        self.entries.get(key, loader)
    }

    /// Puts a value under a key, in place of what was there. Loads the value and, if the CNode holds any
    /// CNodes, the previous value. Unchanged if refused or failed; refused before the trie is looked at,
    /// but for [`Refused::TooMany`].
    pub fn insert<L: Loader>(
        &mut self,
        key: &Key,
        value: Link,
        loader: &mut L,
    ) -> Result<Result<Change, Refused>, L::Error> {
        let handle = value.resolve(loader)?;
        let height = match storable_height(handle.object()) {
            Ok(height) => height,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut after = self.clone();
        let change = after.entries.insert(key, value, loader)?;
        after.uncount(change.previous.as_ref(), loader)?;
        if let Some(height) = height
            && let Err(refused) = after.count(height)
        {
            return Ok(Err(refused));
        }
        *self = after;
        Ok(Ok(change))
    }

    /// Removes a key. If the CNode holds any CNodes, loads the value.
    pub fn remove<L: Loader>(&mut self, key: &Key, loader: &mut L) -> Result<Change, L::Error> {
        let mut after = self.clone();
        let change = after.entries.remove(key, loader)?;
        after.uncount(change.previous.as_ref(), loader)?;
        *self = after;
        Ok(change)
    }

    /// The Instance of an id; only in `System.instances`.
    pub fn instance<L: Loader>(&self, id: &InstanceId, loader: &mut L) -> Result<Option<Instance>, L::Error> {
        match self.entries.get(&Key::from(*id), loader)?.value {
            Some(link) => Ok(Some(link.resolve(loader)?.as_instance()?.clone())),
            None => Ok(None),
        }
    }

    /// Puts an Instance under its id; only in `System.instances`.
    pub fn insert_instance<L: Loader>(
        &mut self,
        id: &InstanceId,
        instance: Instance,
        loader: &mut L,
    ) -> Result<(), L::Error> {
        self.entries.insert(&Key::from(*id), Link::new(instance), loader).map(drop)
    }

    /// Removes an Instance; only in `System.instances`. Returns whether it was there.
    pub fn remove_instance<L: Loader>(&mut self, id: &InstanceId, loader: &mut L) -> Result<bool, L::Error> {
        Ok(self.entries.remove(&Key::from(*id), loader)?.previous.is_some())
    }

    /// Counts a CNode of that height, less than 16, in.
    fn count(&mut self, height: u8) -> Result<(), Refused> {
        let index = usize::from(height) - 1;
        if self.child_heights.len() <= index {
            self.child_heights.resize(index + 1, 0);
        }
        let count = &mut self.child_heights[index];
        *count = count.checked_add(1).ok_or(Refused::TooMany)?;
        Ok(())
    }

    /// Counts a value that is no longer there out, if it is a CNode.
    fn uncount<L: Loader>(&mut self, value: Option<&Link>, loader: &mut L) -> Result<(), L::Error> {
        let Some(value) = value.filter(|_| !self.child_heights.is_empty()) else { return Ok(()) };
        if let Object::CNode(cnode) = value.resolve(loader)?.object() {
            let height = cnode.height();
            match self.child_heights.get_mut(usize::from(height) - 1) {
                Some(count) if *count > 0 => *count -= 1,
                _ => return Err(StateError::HeightNotCounted(height).into()),
            }
            while self.child_heights.last() == Some(&0) {
                self.child_heights.pop();
            }
        }
        Ok(())
    }
}

/// The height of a value that is a CNode; refused if it may not be stored.
fn storable_height(value: &Object) -> Result<Option<u8>, Refused> {
    match value {
        Object::CNode(cnode) if cnode.height() >= CNODE_HEIGHT_MAX => Err(Refused::TooHigh),
        Object::CNode(cnode) => Ok(Some(cnode.height())),
        Object::Bytes(bytes) if bytes.len() > VALUE_BYTES_MAX => Err(Refused::TooLong(bytes.len())),
        other if Kinds::STORABLE.contains(other.kind()) => Ok(None),
        other => Err(Refused::Kind(other.kind())),
    }
}

impl Body for CNode {
    fn encode_body(&self, out: &mut Vec<u8>) {
        self.child_heights.encode_to(out);
        Link::encode_option(self.entries.root(), out);
    }

    fn decode_body(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let child_heights: Vec<u32> = scale(input)?;
        if child_heights.len() >= usize::from(CNODE_HEIGHT_MAX) || child_heights.last() == Some(&0) {
            return Err(DecodeError::BadChildHeights);
        }
        let root = Link::decode_option(input, Kinds::NODE)?;
        if root.is_none() && !child_heights.is_empty() {
            return Err(DecodeError::BadChildHeights);
        }
        Ok(Self { child_heights, entries: Trie::from_root(root) })
    }
}
