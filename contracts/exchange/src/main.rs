//! A constant-product exchange of two tokens, A and B, which it calls through Refs. `README.md` has the endpoints.
//!
//! - Reserves are what the exchange counted, not what its accounts hold: what is sent to it unasked is nobody's.
//! - The order is: take in, count, pay out. Nothing can come in between, for an Instance on the call stack cannot be
//!   entered; and a token that fails undoes the whole call.
//! - [`pool`]: the arithmetic, tested on the build machine

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

mod pool;

use nub_sdk::capability::{CapabilityError, copy};
use nub_sdk::{
    Address, CallError, CounterError, CounterMap, Error, Event, Selector, Value, badge, contract,
    passed_count, storage,
};
use pool::{Pair, Pool, PoolError};
use token_interface::TokenRef;

/// Slot of the Ref to token A.
const TOKEN_A: u8 = 1;
/// Slot of the Ref to token B.
const TOKEN_B: u8 = 2;

#[storage]
struct Exchange {
    /// The exchange's own account at both tokens: the badge of its Refs to them.
    account: Value<Address>,
    pool: Value<Pool>,
    #[raw]
    shares: CounterMap<Address, u128>,
}

/// One token was given for the other.
#[derive(Event)]
#[event(topic = "exchange.swap")]
struct Swapped {
    by: Address,
    /// Was it A that was given?
    a_in: bool,
    amount_in: u128,
    amount_out: u128,
}

/// Liquidity came.
#[derive(Event)]
#[event(topic = "exchange.add")]
struct Added {
    by: Address,
    amounts: Pair,
    shares: u128,
}

/// Liquidity went.
#[derive(Event)]
#[event(topic = "exchange.remove")]
struct Removed {
    by: Address,
    amounts: Pair,
    shares: u128,
}

/// Why the exchange refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum ExchangeError {
    #[message("exchange: not initialised")]
    NotInitialised,
    #[message("exchange: less than the least that was asked for")]
    Slippage,
    #[from]
    Pool(PoolError),
    #[from]
    Shares(CounterError),
    #[from]
    Token(CallError),
    #[from]
    Capability(CapabilityError),
}

#[contract]
impl Exchange {
    /// Says what the exchange's account is at both tokens. If two Refs were passed, they become the tokens A and B;
    /// else they are in its slots 1 and 2.
    #[init]
    fn init(&mut self, account: &Address) -> Result<(), ExchangeError> {
        if passed_count() == 2 {
            copy(Selector::passed(0), TOKEN_A)?;
            copy(Selector::passed(1), TOKEN_B)?;
        }
        self.account.set(account);
        Ok(())
    }

    /// Gives an amount of one token, A or B, for the other; at least `least` of it.
    #[endpoint]
    fn swap(&mut self, a_in: bool, amount: u128, least: u128) -> Result<u128, ExchangeError> {
        let by = badge();
        let (out, pool) = self.pool().swap(a_in, amount)?;
        if out < least {
            return Err(ExchangeError::Slippage);
        }
        self.take(a_in, &by, amount)?;
        self.pool.set(&pool);
        token(!a_in).transfer(&by, out)?;
        Swapped { by, a_in, amount_in: amount, amount_out: out }.emit();
        Ok(out)
    }

    /// Puts both tokens in, at most these amounts, in the pool's proportion; for at least `least` shares.
    #[endpoint]
    fn add_liquidity(&mut self, most: Pair, least: u128) -> Result<u128, ExchangeError> {
        let by = badge();
        let (amounts, shares, pool) = self.pool().add(most)?;
        if shares < least {
            return Err(ExchangeError::Slippage);
        }
        self.take(true, &by, amounts.a)?;
        self.take(false, &by, amounts.b)?;
        self.pool.set(&pool);
        self.shares.add(&by, shares)?;
        Added { by, amounts, shares }.emit();
        Ok(shares)
    }

    /// Takes both tokens out for shares; at least these amounts.
    #[endpoint]
    fn remove_liquidity(&mut self, shares: u128, least: Pair) -> Result<Pair, ExchangeError> {
        let by = badge();
        self.shares.sub(&by, shares)?;
        let (amounts, pool) = self.pool().remove(shares)?;
        if amounts.a < least.a || amounts.b < least.b {
            return Err(ExchangeError::Slippage);
        }
        self.pool.set(&pool);
        token(true).transfer(&by, amounts.a)?;
        token(false).transfer(&by, amounts.b)?;
        Removed { by, amounts, shares }.emit();
        Ok(amounts)
    }

    /// Gives shares to another.
    #[endpoint]
    fn transfer_shares(&mut self, to: &Address, shares: u128) -> Result<(), ExchangeError> {
        self.shares.sub(&badge(), shares)?;
        self.shares.add(to, shares)?;
        Ok(())
    }

    /// What an account has of the pool.
    #[endpoint]
    fn shares_of(&self, account: &Address) -> u128 {
        self.shares.get(account)
    }

    /// What the pool holds, and all shares of it.
    #[endpoint]
    fn pool(&self) -> Pool {
        self.pool.get_or_default()
    }

    /// What a swap would give now.
    #[endpoint]
    fn quote(&self, a_in: bool, amount: u128) -> Result<u128, ExchangeError> {
        Ok(self.pool().swap(a_in, amount)?.0)
    }

    /// Takes what an account allowed the exchange to take.
    fn take(&self, a: bool, from: &Address, amount: u128) -> Result<(), ExchangeError> {
        let account = self.account.get().ok_or(ExchangeError::NotInitialised)?;
        Ok(token(a).transfer_from(from, &account, amount)?)
    }
}

fn token(a: bool) -> TokenRef<'static> {
    TokenRef::new(Selector::slot(if a { TOKEN_A } else { TOKEN_B }))
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
