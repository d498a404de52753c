//! What is kept where.
//!
//! A balance is kept under its account, 32 octets; supply and owner under `supply` and `owner`, 6 and 5. Keys of
//! different lengths differ, so no account can name anything but a balance.

use crate::token::{Account, Error};

/// The key of the supply.
pub const SUPPLY_KEY: &[u8; 6] = b"supply";
/// The key of the owner.
pub const OWNER_KEY: &[u8; 5] = b"owner";

/// Values by key. An amount that is not there is 0, and 0 is never there.
pub trait Ledger {
    /// The amount under `key`, 0 if none.
    ///
    /// # Errors
    /// [`Error::Storage`].
    fn amount(&self, key: &[u8]) -> Result<u128, Error>;

    /// Puts an amount; 0 removes the key.
    ///
    /// # Errors
    /// [`Error::Storage`].
    fn set_amount(&mut self, key: &[u8], amount: u128) -> Result<(), Error>;

    /// The owner, if there is one.
    ///
    /// # Errors
    /// [`Error::Storage`].
    fn owner(&self) -> Result<Option<Account>, Error>;

    /// Puts the owner.
    ///
    /// # Errors
    /// [`Error::Storage`].
    fn set_owner(&mut self, owner: &Account) -> Result<(), Error>;
}
