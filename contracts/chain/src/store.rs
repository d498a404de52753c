//! The ledger in the contract's storage.

use nub_sdk::storage;

use crate::bank::{Account, Error};
use crate::ledger::{Entry, GOVERNOR_KEY, Ledger};

/// The contract's storage.
pub struct Store;

impl Ledger for Store {
    fn entry(&self, account: &Account) -> Result<Option<Entry>, Error> {
        let octets = storage::get_array::<16>(account).map_err(|_| Error::Storage)?;
        Ok(octets.map(|octets| {
            let (mut balance, mut nonce) = ([0; 8], [0; 8]);
            balance.copy_from_slice(&octets[..8]);
            nonce.copy_from_slice(&octets[8..]);
            Entry { balance: u64::from_le_bytes(balance), nonce: u64::from_le_bytes(nonce) }
        }))
    }

    fn set_entry(&mut self, account: &Account, entry: Entry) -> Result<(), Error> {
        let mut octets = [0; 16];
        octets[..8].copy_from_slice(&entry.balance.to_le_bytes());
        octets[8..].copy_from_slice(&entry.nonce.to_le_bytes());
        storage::put(account, &octets).map_err(|_| Error::Storage)
    }

    fn number(&self, key: &[u8]) -> Result<u64, Error> {
        let octets = storage::get_array(key).map_err(|_| Error::Storage)?;
        Ok(octets.map_or(0, u64::from_le_bytes))
    }

    fn set_number(&mut self, key: &[u8], number: u64) -> Result<(), Error> {
        let done = match number {
            0 => storage::remove(key).map(drop),
            _ => storage::put(key, &number.to_le_bytes()),
        };
        done.map_err(|_| Error::Storage)
    }

    fn governor(&self) -> Result<Option<Account>, Error> {
        storage::get_array(GOVERNOR_KEY).map_err(|_| Error::Storage)
    }
}
