//! Storage: keys of 2 to 32 octets in the Instance's CNode.

use super::Refusal;
use crate::arch::Arch;
use crate::calls::Calls;
use crate::runtime::Runtime;
use crate::stop::{Stop, price};
use alloc::string::ToString;
use alloc::vec::Vec;
use nub_abi::Hash;
use nub_abi::error::Abort;
use nub_abi::host_call::{BAD_KEY, KEY_BYTES_MAX, KEY_BYTES_MIN, NONE, TOO_LONG, VALUE_BYTES_MAX};
use nub_state::{CNode, Change, Key, Link, Refused};

impl<A: Arch> Calls<'_, '_, A> {
    /// `storage_get(key, key_len, out, out_len) → value length, or NONE`.
    pub(super) fn storage_get(&mut self) -> Result<u64, Refusal> {
        let key = self.storage_key()?;
        let (out, out_len) = (self.argument(2)?, self.argument(3)? as u32);
        let cnode = self.cnode()?;
        let lookup = cnode.get(&key, self.world.runtime)?;
        self.charge_nodes(lookup.nodes)?;
        let Some(link) = lookup.value else { return Ok(NONE) };
        let value = self.value(&link)?;
        self.charge_storage_bytes(value.len())?;
        let copied = value.len().min(out_len as usize);
        self.write(out, &value[..copied])?;
        Ok(value.len() as u64)
    }

    /// `storage_put(key, key_len, value, value_len) → 0`.
    pub(super) fn storage_put(&mut self) -> Result<u64, Refusal> {
        let key = self.storage_key()?;
        let (value, len) = (self.argument(2)?, self.argument(3)? as u32);
        if len as usize > VALUE_BYTES_MAX {
            return Err(Refusal::Code(TOO_LONG));
        }
        self.charge_storage_bytes(len as usize)?;
        let value = self.read(value, len.into())?;
        let previous = self.replace(&key, Some(value))?;
        let replaced = previous.as_ref().map_or(0, Vec::len);
        self.grow(i64::from(previous.is_none()), i64::from(len) - replaced as i64)?;
        Ok(0)
    }

    /// `storage_remove(key, key_len) → 1 if it was there, else 0`.
    pub(super) fn storage_remove(&mut self) -> Result<u64, Refusal> {
        let key = self.storage_key()?;
        let Some(previous) = self.replace(&key, None)? else { return Ok(0) };
        self.charge_storage_bytes(previous.len())?;
        self.grow(-1, -(previous.len() as i64))?;
        Ok(1)
    }

    /// `storage_next(key, key_len, out, out_len) → key length, or NONE`. Slots are passed over.
    pub(super) fn storage_next(&mut self) -> Result<u64, Refusal> {
        let start = if self.argument(1)? as u32 == 0 {
            self.charge(self.world.params.gas.storage)?;
            None
        } else {
            Some(self.storage_key()?)
        };
        let (out, out_len) = (self.argument(2)?, self.argument(3)? as u32);
        let cnode = self.cnode()?;
        let Some(found) = self.next_key(&cnode, start)? else { return Ok(NONE) };
        let key = found.as_bytes();
        self.charge_storage_bytes(key.len())?;
        self.write(out, &key[..key.len().min(out_len as usize)])?;
        Ok(key.len() as u64)
    }

    /// The first storage key after `start`. The path of each entry met on the way is paid.
    fn next_key(&mut self, cnode: &CNode, start: Option<Key>) -> Result<Option<Key>, Stop> {
        let mut entries = match &start {
            Some(start) => cnode.entries().iter_from(start),
            None => cnode.entries().iter(),
        };
        while let Some((key, _)) = entries.next(self.world.runtime)? {
            let nodes = cnode.get(&key, self.world.runtime)?.nodes;
            self.charge_nodes(nodes)?;
            if key.as_bytes().len() >= KEY_BYTES_MIN && Some(key) != start {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// The key that arguments 0 and 1 name, its octets and the operation charged.
    fn storage_key(&mut self) -> Result<Key, Refusal> {
        let (address, len) = (self.argument(0)?, self.argument(1)? as u32 as usize);
        self.charge(self.world.params.gas.storage)?;
        if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&len) {
            return Err(Refusal::Code(BAD_KEY));
        }
        self.charge_storage_bytes(len)?;
        Key::new(&self.read(address, len as u64)?).ok_or(Refusal::Code(BAD_KEY))
    }

    /// Inserts or removes a storage entry of the working Instance; gives the bytes that were there.
    fn replace(&mut self, key: &Key, value: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Stop> {
        let mut cnode = self.cnode()?;
        let change = match value {
            Some(value) => insert(&mut cnode, key, Link::new(value), self.world.runtime)?,
            None => cnode.remove(key, self.world.runtime)?,
        };
        self.charge_nodes(change.nodes)?;
        let previous = match change.previous {
            Some(link) => Some(self.value(&link)?),
            None => None,
        };
        self.set_cnode(cnode)?;
        Ok(previous)
    }

    /// The octets of a value.
    fn value(&mut self, link: &Link) -> Result<Vec<u8>, Stop> {
        Ok(self.world.runtime.value_bytes(link)?)
    }

    /// The working Instance's CNode.
    pub(super) fn cnode(&mut self) -> Result<CNode, Stop> {
        let link = self.frame()?.instance.cnode.clone();
        Ok(self.world.runtime.cnode(&link)?)
    }

    /// Replaces the working Instance's CNode.
    pub(super) fn set_cnode(&mut self, cnode: CNode) -> Result<(), Stop> {
        let frame = self.frame()?;
        frame.instance.cnode = Link::new(cnode);
        frame.changed = true;
        Ok(())
    }

    /// Charges the trie nodes on a key's path.
    pub(super) fn charge_nodes(&mut self, nodes: u32) -> Result<(), Stop> {
        self.charge(price(self.world.params.gas.storage_node, nodes as usize))
    }

    fn charge_storage_bytes(&mut self, len_bytes: usize) -> Result<(), Stop> {
        self.charge(price(self.world.params.gas.storage_byte, len_bytes))
    }

    /// Counts keys and value bytes added by the frame.
    pub(super) fn grow(&mut self, keys: i64, bytes: i64) -> Result<(), Stop> {
        let growth = &mut self.frame()?.growth;
        growth.keys = growth.keys.saturating_add(keys);
        growth.bytes = growth.bytes.saturating_add(bytes);
        Ok(())
    }
}

/// Puts a value whose kind and size were checked. A CNode that still refuses it is corrupt.
pub(super) fn insert<A: Arch>(
    cnode: &mut CNode,
    key: &Key,
    value: Link,
    runtime: &mut Runtime<A>,
) -> Result<Change, Abort> {
    let refused = |refused: Refused| Abort::CorruptObject { hash: Hash::ZERO, reason: refused.to_string() };
    cnode.insert(key, value, runtime)?.map_err(refused)
}
