//! A fungible token: one supply, balances by account, minting by its owner.
//!
//! An account is a badge: 32 octets by which the kernel vouches for who calls. `README.md` has the endpoints'
//! formats.
//!
//! The balances sum to the supply, so no balance can overflow where the supply does not. An amount of 0 is an amount
//! like any other: it changes nothing and is announced. A transfer to oneself needs the balance and changes nothing.

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

use nub_sdk::{Address, CounterMap, Error, Event, Value, badge, contract, storage};

#[cfg(test)]
mod tests;

/// What is kept: each balance under its account, and no other key has 32 octets.
#[storage]
struct Token {
    owner: Value<Address>,
    supply: Value<u128>,
    #[raw]
    balances: CounterMap<Address, u128>,
}

/// Units were made.
#[derive(Event)]
#[event(topic = "token.mint")]
struct Mint<'a> {
    /// Zeros: nobody had them.
    from: &'a Address,
    to: &'a Address,
    amount: u128,
}

/// Units went from one account to another.
#[derive(Event)]
#[event(topic = "token.transfer")]
struct Transfer<'a> {
    from: &'a Address,
    to: &'a Address,
    amount: u128,
}

/// Why the token refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum TokenError {
    #[message("token: already initialised")]
    AlreadyInitialised,
    #[message("token: not initialised")]
    NotInitialised,
    #[message("token: only the owner may mint")]
    NotOwner,
    #[message("token: the supply would overflow")]
    SupplyOverflow,
    #[message("token: insufficient balance")]
    InsufficientBalance,
}

#[contract]
impl Token {
    /// Makes `owner` the one who may mint, and gives it the first supply. The first call decides.
    #[endpoint]
    fn init(&mut self, owner: &Address, supply: u128) -> Result<(), TokenError> {
        if self.owner.exists() {
            return Err(TokenError::AlreadyInitialised);
        }
        self.owner.set(owner);
        if supply != 0 {
            self.supply.set(&supply);
        }
        self.balances.set(owner, supply);
        Mint { from: &[0; 32], to: owner, amount: supply }.emit();
        Ok(())
    }

    /// Makes `amount` more, held by `to`. By the owner.
    #[endpoint]
    fn mint(&mut self, to: &Address, amount: u128) -> Result<(), TokenError> {
        match self.owner.get() {
            None => return Err(TokenError::NotInitialised),
            Some(owner) if owner != badge() => return Err(TokenError::NotOwner),
            Some(_) => {}
        }
        if amount != 0 {
            let supply = self.total_supply().checked_add(amount).ok_or(TokenError::SupplyOverflow)?;
            self.supply.set(&supply);
            self.credit(to, amount)?;
        }
        Mint { from: &[0; 32], to, amount }.emit();
        Ok(())
    }

    /// Moves `amount` from the caller to another account.
    #[endpoint]
    fn transfer(&mut self, to: &Address, amount: u128) -> Result<(), TokenError> {
        let from = &badge();
        let left = self.balances.get(from).checked_sub(amount).ok_or(TokenError::InsufficientBalance)?;
        if from != to && amount != 0 {
            self.balances.set(from, left);
            self.credit(to, amount)?;
        }
        Transfer { from, to, amount }.emit();
        Ok(())
    }

    /// What an account holds.
    #[endpoint]
    fn balance_of(&self, account: &Address) -> u128 {
        self.balances.get(account)
    }

    /// What all accounts hold.
    #[endpoint]
    fn total_supply(&self) -> u128 {
        self.supply.get_or_default()
    }

    fn credit(&mut self, to: &Address, amount: u128) -> Result<(), TokenError> {
        let balance = self.balances.get(to).checked_add(amount).ok_or(TokenError::SupplyOverflow)?;
        self.balances.set(to, balance);
        Ok(())
    }
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
