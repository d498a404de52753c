//! Storage: keys of 2 to 32 octets in the Instance's CNode. What entries of any CNode have in common is here.

use super::{Refusal, refusal};
use crate::arch::Arch;
use crate::calls::Calls;
use crate::stop::{Stop, price};
use alloc::vec::Vec;
use nub_abi::host_call::{BAD_KEY, KEY_BYTES_MAX, KEY_BYTES_MIN, NONE, TOO_LONG, VALUE_BYTES_MAX};
use nub_state::{CNode, Change, Handle, Key, Link};

impl<A: Arch> Calls<'_, '_, A> {
    /// `storage_get(key, key_len, out, out_len) → value length, or NONE`.
    pub(super) fn storage_get(&mut self) -> Result<u64, Refusal> {
        let key = self.key_argument(0, KEY_BYTES_MIN)?;
        let cnode = self.cnode()?;
        let Some(link) = self.entry(&cnode, &key)? else { return Ok(NONE) };
        let value = self.world.runtime.value_bytes(&link)?;
        self.give_value(&value, 2)
    }

    /// `storage_put(key, key_len, value, value_len) → 0`.
    pub(super) fn storage_put(&mut self) -> Result<u64, Refusal> {
        let key = self.key_argument(0, KEY_BYTES_MIN)?;
        let value = self.value_argument(2)?;
        let mut cnode = self.cnode()?;
        let change = self.put_entry(&mut cnode, &key, Link::new(value))?;
        if change.is_real {
            self.set_cnode(cnode)?;
        }
        self.grow(change.keys, change.bytes)?;
        Ok(0)
    }

    /// `storage_remove(key, key_len) → 1 if it was there, else 0`.
    pub(super) fn storage_remove(&mut self) -> Result<u64, Refusal> {
        let key = self.key_argument(0, KEY_BYTES_MIN)?;
        let mut cnode = self.cnode()?;
        let change = self.remove_entry(&mut cnode, &key)?;
        if !change.is_real {
            return Ok(0);
        }
        self.set_cnode(cnode)?;
        self.grow(change.keys, change.bytes)?;
        Ok(1)
    }

    /// `storage_next(key, key_len, out, out_len) → key length, or NONE`. Slots are passed over.
    pub(super) fn storage_next(&mut self) -> Result<u64, Refusal> {
        let start = self.start_argument(0, KEY_BYTES_MIN)?;
        let cnode = self.cnode()?;
        self.next_key(&cnode, start, KEY_BYTES_MIN, 2)
    }

    /// Gives the first key after `start` of at least `shortest` octets; the output's address and length are
    /// arguments `out` and the next. The path of `start` is paid, and that of each entry met after it; nothing
    /// else is looked at.
    pub(super) fn next_key(
        &mut self,
        cnode: &CNode,
        start: Option<Key>,
        shortest: usize,
        out: usize,
    ) -> Result<u64, Refusal> {
        let mut entries = match &start {
            Some(start) => {
                self.entry(cnode, start)?;
                cnode.entries().iter_from(start)
            }
            None => cnode.entries().iter(),
        };
        while let Some((key, _)) = entries.next(self.world.runtime)? {
            if Some(key) == start {
                continue;
            }
            self.entry(cnode, &key)?;
            if key.as_bytes().len() >= shortest {
                return self.give_value(key.as_bytes(), out);
            }
        }
        Ok(NONE)
    }

    /// Where to start: nowhere if the length, the argument after `first`, is 0.
    pub(super) fn start_argument(&mut self, first: usize, shortest: usize) -> Result<Option<Key>, Refusal> {
        if self.argument(first + 1)? as u32 == 0 {
            self.charge(self.world.params.gas.storage)?;
            return Ok(None);
        }
        self.key_argument(first, shortest).map(Some)
    }

