//! A wallet of several owners: what enough of them have signed happens, once. `README.md` has the formats.
//!
//! - What is signed names the chain, the wallet, a number used once and the whole action. So a signature is good for
//!   one action of one wallet on one chain, at one time.
//! - An action that fails undoes everything, the number included: what was signed can be sent again.
//! - Whoever sends the event needs no right; only signatures count.

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

use nub_sdk::alloc::vec::Vec;
use nub_sdk::codec::encode;
use nub_sdk::{
    CallError, Error, Event, Scale, Selector, Value, block_context, call, contract, output_read, storage,
};
use signatures::{Key, Signature};

#[cfg(test)]
mod tests;

/// The most owners.
const OWNERS_MAX: usize = 16;
/// What the hash that is signed begins with.
const DOMAIN: &[u8; 16] = b"nub/multisig/v1\0";

#[storage]
struct Multisig {
    owners: Value<Owners>,
    nonce: Value<u64>,
}

/// Who decides, and how many of them it takes.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
struct Owners {
    keys: Vec<Key>,
    threshold: u32,
}

/// What owners can sign.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
enum Action {
    /// Calls through the Ref in a slot of the wallet.
    Call { slot: u8, endpoint: u16, gas: u64, args: Vec<u8> },
    /// Other owners, from now on.
    SetOwners { owners: Owners },
}

/// A signature, and whose: the owner's place among the owners, from 0.
#[derive(Clone, Debug, PartialEq, Eq, Scale)]
struct Approval {
    owner: u32,
    signature: Signature,
}

/// An action was done.
#[derive(Event)]
#[event(topic = "multisig.executed")]
struct Executed {
    nonce: u64,
    hash: [u8; 32],
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum MultisigError {
    #[message("multisig: not initialised")]
    NotInitialised,
    #[message("multisig: 1 to 16 owners, and a threshold from 1 to their number")]
    BadNumbers,
    #[message("multisig: an owner's key is not valid")]
    BadKey,
    #[message("multisig: an owner is named twice")]
    DuplicateOwner,
    #[message("multisig: not enough approvals")]
    TooFewApprovals,
    #[message("multisig: approvals are in the order of the owners, one from each")]
    ApprovalsOutOfOrder,
    #[message("multisig: no such owner")]
    NoSuchOwner,
    #[message("multisig: a signature is not valid")]
    BadSignature,
    #[from]
    Call(CallError),
}

#[contract(heap = 131072, stack = 65536)]
impl Multisig {
    /// Says who the owners are.
    #[init]
    fn init(&mut self, keys: Vec<Key>, threshold: u32) -> Result<(), MultisigError> {
        self.set_owners(&Owners { keys, threshold })
    }

    /// Does what the approvals are for. Gives the output of a call.
    #[endpoint]
    fn execute(&mut self, action: Action, approvals: Vec<Approval>) -> Result<Vec<u8>, MultisigError> {
        let (nonce, hash) = (self.nonce(), self.hash(&action));
        self.check(&hash, &approvals)?;
        self.nonce.set(&(nonce + 1));
        let output = self.act(&action)?;
        Executed { nonce, hash }.emit();
        Ok(output)
    }

    /// The number that the next action is signed with.
    #[endpoint]
    fn nonce(&self) -> u64 {
        self.nonce.get_or_default()
    }

    /// The owners, in order, and the threshold.
    #[endpoint]
    fn owners(&self) -> Result<Owners, MultisigError> {
        self.owners.get().ok_or(MultisigError::NotInitialised)
    }

    /// What is to be signed for an action to be the next.
    #[endpoint]
    fn hash_of(&self, action: Action) -> [u8; 32] {
        self.hash(&action)
    }

    fn hash(&self, action: &Action) -> [u8; 32] {
        let context = (DOMAIN, block_context().chain_id(), nub_sdk::self_id(), self.nonce());
        nub_sdk::blake2b(&encode(&(context, action)))
    }

    fn check(&self, hash: &[u8; 32], approvals: &[Approval]) -> Result<(), MultisigError> {
        let Owners { keys, threshold } = self.owners()?;
        if approvals.len() < threshold as usize {
            return Err(MultisigError::TooFewApprovals);
        }
        if approvals.windows(2).any(|pair| pair[0].owner >= pair[1].owner) {
            return Err(MultisigError::ApprovalsOutOfOrder);
        }
        for Approval { owner, signature } in approvals {
            let key = keys.get(*owner as usize).ok_or(MultisigError::NoSuchOwner)?;
            if !key.verifies(hash, signature) {
                return Err(MultisigError::BadSignature);
            }
        }
        Ok(())
    }

    fn act(&mut self, action: &Action) -> Result<Vec<u8>, MultisigError> {
        match action {
            Action::Call { slot, endpoint, gas, args } => {
                let len_bytes = call(Selector::slot(*slot), *endpoint, args, *gas, &[])?;
                let mut output = nub_sdk::alloc::vec![0; len_bytes];
                output_read(&mut output, 0);
                Ok(output)
            }
            Action::SetOwners { owners } => {
                self.set_owners(owners)?;
                Ok(Vec::new())
            }
        }
    }

    fn set_owners(&mut self, owners: &Owners) -> Result<(), MultisigError> {
        let Owners { keys, threshold } = owners;
        if !(1..=OWNERS_MAX).contains(&keys.len()) || !(1..=keys.len()).contains(&(*threshold as usize)) {
            return Err(MultisigError::BadNumbers);
        }
        if keys.iter().enumerate().any(|(index, key)| keys[..index].contains(key)) {
            return Err(MultisigError::DuplicateOwner);
        }
        if !keys.iter().all(Key::is_valid) {
            return Err(MultisigError::BadKey);
        }
        self.owners.set(owners);
        Ok(())
    }
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
