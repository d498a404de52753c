//! Capabilities: where they are, and copying, moving, dropping and minting them.
//!
//! A copy shares what it copies, whatever its size. Rights only shrink; only one who may manage an
//! Instance gives a Ref to it another badge. What was passed with a call can be kept only if it may be
//! handed on, so the Refs of an event end with it.

use super::{Refusal, no_frame, refusal};
use crate::arch::Arch;
use crate::calls::Calls;
use crate::stop::Stop;
use nub_abi::Badge;
use nub_abi::host_call::{
    BAD_ARGUMENT, NO_CAPABILITY, NO_RIGHT, PASSED, RIGHT_CALL, RIGHT_GRANT, RIGHT_MANAGE,
};
use nub_state::{Key, Link, Ref};

/// All rights there are.
pub(super) const ALL_RIGHTS: u8 = RIGHT_CALL | RIGHT_GRANT | RIGHT_MANAGE;

impl<A: Arch> Calls<'_, '_, A> {
    /// `capability_copy(from, to_slot) → 0`.
    pub(super) fn capability_copy(&mut self) -> Result<u64, Refusal> {
        let (from, to) = (self.argument(0)?, self.slot_argument(1)?);
        let link = self.keepable(from)?;
        self.put_slot(to, link)?;
        Ok(0)
    }

    /// `capability_move(from_slot, to_slot) → 0`.
    pub(super) fn capability_move(&mut self) -> Result<u64, Refusal> {
        let (from, to) = (self.slot_argument(0)?, self.slot_argument(1)?);
        let link = self.slot(from)?.ok_or(Refusal::Code(NO_CAPABILITY))?;
        if from != to {
            self.clear_slot(from)?;
            self.put_slot(to, link)?;
        }
        Ok(0)
    }

    /// `capability_drop(slot) → 1 if it held something, else 0`.
    pub(super) fn capability_drop(&mut self) -> Result<u64, Refusal> {
        let slot = self.slot_argument(0)?;
        Ok(u64::from(self.clear_slot(slot)?))
    }

    /// `ref_mint(from, to_slot, rights, with_badge, badge32) → 0`.
    pub(super) fn ref_mint(&mut self) -> Result<u64, Refusal> {
        let (from, to, rights) = (self.argument(0)?, self.slot_argument(1)?, self.argument(2)?);
        let (with_badge, badge) = (self.flag_argument(3)?, self.argument(4)?);
        let rights = u8::try_from(rights).ok().filter(|rights| (1..=ALL_RIGHTS).contains(rights));
        let rights = rights.ok_or(Refusal::Code(BAD_ARGUMENT))?;
        let badge = if with_badge { Some(self.read_badge(badge)?) } else { None };
        let link = self.keepable(from)?;
        let source = self.reference(&link)?;
        let may_badge = badge.is_none() || source.allows(RIGHT_MANAGE);
        if !source.allows(rights) || !may_badge {
            return Err(Refusal::Code(NO_RIGHT));
        }
        let badge = badge.unwrap_or(source.badge);
        self.put_slot(to, Link::new(Ref { instance: source.instance, rights, badge }))?;
        Ok(0)
    }

    /// The capability a selector names: an own slot, or one that was passed. A slot pays as storage does.
    pub(super) fn capability(&mut self, selector: u64) -> Result<Link, Refusal> {
        if let Some(index) = selector.checked_sub(PASSED) {
            let frame = self.frames.last_mut().ok_or_else(no_frame)?;
            let link = frame.origin.passed.get(index, self.world.runtime)?;
            return link.ok_or(Refusal::Code(NO_CAPABILITY));
        }
        let slot = u8::try_from(selector).map_err(|_| Refusal::Code(BAD_ARGUMENT))?;
        self.slot(slot)?.ok_or(Refusal::Code(NO_CAPABILITY))
    }

    /// The capability a selector names, to be kept: a passed Ref needs the right to grant.
    pub(super) fn keepable(&mut self, selector: u64) -> Result<Link, Refusal> {
        let link = self.capability(selector)?;
        if selector >= PASSED {
            self.check_grant(&link)?;
        }
        Ok(link)
    }

    /// A Ref that is handed on must carry the right to grant; other capabilities may be handed on.
    pub(super) fn check_grant(&mut self, link: &Link) -> Result<(), Refusal> {
        match self.world.runtime.reference(link)? {
            Some(reference) if !reference.allows(RIGHT_GRANT) => Err(Refusal::Code(NO_RIGHT)),
            _ => Ok(()),
        }
    }

    /// The Ref a capability is.
    pub(super) fn reference(&mut self, link: &Link) -> Result<Ref, Refusal> {
        self.world.runtime.reference(link)?.ok_or(Refusal::Code(NO_CAPABILITY))
    }

    /// The Ref a selector names, if it carries the right.
    pub(super) fn reference_with(&mut self, selector: u64, right: u8) -> Result<Ref, Refusal> {
        let link = self.capability(selector)?;
        let reference = self.reference(&link)?;
        if reference.allows(right) { Ok(reference) } else { Err(Refusal::Code(NO_RIGHT)) }
    }

    /// What a slot holds; pays as a storage operation.
    pub(super) fn slot(&mut self, slot: u8) -> Result<Option<Link>, Stop> {
        self.charge(self.world.params.gas.storage)?;
        let cnode = self.cnode()?;
        let lookup = cnode.get(&Key::slot(slot), self.world.runtime)?;
        self.charge_nodes(lookup.nodes)?;
        Ok(lookup.value)
    }

    /// Places a capability in a slot, in place of what was there; pays as a storage operation. Placing what is
    /// there already changes nothing.
    pub(super) fn put_slot(&mut self, slot: u8, link: Link) -> Result<(), Refusal> {
        self.charge(self.world.params.gas.storage)?;
        let mut cnode = self.cnode()?;
        let put = cnode.insert(&Key::slot(slot), link.clone(), self.world.runtime)?;
        let change = put.map_err(refusal)?;
        self.charge_nodes(change.nodes)?;
        match change.previous {
            Some(previous) if previous.is_same(&link) => return Ok(()),
            Some(previous) => self.world.runtime.drops.push(previous),
            None => self.grow(1, 0)?,
        }
        Ok(self.set_cnode(cnode)?)
    }

    /// Empties a slot; gives whether it held something. Pays as a storage operation.
    fn clear_slot(&mut self, slot: u8) -> Result<bool, Stop> {
        self.charge(self.world.params.gas.storage)?;
        let mut cnode = self.cnode()?;
        let change = cnode.remove(&Key::slot(slot), self.world.runtime)?;
        self.charge_nodes(change.nodes)?;
        let Some(previous) = change.previous else { return Ok(false) };
        self.world.runtime.drops.push(previous);
        self.set_cnode(cnode)?;
        self.grow(-1, 0)?;
        Ok(true)
    }

    /// Argument `index` as a slot's number.
    pub(super) fn slot_argument(&mut self, index: usize) -> Result<u8, Refusal> {
        u8::try_from(self.argument(index)?).map_err(|_| Refusal::Code(BAD_ARGUMENT))
    }

    /// Argument `index` as a flag, 0 or 1.
    pub(super) fn flag_argument(&mut self, index: usize) -> Result<bool, Refusal> {
        match self.argument(index)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Refusal::Code(BAD_ARGUMENT)),
        }
    }

    /// The badge at an address.
    pub(super) fn read_badge(&mut self, address: u64) -> Result<Badge, Stop> {
        let mut badge = Badge::default();
        badge.0.copy_from_slice(&self.read(address, 32)?);
        Ok(badge)
    }
}
