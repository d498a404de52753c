//! A fungible token: one supply, balances by account, allowances, minting by its owner.
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
    /// What an account, the first, lets another take.
    allowances: CounterMap<(Address, Address), u128>,
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

/// An account lets another take so much, in place of what it let it take before.
#[derive(Event)]
#[event(topic = "token.approval")]
struct Approval<'a> {
    owner: &'a Address,
    spender: &'a Address,
    amount: u128,
}

/// Why the token refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum TokenError {
    #[message("token: not initialised")]
    NotInitialised,
    #[message("token: only the owner may mint")]
    NotOwner,
    #[message("token: the supply would overflow")]
    SupplyOverflow,
    #[message("token: insufficient balance")]
    InsufficientBalance,
    #[message("token: insufficient allowance")]
    InsufficientAllowance,
}

#[contract]
impl Token {
    /// Makes `owner` the one who may mint, and gives it the first supply.
    #[init]
    fn init(&mut self, owner: &Address, supply: u128) {
        self.owner.set(owner);
        if supply != 0 {
            self.supply.set(&supply);
        }
        self.balances.set(owner, supply);
        Mint { from: &[0; 32], to: owner, amount: supply }.emit();
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
        self.pay(&badge(), to, amount)
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

    /// Lets `spender` take `amount` from the caller's account, no longer what it could take before.
    #[endpoint]
    fn approve(&mut self, spender: &Address, amount: u128) {
        let owner = badge();
        self.allowances.set(&(owner, *spender), amount);
        Approval { owner: &owner, spender, amount }.emit();
    }

    /// Moves `amount` from an account that lets the caller take that to another.
    #[endpoint]
    fn transfer_from(&mut self, from: &Address, to: &Address, amount: u128) -> Result<(), TokenError> {
        let allowance = (*from, badge());
        self.allowances.sub(&allowance, amount).map_err(|_| TokenError::InsufficientAllowance)?;
        self.pay(from, to, amount)
    }

    /// What an account still lets another take.
    #[endpoint]
    fn allowance(&self, owner: &Address, spender: &Address) -> u128 {
        self.allowances.get(&(*owner, *spender))
    }

    fn pay(&mut self, from: &Address, to: &Address, amount: u128) -> Result<(), TokenError> {
        let left = self.balances.get(from).checked_sub(amount).ok_or(TokenError::InsufficientBalance)?;
        if from != to && amount != 0 {
            self.balances.set(from, left);
            self.credit(to, amount)?;
        }
        Transfer { from, to, amount }.emit();
        Ok(())
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
