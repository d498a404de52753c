//! The token as others call it: `token_interface::TokenRef`. A contract that calls tokens depends on this package and has
//! no list of endpoints of its own; a test compares it with the contract.

#![no_std]
#![forbid(unsafe_code)]

use nub_sdk::{Address, interface};

/// A fungible token. `README.md` has what its endpoints do.
#[interface]
pub trait Token {
    /// Makes `owner` the one who may mint, and gives it the first supply.
    #[init]
    fn init(&mut self, owner: &Address, supply: u128);
    /// Makes `amount` more, held by `to`. By the owner.
    #[endpoint]
    fn mint(&mut self, to: &Address, amount: u128);
    /// Moves `amount` from the caller to another account.
    #[endpoint]
    fn transfer(&mut self, to: &Address, amount: u128);
    /// What an account holds.
    #[endpoint]
    fn balance_of(&self, account: &Address) -> u128;
    /// What all accounts hold.
    #[endpoint]
    fn total_supply(&self) -> u128;
    /// Lets `spender` take `amount` from the caller's account, no longer what it could take before.
    #[endpoint]
    fn approve(&mut self, spender: &Address, amount: u128);
    /// Moves `amount` from an account that lets the caller take that to another.
    #[endpoint]
    fn transfer_from(&mut self, from: &Address, to: &Address, amount: u128);
    /// What an account still lets another take.
    #[endpoint]
    fn allowance(&self, owner: &Address, spender: &Address) -> u128;
}
