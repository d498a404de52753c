//! The lookup that provers and verifiers share.

use super::Claim;
use crate::handle::Handle;
use crate::instance::Instance;
use crate::kind::{Kind, Kinds};
use crate::link::{Link, Loader};
use crate::trie::{Key, Trie};
use nub_abi::{Hash, InstanceId};

/// A loader that also has the one object whose parent names it by hash even if it is short.
pub(super) trait Source: Loader {
    /// The root node of the receipts trie of that hash.
    fn load_receipts_node(&mut self, hash: &Hash) -> Result<Handle, Self::Error>;
}

/// The object a claim is about; `None` if there is none.
pub(super) fn look_up<S: Source>(
    root: &Hash,
    claim: &Claim,
    source: &mut S,
) -> Result<Option<Handle>, S::Error> {
    match claim {
        Claim::Instance { id } => instance(root, id, source),
        Claim::Entry { instance: id, key } => match instance_at(root, id, source)? {
            Some(instance) => {
                let cnode = instance.cnode.resolve_as(Kind::CNode.into(), source)?;
                value(cnode.as_cnode()?.entries(), key, Kinds::STORABLE, source)
            }
            None => Ok(None),
        },
        Claim::MemoryPage { instance: id, page } => match instance_at(root, id, source)? {
            Some(instance) => {
                let memory = instance.memory.resolve_as(Kind::DataCap.into(), source)?;
                value(memory.as_data_cap()?.pages(), &Key::from(*page), Kind::Page.into(), source)
            }
            None => Ok(None),
        },
        Claim::Receipt { index } => receipt(root, *index, source),
        Claim::StateReceipt { index } => {
            let receipts_root = source.load(root)?.as_system()?.last_receipts_root;
            receipt(&receipts_root, *index, source)
        }
    }
}

fn instance<S: Source>(root: &Hash, id: &InstanceId, source: &mut S) -> Result<Option<Handle>, S::Error> {
    let system = source.load(root)?;
    let instances = system.as_system()?.instances.resolve_as(Kind::CNode.into(), source)?;
    value(instances.as_cnode()?.entries(), &Key::from(*id), Kind::Instance.into(), source)
}

fn instance_at<S: Source>(
    root: &Hash,
    id: &InstanceId,
    source: &mut S,
) -> Result<Option<Instance>, S::Error> {
    match instance(root, id, source)? {
        Some(handle) => Ok(Some(handle.as_instance()?.clone())),
        None => Ok(None),
    }
}

fn receipt<S: Source>(receipts_root: &Hash, index: u32, source: &mut S) -> Result<Option<Handle>, S::Error> {
    if *receipts_root == Hash::ZERO {
        return Ok(None);
    }
    let node = source.load_receipts_node(receipts_root)?;
    let receipts = Trie::from_root(Some(Link::Resident(node)));
    value(&receipts, &Key::from(index), Kind::Receipt.into(), source)
}

fn value<S: Source>(
    trie: &Trie,
    key: &Key,
    expected: Kinds,
    source: &mut S,
) -> Result<Option<Handle>, S::Error> {
    match trie.get(key, source)?.value {
        Some(link) => link.resolve_as(expected, source).map(Some),
        None => Ok(None),
    }
}
