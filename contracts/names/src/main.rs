//! A name registry: names belong to who registers them, for a term. `README.md` has the endpoints.
//!
//! A term is counted by the blocks' timestamps, in milliseconds. When it is over, the name resolves to nothing; for a
//! while longer only its owner can renew it; then it is anybody's.

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

use nub_sdk::{Address, Error, Event, Map, Scale, badge, block_context, contract, storage};

#[cfg(test)]
mod tests;

/// The shortest and the longest name in octets. The longest fits a key that can be listed.
const NAME_BYTES_MIN: usize = 3;
const NAME_BYTES_MAX: usize = 24;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// What one registers, and adds by renewing.
const TERM_MS: u64 = 365 * DAY_MS;
/// How far ahead a name can be renewed.
const AHEAD_MS_MAX: u64 = 10 * TERM_MS;
/// How long a name is kept for its owner after its term.
const GRACE_MS: u64 = 30 * DAY_MS;

/// A name's octets, then zeros.
type Name = [u8; NAME_BYTES_MAX];

#[storage]
struct Names {
    #[key = "name:"]
    entries: Map<Name, Entry>,
}

/// Whose a name is, what it means, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Scale)]
struct Entry {
    owner: Address,
    target: [u8; 32],
    /// The timestamp from which on it means nothing.
    expires_ms: u64,
}

/// A name was registered.
#[derive(Event)]
#[event(topic = "names.registered")]
struct Registered {
    name: Name,
    owner: Address,
    expires_ms: u64,
}

/// A name's term is longer.
#[derive(Event)]
#[event(topic = "names.renewed")]
struct Renewed {
    name: Name,
    expires_ms: u64,
}

/// A name has another owner.
#[derive(Event)]
#[event(topic = "names.transferred")]
struct Transferred {
    name: Name,
    from: Address,
    to: Address,
}

/// A name means something else.
#[derive(Event)]
#[event(topic = "names.changed")]
struct Changed {
    name: Name,
    target: [u8; 32],
}

/// Why the registry refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum NamesError {
    #[message("names: 3 to 24 of a-z, 0-9 and -, which is neither first nor last")]
    BadName,
    #[message("names: taken")]
    Taken,
    #[message("names: not yours")]
    NotYours,
    #[message("names: expired; renew it first")]
    Expired,
    #[message("names: renewed too far ahead")]
    TooFarAhead,
}

#[contract]
impl Names {
    /// Registers a free name for the caller, for a term from now. Gives the end of the term.
    #[endpoint]
    fn register(&mut self, name: &str, target: &[u8; 32]) -> Result<u64, NamesError> {
        let name = key(name)?;
        if self.entries.get(&name).is_some_and(|entry| now_ms() < entry.expires_ms.saturating_add(GRACE_MS)) {
            return Err(NamesError::Taken);
        }
        let (owner, expires_ms) = (badge(), now_ms().saturating_add(TERM_MS));
        self.entries.insert(&name, &Entry { owner, target: *target, expires_ms });
        Registered { name, owner, expires_ms }.emit();
        Ok(expires_ms)
    }

    /// Adds a term to the caller's name, to its end. Gives the new one.
    #[endpoint]
    fn renew(&mut self, name: &str) -> Result<u64, NamesError> {
        let (name, entry) = self.owned(name)?;
        let expires_ms = entry.expires_ms.saturating_add(TERM_MS);
        if expires_ms > now_ms().saturating_add(AHEAD_MS_MAX) {
            return Err(NamesError::TooFarAhead);
        }
        self.entries.insert(&name, &Entry { expires_ms, ..entry });
        Renewed { name, expires_ms }.emit();
        Ok(expires_ms)
    }

    /// Gives the caller's name to another.
    #[endpoint]
    fn transfer(&mut self, name: &str, to: &Address) -> Result<(), NamesError> {
        let (name, entry) = self.current(name)?;
        self.entries.insert(&name, &Entry { owner: *to, ..entry });
        Transferred { name, from: entry.owner, to: *to }.emit();
        Ok(())
    }

    /// Says what the caller's name means from now on.
    #[endpoint]
    fn change(&mut self, name: &str, target: &[u8; 32]) -> Result<(), NamesError> {
        let (name, entry) = self.current(name)?;
        self.entries.insert(&name, &Entry { target: *target, ..entry });
        Changed { name, target: *target }.emit();
        Ok(())
    }

    /// What a name means now.
    #[endpoint]
    fn resolve(&self, name: &str) -> Result<Option<[u8; 32]>, NamesError> {
        let entry = self.entries.get(&key(name)?);
        Ok(entry.filter(|entry| now_ms() < entry.expires_ms).map(|entry| entry.target))
    }

    /// Whose a name is, what it means and until when, also after its term.
    #[endpoint]
    fn entry(&self, name: &str) -> Result<Option<Entry>, NamesError> {
        Ok(self.entries.get(&key(name)?))
    }

    /// The caller's name, its term over or not.
    fn owned(&self, name: &str) -> Result<(Name, Entry), NamesError> {
        let name = key(name)?;
        let entry =
            self.entries.get(&name).filter(|entry| entry.owner == badge()).ok_or(NamesError::NotYours)?;
        Ok((name, entry))
    }

    /// The caller's name, in its term.
    fn current(&self, name: &str) -> Result<(Name, Entry), NamesError> {
        let (name, entry) = self.owned(name)?;
        if now_ms() < entry.expires_ms { Ok((name, entry)) } else { Err(NamesError::Expired) }
    }
}

fn now_ms() -> u64 {
    block_context().timestamp()
}

fn key(name: &str) -> Result<Name, NamesError> {
    let octets = name.as_bytes();
    let allowed = |octet: &u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let edge = |octet: Option<&u8>| octet == Some(&b'-');
    let long_enough = (NAME_BYTES_MIN..=NAME_BYTES_MAX).contains(&octets.len());
    if !long_enough || !octets.iter().all(allowed) || edge(octets.first()) || edge(octets.last()) {
        return Err(NamesError::BadName);
    }
    let mut key = [0; NAME_BYTES_MAX];
    key[..octets.len()].copy_from_slice(octets);
    Ok(key)
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
