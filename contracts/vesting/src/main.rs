//! Tokens that become their beneficiary's bit by bit, by the blocks' timestamps. `README.md` has the endpoints.
//!
//! - [`schedule`]: how much is whose when

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

mod schedule;
#[cfg(test)]
mod tests;

use nub_sdk::{
    Address, CallError, Error, Event, Map, Selector, Value, badge, block_context, contract, storage,
};
use schedule::Grant;
use token_interface::TokenRef;

/// Slot of the Ref to the token.
const TOKEN: u8 = 1;

#[storage]
struct Vesting {
    /// This contract's own account at the token: the badge of its Ref.
    account: Value<Address>,
    /// How many grants were made.
    count: Value<u64>,
    grants: Map<u64, Grant>,
}

/// A grant was made.
#[derive(Event)]
#[event(topic = "vesting.granted")]
struct Granted {
    id: u64,
    beneficiary: Address,
    amount: u128,
}

/// Vested tokens were paid out.
#[derive(Event)]
#[event(topic = "vesting.released")]
struct Released {
    id: u64,
    amount: u128,
}

/// A grant was revoked, and this much went back.
#[derive(Event)]
#[event(topic = "vesting.revoked")]
struct Revoked {
    id: u64,
    returned: u128,
}

/// Why nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum VestingError {
    #[message("vesting: not initialised")]
    NotInitialised,
    #[message("vesting: an amount above zero, and a cliff within the duration")]
    BadGrant,
    #[message("vesting: no such grant")]
    NoSuchGrant,
    #[message("vesting: nothing to release")]
    NothingVested,
    #[message("vesting: only its grantor revokes a grant")]
    NotGrantor,
    #[message("vesting: the grant cannot be revoked, or was")]
    NotRevocable,
    #[from]
    Token(CallError),
}

#[contract]
impl Vesting {
    /// Says what this contract's account is at the token.
    #[init]
    fn init(&mut self, account: &Address) {
        self.account.set(account);
    }

    /// Takes an amount from the caller, who allowed that, and grants it. Gives the grant's number.
    #[endpoint]
    fn grant(
        &mut self,
        beneficiary: &Address,
        amount: u128,
        start_ms: u64,
        cliff_ms: u64,
        duration_ms: u64,
        revocable: bool,
    ) -> Result<u64, VestingError> {
        let account = self.account.get().ok_or(VestingError::NotInitialised)?;
        if amount == 0 || cliff_ms > duration_ms {
            return Err(VestingError::BadGrant);
        }
        let (grantor, id) = (badge(), self.count.get_or_default());
        token().transfer_from(&grantor, &account, amount)?;
        let beneficiary = *beneficiary;
        let (released, revoked) = (0, false);
        let grant = Grant {
            grantor,
            beneficiary,
            amount,
            released,
            start_ms,
            cliff_ms,
            duration_ms,
            revocable,
            revoked,
        };
        self.grants.insert(&id, &grant);
        self.count.set(&(id + 1));
        Granted { id, beneficiary, amount }.emit();
        Ok(id)
    }

    /// Pays out what has vested, to the beneficiary, whoever asks. Gives the amount.
    #[endpoint]
    fn release(&mut self, id: u64) -> Result<u128, VestingError> {
        let grant = self.existing(id)?;
        let amount = grant.releasable(now_ms());
        if amount == 0 {
            return Err(VestingError::NothingVested);
        }
        self.grants.insert(&id, &Grant { released: grant.released + amount, ..grant });
        token().transfer(&grant.beneficiary, amount)?;
        Released { id, amount }.emit();
        Ok(amount)
    }

    /// Takes back what has not vested; by the grantor. What has vested stays the beneficiary's. Gives the amount.
    #[endpoint]
    fn revoke(&mut self, id: u64) -> Result<u128, VestingError> {
        let grant = self.existing(id)?;
        if grant.grantor != badge() {
            return Err(VestingError::NotGrantor);
        }
        if !grant.revocable || grant.revoked {
            return Err(VestingError::NotRevocable);
        }
        let vested = grant.vested(now_ms());
        let returned = grant.amount - vested;
        self.grants.insert(&id, &Grant { amount: vested, revoked: true, ..grant });
        token().transfer(&grant.grantor, returned)?;
        Revoked { id, returned }.emit();
        Ok(returned)
    }

    /// A grant.
    #[endpoint]
    fn grant_of(&self, id: u64) -> Option<Grant> {
        self.grants.get(&id)
    }

    /// What can be paid out of a grant now.
    #[endpoint]
    fn releasable(&self, id: u64) -> Result<u128, VestingError> {
        Ok(self.existing(id)?.releasable(now_ms()))
    }

    fn existing(&self, id: u64) -> Result<Grant, VestingError> {
        self.grants.get(&id).ok_or(VestingError::NoSuchGrant)
    }
}

fn token() -> TokenRef<'static> {
    TokenRef::new(Selector::slot(TOKEN))
}

fn now_ms() -> u64 {
    block_context().timestamp()
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
