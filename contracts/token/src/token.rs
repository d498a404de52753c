//! The rules.
//!
//! The balances sum to the supply, so no balance can overflow where the supply does not. An amount of 0 is an
//! amount like any other: it changes nothing and is announced. A transfer to oneself needs the balance and
//! changes nothing.

use crate::ledger::{Ledger, SUPPLY_KEY};

/// Who holds: the badge a caller comes with.
pub type Account = [u8; 32];

/// Why the token refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// `init` was called before.
    AlreadyInitialised,
    /// `init` was not called yet.
    NotInitialised,
    /// Only the owner mints.
    NotOwner,
    /// The supply would exceed 2¹²⁸ − 1.
    SupplyOverflow,
    /// The sender has less than the amount.
    InsufficientBalance,
    /// Storage or the log refused, or holds what this contract did not put there.
    Storage,
}

impl Error {
    /// The message of the revert.
    pub const fn message(self) -> &'static str {
        match self {
            Self::AlreadyInitialised => "token: already initialised",
            Self::NotInitialised => "token: not initialised",
            Self::NotOwner => "token: only the owner may mint",
            Self::SupplyOverflow => "token: the supply would overflow",
            Self::InsufficientBalance => "token: insufficient balance",
            Self::Storage => "token: storage failed",
        }
    }
}

/// A token kept in a ledger.
pub struct Token<L>(pub L);

impl<L: Ledger> Token<L> {
    /// Makes `owner` the one who may mint, and gives it the first supply.
    ///
    /// # Errors
    /// [`Error::AlreadyInitialised`].
    pub fn init(&mut self, owner: &Account, supply: u128) -> Result<(), Error> {
        if self.0.owner()?.is_some() {
            return Err(Error::AlreadyInitialised);
        }
        self.0.set_owner(owner)?;
        self.0.set_amount(SUPPLY_KEY, supply)?;
        self.0.set_amount(owner, supply)
    }

    /// Makes `amount` more, held by `to`.
    ///
    /// # Errors
    /// [`Error::NotInitialised`], [`Error::NotOwner`], [`Error::SupplyOverflow`].
    pub fn mint(&mut self, caller: &Account, to: &Account, amount: u128) -> Result<(), Error> {
        match self.0.owner()? {
            None => return Err(Error::NotInitialised),
            Some(owner) if owner != *caller => return Err(Error::NotOwner),
            Some(_) => {}
        }
        let supply = self.0.amount(SUPPLY_KEY)?.checked_add(amount).ok_or(Error::SupplyOverflow)?;
        self.0.set_amount(SUPPLY_KEY, supply)?;
        self.credit(to, amount)
    }

    /// Moves `amount` from one account to another.
    ///
    /// # Errors
    /// [`Error::InsufficientBalance`].
    pub fn transfer(&mut self, from: &Account, to: &Account, amount: u128) -> Result<(), Error> {
        let left = self.0.amount(from)?.checked_sub(amount).ok_or(Error::InsufficientBalance)?;
        if from == to || amount == 0 {
            return Ok(());
        }
        self.0.set_amount(from, left)?;
        self.credit(to, amount)
    }

    /// What an account holds.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn balance_of(&self, account: &Account) -> Result<u128, Error> {
        self.0.amount(account)
    }

    /// What all accounts hold.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn total_supply(&self) -> Result<u128, Error> {
        self.0.amount(SUPPLY_KEY)
    }

    fn credit(&mut self, to: &Account, amount: u128) -> Result<(), Error> {
        let balance = self.0.amount(to)?.checked_add(amount).ok_or(Error::SupplyOverflow)?;
        self.0.set_amount(to, balance)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ledger::OWNER_KEY;

    const ALICE: Account = [1; 32];
    const BOB: Account = [2; 32];

    #[derive(Default)]
    struct Memory(BTreeMap<Vec<u8>, Vec<u8>>);

    impl Ledger for Memory {
        fn amount(&self, key: &[u8]) -> Result<u128, Error> {
            let value = self.0.get(key).map(|value| value[..].try_into().unwrap());
            Ok(value.map_or(0, u128::from_le_bytes))
        }

        fn set_amount(&mut self, key: &[u8], amount: u128) -> Result<(), Error> {
            match amount {
                0 => self.0.remove(key),
                _ => self.0.insert(key.to_vec(), amount.to_le_bytes().to_vec()),
            };
            Ok(())
        }

        fn owner(&self) -> Result<Option<Account>, Error> {
            Ok(self.0.get(&OWNER_KEY[..]).map(|value| value[..].try_into().unwrap()))
        }

        fn set_owner(&mut self, owner: &Account) -> Result<(), Error> {
            self.0.insert(OWNER_KEY.to_vec(), owner.to_vec());
            Ok(())
        }
    }

    fn token() -> Token<Memory> {
        let mut token = Token(Memory::default());
        token.init(&ALICE, 100).unwrap();
        token
    }

    #[test]
    fn it_is_initialised_once() {
        let mut token = token();
        assert_eq!(token.init(&BOB, 1), Err(Error::AlreadyInitialised));
        assert_eq!((token.balance_of(&ALICE), token.total_supply()), (Ok(100), Ok(100)));
    }

    #[test]
    fn only_the_owner_mints() {
        let mut token = token();
        assert_eq!(token.mint(&BOB, &BOB, 1), Err(Error::NotOwner));
        token.mint(&ALICE, &BOB, 7).unwrap();
        assert_eq!((token.balance_of(&BOB), token.total_supply()), (Ok(7), Ok(107)));
        let mut fresh = Token(Memory::default());
        assert_eq!(fresh.mint(&ALICE, &ALICE, 1), Err(Error::NotInitialised));
    }

    #[test]
    fn the_supply_does_not_overflow() {
        let mut token = token();
        token.mint(&ALICE, &BOB, u128::MAX - 100).unwrap();
        assert_eq!(token.mint(&ALICE, &BOB, 1), Err(Error::SupplyOverflow));
        assert_eq!(token.total_supply(), Ok(u128::MAX));
        token.transfer(&ALICE, &BOB, 100).unwrap();
        assert_eq!(token.balance_of(&BOB), Ok(u128::MAX));
    }

    #[test]
    fn a_transfer_moves_what_there_is() {
        let mut token = token();
        token.transfer(&ALICE, &BOB, 60).unwrap();
        assert_eq!((token.balance_of(&ALICE), token.balance_of(&BOB)), (Ok(40), Ok(60)));
        assert_eq!(token.transfer(&ALICE, &BOB, 41), Err(Error::InsufficientBalance));
        assert_eq!(token.transfer(&[3; 32], &BOB, 1), Err(Error::InsufficientBalance));
        token.transfer(&ALICE, &BOB, 40).unwrap();
        assert!(!token.0.0.contains_key(&ALICE[..]), "an empty account keeps no key");
    }

    #[test]
    fn a_transfer_to_oneself_changes_nothing() {
        let mut token = token();
        token.transfer(&ALICE, &ALICE, 100).unwrap();
        assert_eq!(token.balance_of(&ALICE), Ok(100));
        assert_eq!(token.transfer(&ALICE, &ALICE, 101), Err(Error::InsufficientBalance));
    }

    #[test]
    fn zero_is_an_amount_that_changes_nothing() {
        let mut token = token();
        let before = token.0.0.clone();
        token.transfer(&[3; 32], &BOB, 0).unwrap();
        token.mint(&ALICE, &BOB, 0).unwrap();
        assert_eq!(token.0.0, before);
    }
}
