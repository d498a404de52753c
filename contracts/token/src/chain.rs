//! The ledger in the contract's storage, and events.

use nub_sdk::storage;

use crate::ledger::{Ledger, OWNER_KEY};
use crate::token::{Account, Error};

/// The topic of a transfer's event.
pub const TRANSFER_TOPIC: [u8; 32] = topic(b"token.transfer");
/// The topic of a mint's event.
pub const MINT_TOPIC: [u8; 32] = topic(b"token.mint");

/// The contract's storage.
pub struct Chain;

impl Ledger for Chain {
    fn amount(&self, key: &[u8]) -> Result<u128, Error> {
        let octets = storage::get_array(key).map_err(|_| Error::Storage)?;
        Ok(octets.map_or(0, u128::from_le_bytes))
    }

    fn set_amount(&mut self, key: &[u8], amount: u128) -> Result<(), Error> {
        let done = match amount {
            0 => storage::remove(key).map(drop),
            _ => storage::put(key, &amount.to_le_bytes()),
        };
        done.map_err(|_| Error::Storage)
    }

    fn owner(&self) -> Result<Option<Account>, Error> {
        storage::get_array(OWNER_KEY).map_err(|_| Error::Storage)
    }

    fn set_owner(&mut self, owner: &Account) -> Result<(), Error> {
        storage::put(OWNER_KEY, owner).map_err(|_| Error::Storage)
    }
}

/// Emits `from: 32 ‖ to: 32 ‖ amount: u128`.
pub fn announce(topic: &[u8; 32], from: &Account, to: &Account, amount: u128) -> Result<(), Error> {
    let mut data = [0; 80];
    data[..32].copy_from_slice(from);
    data[32..64].copy_from_slice(to);
    data[64..].copy_from_slice(&amount.to_le_bytes());
    nub_sdk::emit(topic, &data).map_err(|_| Error::Storage)
}

/// The octets of a name, then zeros.
const fn topic(name: &[u8]) -> [u8; 32] {
    let mut topic = [0; 32];
    topic.split_at_mut(name.len()).0.copy_from_slice(name);
    topic
}
