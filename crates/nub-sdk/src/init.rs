//! Initialisation: once, and by nobody but who may.
//!
//! An Instance is made first and called after that; an `init` that asks nothing belongs to whoever is quicker. A
//! function marked `#[init]` in place of `#[endpoint]` is an endpoint that runs once in the Instance's life, and for:
//!
//! - **its creator**, and whoever else may manage the Instance: it calls through a Ref with a badge that only they can
//!   mint ([`as_creator`]). The deployer does, in the event that makes the Instance, with its own caller's badge as the
//!   first argument;
//! - of an Instance that genesis made, **the address that genesis names**: 32 octets in its storage, under [`KEY`].
//!
//! Under everything else that could be tried it reverts, with a message of [`InitError`].

use crate::{
    Badge, CapabilityError, InstanceId, Output, Rights, Selector, badge, blake2b, capability, storage,
};

/// Where storage has, in 32 octets, who may initialise the Instance; in one octet, that it was initialised. No field
/// of a `#[storage]` struct has keys that begin with a zero.
pub const KEY: &[u8] = b"\0init";
/// What storage has from then on.
const DONE: &[u8] = &[1];
/// What a creator's badge is the hash of, before the Instance's id.
const DOMAIN: &[u8; 11] = b"nub/creator";

/// Why an Instance is not initialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitError {
    /// It was, before.
    Done,
    /// Neither does its creator call, nor whom genesis names.
    NotAllowed,
}

impl InitError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Done => "init: already initialised",
            Self::NotAllowed => "init: only for who made the instance, or whom genesis names",
        }
    }
}

impl Output for InitError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// The badge by which an Instance knows its creator: the hash of a name and the Instance's id. No key hashes to it, so it
/// is no event's origin where a Chain Instance checks origins; elsewhere whoever makes blocks vouches for them. Minting a
/// Ref with it takes the right to manage the Instance.
pub fn creator_badge(id: &InstanceId) -> Badge {
    let mut octets = [0; DOMAIN.len() + 32];
    let (domain, rest) = octets.split_at_mut(DOMAIN.len());
    domain.copy_from_slice(DOMAIN);
    rest.copy_from_slice(id);
    blake2b(&octets)
}

/// Places a Ref into `to_slot` by which its creator calls the `#[init]` of the Instance `id`; gives the selector of that.
/// `from` names a Ref to it with all rights, as [`instance_create`](crate::instance_create) gives. The two slots may be
/// one.
///
/// # Errors
/// [`CapabilityError`].
pub fn as_creator(from: Selector, to_slot: u8, id: &InstanceId) -> Result<Selector, CapabilityError> {
    let rights = Rights::CALL.and(Rights::GRANT).and(Rights::MANAGE);
    capability::mint(from, to_slot, rights, Some(&creator_badge(id)))?;
    Ok(Selector::slot(to_slot))
}

/// Notes that the Instance is initialised by this call. What `#[init]` begins with.
///
/// # Errors
/// [`InitError`].
pub fn begin() -> Result<(), InitError> {
    let mut named = [0; 32];
    let allowed = match storage::get(KEY, &mut named) {
        Ok(None) => creator_badge(&crate::self_id()),
        Ok(Some(32)) => named,
        _ => return Err(InitError::Done),
    };
    if badge() != allowed {
        return Err(InitError::NotAllowed);
    }
    // The key and the value are of lengths that storage takes.
    storage::put(KEY, DONE).map_err(|_| InitError::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock;

    const ALICE: Badge = [1; 32];

    #[test]
    fn only_its_creator_initialises_an_instance_and_once() {
        for badge in [ALICE, [0; 32], crate::self_id()] {
            mock::set_badge(badge);
            assert_eq!(begin(), Err(InitError::NotAllowed));
        }
        mock::set_badge(creator_badge(&[9; 32]));
        assert_eq!(begin(), Err(InitError::NotAllowed), "the creator of another");
        mock::set_badge(creator_badge(&crate::self_id()));
        assert_eq!((begin(), begin()), (Ok(()), Err(InitError::Done)));
    }

    #[test]
    fn genesis_names_who_may() {
        mock::with(|environment| environment.storage.insert(KEY.to_vec(), ALICE.to_vec()));
        mock::set_badge(creator_badge(&crate::self_id()));
        assert_eq!(begin(), Err(InitError::NotAllowed));
        mock::set_badge(ALICE);
        assert_eq!((begin(), begin()), (Ok(()), Err(InitError::Done)));
    }

    #[test]
    fn a_creators_ref_has_the_badge() {
        let id = [7; 32];
        let made = mock::Capability::Ref { instance: id, rights: 7, badge: ALICE };
        mock::with(|environment| environment.slots.insert(2, made));
        assert_eq!(as_creator(Selector::slot(2), 2, &id), Ok(Selector::slot(2)));
        let expected = mock::Capability::Ref { instance: id, rights: 7, badge: creator_badge(&id) };
        assert_eq!(mock::with(|environment| environment.slots[&2].clone()), expected);
        let lent = mock::Capability::Ref { instance: id, rights: 1, badge: ALICE };
        mock::with(|environment| environment.slots.insert(2, lent));
        assert_eq!(as_creator(Selector::slot(2), 3, &id), Err(CapabilityError::NoRight));
    }
}
