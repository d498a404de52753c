//! CNodes in slots: maps from keys of 1 to 32 octets to capabilities and values.
//!
//! A CNode is a value: a copy shares what it holds, a change makes another one in the slot. Who has a CNode
//! may hand it on, so a Ref goes into one only if it may be handed on itself.

use super::Refusal;
use super::storage::EntryChange;
use crate::arch::Arch;
use crate::calls::Calls;
use nub_abi::host_call::{NO_CAPABILITY, NONE};
use nub_state::{CNode, Link};

/// The shortest key of a CNode in a slot.
const KEY_BYTES_MIN: usize = 1;

/// Which arguments name the key: this one and the next.
const KEY: usize = 1;

impl<A: Arch> Calls<'_, '_, A> {
    /// `cnode_new(slot) → 0`.
    pub(super) fn cnode_new(&mut self) -> Result<u64, Refusal> {
        let slot = self.slot_argument(0)?;
        self.put_slot(slot, Link::new(CNode::new()))?;
        Ok(0)
    }

    /// `cnode_get(from, key, key_len, to_slot) → 0, or NONE`.
    pub(super) fn cnode_get(&mut self) -> Result<u64, Refusal> {
        let (from, to) = (self.argument(0)?, self.slot_argument(3)?);
        let key = self.key_argument(KEY, KEY_BYTES_MIN)?;
        let cnode = self.cnode_of(from)?;
        let Some(link) = self.entry(&cnode, &key)? else { return Ok(NONE) };
        if self.world.runtime.is_value(&link)? {
            return Err(Refusal::Code(NO_CAPABILITY));
        }
        self.put_slot(to, link)?;
        Ok(0)
    }

    /// `cnode_put(slot, key, key_len, from) → 0`.
    pub(super) fn cnode_put(&mut self) -> Result<u64, Refusal> {
        let (slot, from) = (self.slot_argument(0)?, self.argument(3)?);
        let key = self.key_argument(KEY, KEY_BYTES_MIN)?;
        let (mut cnode, before) = self.cnode_and_link(slot.into())?;
        let link = self.capability(from)?;
        self.check_grant(&link)?;
        let change = self.put_entry(&mut cnode, &key, link)?;
        self.put_back(slot, (cnode, before), &change)?;
        Ok(0)
    }

    /// `cnode_remove(slot, key, key_len) → 1 if it was there, else 0`.
    pub(super) fn cnode_remove(&mut self) -> Result<u64, Refusal> {
        let slot = self.slot_argument(0)?;
        let key = self.key_argument(KEY, KEY_BYTES_MIN)?;
        let (mut cnode, before) = self.cnode_and_link(slot.into())?;
        let change = self.remove_entry(&mut cnode, &key)?;
        self.put_back(slot, (cnode, before), &change)?;
        Ok(u64::from(change.is_real))
    }

    /// `cnode_next(from, key, key_len, out, out_len) → key length, or NONE`.
    pub(super) fn cnode_next(&mut self) -> Result<u64, Refusal> {
        let from = self.argument(0)?;
        let start = self.start_argument(KEY, KEY_BYTES_MIN)?;
        let cnode = self.cnode_of(from)?;
        self.next_key(&cnode, start, KEY_BYTES_MIN, 3)
    }

    /// `cnode_read(from, key, key_len, out, out_len) → value length, or NONE`.
    pub(super) fn cnode_read(&mut self) -> Result<u64, Refusal> {
        let from = self.argument(0)?;
        let key = self.key_argument(KEY, KEY_BYTES_MIN)?;
        let cnode = self.cnode_of(from)?;
        let Some(link) = self.entry(&cnode, &key)? else { return Ok(NONE) };
        if !self.world.runtime.is_value(&link)? {
            return Err(Refusal::Code(NO_CAPABILITY));
        }
        let value = self.world.runtime.value_bytes(&link)?;
        self.give_value(&value, 3)
    }

    /// `cnode_write(slot, key, key_len, value, value_len) → 0`.
    pub(super) fn cnode_write(&mut self) -> Result<u64, Refusal> {
        let slot = self.slot_argument(0)?;
        let key = self.key_argument(KEY, KEY_BYTES_MIN)?;
        let value = self.value_argument(3)?;
        let (mut cnode, before) = self.cnode_and_link(slot.into())?;
        let change = self.put_entry(&mut cnode, &key, Link::new(value))?;
        self.put_back(slot, (cnode, before), &change)?;
        Ok(0)
    }

    /// The CNode a selector names.
    fn cnode_of(&mut self, selector: u64) -> Result<CNode, Refusal> {
        self.cnode_and_link(selector).map(|(cnode, _)| cnode)
    }

    /// The same, and the capability itself.
    fn cnode_and_link(&mut self, selector: u64) -> Result<(CNode, Link), Refusal> {
        let link = self.capability(selector)?;
        let handle = link.resolve(self.world.runtime)?;
        match handle.as_cnode() {
            Ok(cnode) => Ok((cnode.clone(), link)),
            Err(_) => Err(Refusal::Code(NO_CAPABILITY)),
        }
    }

    /// Places a CNode in the slot it is from; the one that was there if the change is none.
    fn put_back(
        &mut self,
        slot: u8,
        (cnode, before): (CNode, Link),
        change: &EntryChange,
    ) -> Result<(), Refusal> {
        self.put_slot(slot, if change.is_real { Link::new(cnode) } else { before })?;
        Ok(self.grow(change.keys, change.bytes)?)
    }
}
