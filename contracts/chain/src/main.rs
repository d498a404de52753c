//! A Chain Instance: accounts with keys, signatures and numbers, and a fee for gas. `README.md` has the formats.
//!
//! - [`bank`]: the rules, over any [`ledger`], tested on the build machine
//! - [`ledger`]: what is kept where
//! - [`store`]: the ledger in the contract's storage
//! - [`answer`]: what `before` returns
//! - [`authentication`]: what is signed

#![cfg_attr(target_arch = "riscv64", no_std, no_main)]

mod answer;
mod authentication;
mod bank;
mod ledger;
mod store;

use answer::Admitted;
use authentication::Authentication;
use bank::{Bank, Error};
use nub_sdk::chain::{Event, ParamsError, called_by_kernel, set_params};
use nub_sdk::{Args, ArgsError};
use store::Store;

nub_sdk::endpoints! {
    0 => transfer,
    1 => balance_of,
    2 => fees,
    3 => set_rules,
    65534 => before,
    65535 => after,
}

// Room for an admission with as many arguments as an output may have, and for a signature.
nub_sdk::stack_bytes!(160 * 1024);

/// Why a call reverts.
enum Failure {
    /// The arguments are malformed.
    Args(ArgsError),
    /// The rules refuse.
    Bank(Error),
    /// The kernel refuses the parameters.
    Params(ParamsError),
}

impl From<ArgsError> for Failure {
    fn from(error: ArgsError) -> Self {
        Self::Args(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Bank(error)
    }
}

impl From<ParamsError> for Failure {
    fn from(error: ParamsError) -> Self {
        Self::Params(error)
    }
}

impl nub_sdk::Output for Failure {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Args(error) => error.message().as_bytes(),
            Self::Bank(error) => error.message().as_bytes(),
            Self::Params(error) => error.message().as_bytes(),
        }
    }
}

/// An event → its admission; by the kernel.
fn before(mut args: Args<'static>) -> Result<(), Failure> {
    kernel_only()?;
    let event = Event::take(&mut args)?;
    args.finish()?;
    let shown = Authentication::of(&event)?;
    let gas_limit = Bank(Store).admit(event.origin, shown.nonce, event.gas_limit, || shown.is_for(&event))?;
    answer::give(&Admitted { event: &event, gas_limit })
}

/// `event ‖ status: u8 ‖ gas used: u64 →`; by the kernel.
fn after(mut args: Args) -> Result<(), Failure> {
    kernel_only()?;
    let event = Event::take(&mut args)?;
    let (_, gas_used) = (args.u8()?, args.u64()?);
    args.finish()?;
    Ok(Bank(Store).settle(event.origin, gas_used)?)
}

/// `to: 32 ‖ amount: u64 →`; from the caller.
fn transfer(mut args: Args) -> Result<(), Failure> {
    let (to, amount) = (args.array()?, args.u64()?);
    args.finish()?;
    if nub_sdk::caller().is_some() {
        return Err(Error::NotAnEvent.into());
    }
    Ok(Bank(Store).transfer(&nub_sdk::badge(), to, amount)?)
}

/// `account: 32 → balance: u64`
fn balance_of(mut args: Args) -> Result<[u8; 8], Failure> {
    let account = args.array()?;
    args.finish()?;
    Ok(Bank(Store).balance_of(account)?.to_le_bytes())
}

/// `→ fees: u64`
fn fees(args: Args) -> Result<[u8; 8], Failure> {
    args.finish()?;
    Ok(Bank(Store).fees()?.to_le_bytes())
}

/// `height: u64 ‖ parameters →`; by the governor.
fn set_rules(mut args: Args) -> Result<(), Failure> {
    let height = args.u64()?;
    if nub_sdk::caller().is_some() {
        return Err(Error::NotAnEvent.into());
    }
    Bank(Store).check_governor(&nub_sdk::badge())?;
    Ok(set_params(args.rest(), height)?)
}

fn kernel_only() -> Result<(), Error> {
    if called_by_kernel() { Ok(()) } else { Err(Error::NotTheKernel) }
}

/// On the build machine there is nothing to run.
#[cfg(not(target_arch = "riscv64"))]
fn main() {}
