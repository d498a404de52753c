//! Capabilities and what is done with them.

use super::environment::Environment;
use crate::{Badge, InstanceId, code};
use std::vec::Vec;

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capability {
    /// An encoded Image.
    Image(Vec<u8>),
    /// The right to call an Instance.
    Ref {
        /// The Instance.
        instance: InstanceId,
        /// Call 1, grant 2, manage 4.
        rights: u8,
        /// What the callee is told.
        badge: Badge,
    },
    /// Octets.
    Data(Vec<u8>),
}

impl Environment {
    /// Puts into a slot; 0 or a code.
    pub(super) fn place(&mut self, slot: u64, capability: Option<Capability>) -> u64 {
        match (u8::try_from(slot), capability) {
            (Err(_), _) => code::BAD_ARGUMENT,
            (_, None) => code::NO_CAPABILITY,
            (Ok(slot), Some(capability)) => {
                self.slots.insert(slot, capability);
                0
            }
        }
    }

    /// `capability_copy`.
    pub(super) fn copy(&mut self, from: u64, to: u64) -> u64 {
        match self.capability(from).cloned() {
            Some(Capability::Ref { rights, .. }) if from > 255 && rights & 2 == 0 => code::NO_RIGHT,
            found => self.place(to, found),
        }
    }

    /// `capability_move`.
    pub(super) fn move_to(&mut self, from: u64, to: u64) -> u64 {
        let (Ok(slot), true) = (u8::try_from(from), to <= 255) else { return code::BAD_ARGUMENT };
        let found = self.slots.remove(&slot);
        self.place(to, found)
    }

    /// `capability_drop`.
    pub(super) fn discard(&mut self, slot: u64) -> u64 {
        u8::try_from(slot).map_or(code::BAD_ARGUMENT, |slot| self.slots.remove(&slot).is_some().into())
    }

    /// `ref_mint`.
    pub(super) fn mint(&mut self, from: u64, to: u64, wanted: u64, badge: Option<Badge>) -> u64 {
        let found = self.capability(from).cloned();
        let Some(Capability::Ref { instance, rights, badge: own }) = found else {
            return code::NO_CAPABILITY;
        };
        if wanted == 0 || wanted > 7 || to > 255 {
            return code::BAD_ARGUMENT;
        }
        let wanted = wanted as u8;
        if wanted & !rights != 0 || (badge.is_some() && rights & 4 == 0) || (from > 255 && rights & 2 == 0) {
            return code::NO_RIGHT;
        }
        self.place(to, Some(Capability::Ref { instance, rights: wanted, badge: badge.unwrap_or(own) }))
    }

    /// `instance_create`: the new id.
    pub(super) fn create(&mut self, image: u64, to: u64, badge: Badge) -> Result<InstanceId, u64> {
        if image > 255 || to > 255 {
            return Err(code::BAD_ARGUMENT);
        }
        if !matches!(self.capability(image), Some(Capability::Image(_))) {
            return Err(code::NO_CAPABILITY);
        }
        let mut instance = [0xC0; 32];
        instance[..8].copy_from_slice(&self.creations.to_le_bytes());
        self.creations += 1;
        self.place(to, Some(Capability::Ref { instance, rights: 7, badge }));
        Ok(instance)
    }

    /// The octets of a DataCap.
    pub(super) fn data(&self, from: u64) -> Option<&[u8]> {
        match self.capability(from) {
            Some(Capability::Data(octets)) => Some(octets),
            _ => None,
        }
    }

    /// `data_write`.
    pub(super) fn data_write(&mut self, slot: u64, offset: u64, octets: &[u8]) -> u64 {
        let Ok(slot) = u8::try_from(slot) else { return code::BAD_ARGUMENT };
        let Some(Capability::Data(data)) = self.slots.get_mut(&slot) else { return code::NO_CAPABILITY };
        let range = offset as usize..(offset as usize).saturating_add(octets.len());
        match data.get_mut(range) {
            Some(place) => {
                place.copy_from_slice(octets);
                0
            }
            None => code::TOO_LONG,
        }
    }
}
