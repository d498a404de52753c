//! The receipts root: what a block's receipts hash to.

use crate::error::StateError;
use crate::link::{Link, NoLoader};
use crate::seal::seal;
use crate::trie::{Key, Trie};
use nub_abi::{Hash, Receipt};

/// The hash of the root node of the trie of receipts keyed by event index, u32 big-endian; zero if
/// there are none. It is that node's hash even where the node is short enough to be embedded.
pub fn receipts_root(receipts: &[Receipt]) -> Hash {
    match build(receipts) {
        Ok(Some(root)) => {
            seal(&root, &mut |_, _, _| {});
            root.hash().unwrap_or(Hash::ZERO)
        }
        _ => Hash::ZERO,
    }
}

fn build(receipts: &[Receipt]) -> Result<Option<Link>, StateError> {
    let mut trie = Trie::new();
    for (index, receipt) in (0u32..).zip(receipts) {
        trie.insert(&Key::from(index), Link::new(receipt.clone()), &mut NoLoader)?;
    }
    Ok(trie.root().cloned())
}
