//! What is kept where.
//!
//! An account, 32 octets: its [`Entry`]. `price`: units for one gas. `fees`: what was taken. `held`: the gas
//! limit that was paid ahead for the event being run. `governor`: who may change the chain's parameters. No key
//! of these has 32 octets, so no account names one.

use crate::bank::{Account, Error};

/// The key of the price.
pub const PRICE_KEY: &[u8] = b"price";
/// The key of the fees.
pub const FEES_KEY: &[u8] = b"fees";
/// The key of the gas paid ahead.
pub const HELD_KEY: &[u8] = b"held";
/// The key of the governor.
pub const GOVERNOR_KEY: &[u8] = b"governor";

/// An account: what it has, and how many events it sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Units it has.
    pub balance: u64,
    /// The number its next event is signed with.
    pub nonce: u64,
}

/// Values by key.
pub trait Ledger {
    /// An account, if it exists.
    ///
    /// # Errors
    /// [`Error::Storage`].
    fn entry(&self, account: &Account) -> Result<Option<Entry>, Error>;

    /// Puts an account.
    ///
    /// # Errors
    /// [`Error::Storage`].
    fn set_entry(&mut self, account: &Account, entry: Entry) -> Result<(), Error>;

    /// The number under `key`, 0 if there is none.
    ///
    /// # Errors
    /// [`Error::Storage`].
    fn number(&self, key: &[u8]) -> Result<u64, Error>;

    /// Puts a number; 0 removes the key.
    ///
    /// # Errors
    /// [`Error::Storage`].
    fn set_number(&mut self, key: &[u8], number: u64) -> Result<(), Error>;

    /// The governor, if there is one.
    ///
    /// # Errors
    /// [`Error::Storage`].
    fn governor(&self) -> Result<Option<Account>, Error>;
}
