//! A fungible token: one supply, balances by account, minting by its owner.
//!
//! An account is a badge: 32 octets by which the kernel vouches for who calls. `README.md` has the endpoints'
//! formats.
//!
//! - [`token`]: the rules, over any [`ledger`], tested on the build machine
//! - [`ledger`]: what is kept where
//! - [`chain`]: the ledger in the contract's storage, and events

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

mod chain;
mod ledger;
mod token;

use chain::{Chain, TRANSFER_TOPIC};
use nub_sdk::{Args, ArgsError};
use token::{Error, Token};

nub_sdk::endpoints! {
    0 => init,
    1 => mint,
    2 => transfer,
    3 => balance_of,
    4 => total_supply,
}

/// Why a call reverts.
enum Failure {
    /// The arguments are malformed.
    Args(ArgsError),
    /// The token's rules refuse.
    Token(Error),
}

impl From<ArgsError> for Failure {
    fn from(error: ArgsError) -> Self {
        Self::Args(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Token(error)
    }
}

impl nub_sdk::Output for Failure {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Args(error) => error.message().as_bytes(),
            Self::Token(error) => error.message().as_bytes(),
        }
    }
}

/// `owner: 32 ‖ supply: u128 →`; the first call decides.
fn init(mut args: Args) -> Result<(), Failure> {
    let (owner, supply) = (args.array()?, args.u128()?);
    args.finish()?;
    Token(Chain).init(owner, supply)?;
    Ok(chain::announce(&chain::MINT_TOPIC, &[0; 32], owner, supply)?)
}

/// `to: 32 ‖ amount: u128 →`; by the owner.
fn mint(mut args: Args) -> Result<(), Failure> {
    let (to, amount) = (args.array()?, args.u128()?);
    args.finish()?;
    Token(Chain).mint(&nub_sdk::badge(), to, amount)?;
    Ok(chain::announce(&chain::MINT_TOPIC, &[0; 32], to, amount)?)
}

/// `to: 32 ‖ amount: u128 →`; from the caller.
fn transfer(mut args: Args) -> Result<(), Failure> {
    let (to, amount) = (args.array()?, args.u128()?);
    args.finish()?;
    let from = nub_sdk::badge();
    Token(Chain).transfer(&from, to, amount)?;
    Ok(chain::announce(&TRANSFER_TOPIC, &from, to, amount)?)
}

/// `account: 32 → balance: u128`
fn balance_of(mut args: Args) -> Result<[u8; 16], Failure> {
    let account = args.array()?;
    args.finish()?;
    Ok(Token(Chain).balance_of(account)?.to_le_bytes())
}

/// `→ supply: u128`
fn total_supply(args: Args) -> Result<[u8; 16], Failure> {
    args.finish()?;
    Ok(Token(Chain).total_supply()?.to_le_bytes())
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
