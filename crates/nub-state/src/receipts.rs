//! The receipts root: what a block's receipts hash to.

use crate::error::StateError;
use crate::handle::Handle;
use crate::link::{Link, NoLoader};
use crate::seal::seal;
use crate::trie::{Key, Trie};
use alloc::collections::BTreeMap;
use nub_abi::{Hash, Receipt};

/// The hash of the root node of the trie of receipts keyed by event index, u32 big-endian; zero if
/// there are none. It is that node's hash even where the node is short enough to be embedded.
pub fn receipts_root(receipts: &[Receipt]) -> Hash {
    SealedReceipts::new(receipts).root()
}

/// The trie of a block's receipts, sealed.
#[derive(Default)]
pub(crate) struct SealedReceipts {
    root_node: Option<Handle>,
    objects: BTreeMap<Hash, Handle>,
}

impl SealedReceipts {
    pub(crate) fn new(receipts: &[Receipt]) -> Self {
        let Ok(Some(root)) = build(receipts) else { return Self::default() };
        let mut objects = BTreeMap::new();
        let clean = seal(&root, &mut |hash, _, handle| {
            objects.insert(hash, handle);
        })
        .link;
        let root_node = match clean {
            Link::Hashed(hash) => objects.get(&hash).cloned(),
            Link::Resident(handle) => Some(handle),
        };
        Self { root_node, objects }
    }

    /// The receipts root.
    pub(crate) fn root(&self) -> Hash {
        self.root_node.as_ref().and_then(Handle::hash).unwrap_or(Hash::ZERO)
    }

    /// The root node; `None` if there are no receipts.
    pub(crate) fn root_node(&self) -> Option<&Handle> {
        self.root_node.as_ref()
    }

    /// An object of the trie that is named by hash.
    pub(crate) fn get(&self, hash: &Hash) -> Option<&Handle> {
        self.objects.get(hash)
    }
}

fn build(receipts: &[Receipt]) -> Result<Option<Link>, StateError> {
    let mut trie = Trie::new();
    for (index, receipt) in (0u32..).zip(receipts) {
        trie.insert(&Key::from(index), Link::new(receipt.clone()), &mut NoLoader)?;
    }
    Ok(trie.root().cloned())
}