    /// The key whose address and length are arguments `first` and the next; an operation and its octets are
    /// charged.
    pub(super) fn key_argument(&mut self, first: usize, shortest: usize) -> Result<Key, Refusal> {
        let (address, len) = (self.argument(first)?, self.argument(first + 1)? as u32 as usize);
        self.charge(self.world.params.gas.storage)?;
        if !(shortest..=KEY_BYTES_MAX).contains(&len) {
            return Err(Refusal::Code(BAD_KEY));
        }
        self.charge_storage_bytes(len)?;
        Key::new(&self.read(address, len as u64)?).ok_or(Refusal::Code(BAD_KEY))
    }

    /// The value whose address and length are arguments `first` and the next, charged by its octets.
    pub(super) fn value_argument(&mut self, first: usize) -> Result<Vec<u8>, Refusal> {
        let (address, len) = (self.argument(first)?, self.argument(first + 1)? as u32);
        if len as usize > VALUE_BYTES_MAX {
            return Err(Refusal::Code(TOO_LONG));
        }
        self.charge_storage_bytes(len as usize)?;
        Ok(self.read(address, len.into())?)
    }

    /// Writes what fits of a value or key, charged by all its octets; the output's address and length are
    /// arguments `out` and the next. Gives its length.
    pub(super) fn give_value(&mut self, value: &[u8], out: usize) -> Result<u64, Refusal> {
        let (address, len) = (self.argument(out)?, self.argument(out + 1)? as u32 as usize);
        self.charge_storage_bytes(value.len())?;
        self.write(address, &value[..value.len().min(len)])?;
        Ok(value.len() as u64)
    }

    /// What a CNode has under a key; the nodes are charged.
    pub(super) fn entry(&mut self, cnode: &CNode, key: &Key) -> Result<Option<Link>, Stop> {
        let lookup = cnode.get(key, self.world.runtime)?;
        self.charge_nodes(lookup.nodes)?;
        Ok(lookup.value)
    }

    /// Puts a value or capability under a key of a CNode; the nodes are charged.
    pub(super) fn put_entry(
        &mut self,
        cnode: &mut CNode,
        key: &Key,
        link: Link,
    ) -> Result<EntryChange, Refusal> {
        let put = cnode.insert(key, link.clone(), self.world.runtime)?;
        let change = put.map_err(refusal)?;
        let previous = self.previous(change)?;
        let new = link.resolve(self.world.runtime)?;
        let is_real = !previous.as_ref().is_some_and(|previous| previous.is_same(&new));
        let bytes = value_len_bytes(Some(&new)) - value_len_bytes(previous.as_ref());
        Ok(EntryChange { is_real, keys: i64::from(previous.is_none()), bytes })
    }

    /// Removes a key of a CNode; the nodes and the octets of the value are charged.
    pub(super) fn remove_entry(&mut self, cnode: &mut CNode, key: &Key) -> Result<EntryChange, Stop> {
        let change = cnode.remove(key, self.world.runtime)?;
        let previous = self.previous(change)?;
        let bytes = value_len_bytes(previous.as_ref());
        self.charge_storage_bytes(bytes as usize)?;
        Ok(EntryChange { is_real: previous.is_some(), keys: -i64::from(previous.is_some()), bytes: -bytes })
    }

    /// What a change replaced, to be freed later; the change's nodes are charged.
    fn previous(&mut self, change: Change) -> Result<Option<Handle>, Stop> {
        self.charge_nodes(change.nodes)?;
        let Some(link) = change.previous else { return Ok(None) };
        let handle = link.resolve(self.world.runtime)?;
        self.world.runtime.drops.push(link);
        Ok(Some(handle))
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

/// What a change of an entry comes to.
pub(super) struct EntryChange {
    /// Whether the CNode is another one than before.
    pub(super) is_real: bool,
    /// Keys added minus removed.
    pub(super) keys: i64,
    /// Octets of values added minus removed.
    pub(super) bytes: i64,
}

/// Octets of a value; a capability has none.
fn value_len_bytes(value: Option<&Handle>) -> i64 {
    value.and_then(|value| value.as_bytes().ok()).map_or(0, |bytes| bytes.len() as i64)
}
