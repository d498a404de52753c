//! The kernel's stand-in on the build machine, so that `cargo test` tests a contract.
//!
//! ```
//! # use nub_sdk::{CounterMap, Address, mock, storage};
//! # #[storage] struct Jar { given: CounterMap<Address, u64> }
//! # impl Jar { fn give(&mut self, amount: u64) -> Result<u64, &'static str> {
//! #     self.given.add(&nub_sdk::badge(), amount).map_err(|_| "too much") } }
//! mock::set_badge([7; 32]);
//! assert_eq!(mock::run(|| Jar::default().give(5)), Ok(5));
//! assert_eq!(mock::run(|| Jar::default().give(u64::MAX)), Err("too much".to_string()));
//! ```
//!
//! Each thread, so each test, has its own, empty at first. Storage, logs, the context and hashes are as the kernel's.
//! Calls to other contracts go to a function given to [`on_call`]. Slots hold Images, DataCaps and Refs, but nothing
//! is checked of Images, nothing costs gas, and what is not named here answers `UNKNOWN`. `nub-testing` has the kernel
//! itself.

mod environment;
mod objects;
mod registers;

pub use environment::Environment;
pub use objects::Capability;
pub use registers::host_call;

use crate::{Badge, Encode, InstanceId, Output, Selector};
use std::boxed::Box;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::string::String;
use std::vec::Vec;

/// A log, as [`logs`] gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The topic.
    pub topic: [u8; 32],
    /// The data.
    pub data: Vec<u8>,
}

impl Log {
    /// Is it this event?
    pub fn is<E: crate::Event>(&self, event: &E) -> bool {
        self.topic == E::TOPIC && self.data == crate::codec::encode(event)
    }
}

/// A call to another contract, as [`on_call`]'s function sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What the Ref was named by.
    pub target: Selector,
    /// The endpoint.
    pub endpoint: u16,
    /// The arguments.
    pub args: Vec<u8>,
    /// The most gas it may use.
    pub gas: u64,
    /// What was passed.
    pub passed: Vec<Selector>,
}

/// What a called contract answers: a status, 0 for success, and its output or message.
pub type Answer = (u8, Vec<u8>);

/// How a program ended that does not come back from a host call.
enum Ended {
    Returned(Vec<u8>),
    Reverted(Vec<u8>),
}

type Callee = Box<dyn FnMut(&Call) -> Answer>;

std::thread_local! {
    static ENVIRONMENT: RefCell<Environment> = RefCell::new(Environment::default());
    static CALLEE: RefCell<Option<Callee>> = const { RefCell::new(None) };
}

/// Looks at or changes the environment.
pub fn with<R>(change: impl FnOnce(&mut Environment) -> R) -> R {
    ENVIRONMENT.with_borrow_mut(change)
}

/// Starts again, with nothing.
pub fn reset() {
    with(|environment| *environment = Environment::default());
    CALLEE.set(None);
}

/// Who calls, from now on.
pub fn set_badge(badge: Badge) {
    with(|environment| environment.badge = badge);
}

/// The calling Instance, from now on; `None` for an event.
pub fn set_caller(caller: Option<InstanceId>) {
    with(|environment| environment.caller = caller);
}

/// The block's height and timestamp, from now on.
pub fn set_block(height: u64, timestamp: u64) {
    with(|environment| (environment.height, environment.timestamp) = (height, timestamp));
}

/// The capabilities passed with a call, from now on.
pub fn set_passed(passed: Vec<Capability>) {
    with(|environment| environment.passed = passed);
}

/// What storage holds.
pub fn storage() -> BTreeMap<Vec<u8>, Vec<u8>> {
    with(|environment| environment.storage.clone())
}

/// The logs so far.
pub fn logs() -> Vec<Log> {
    with(|environment| environment.logs.clone())
}

/// Answers calls to other contracts, from now on.
pub fn on_call(callee: impl FnMut(&Call) -> Answer + 'static) {
    CALLEE.set(Some(Box::new(callee)));
}

/// An answer that is a success with this value.
pub fn answer<T: Encode>(value: &T) -> Answer {
    (0, crate::codec::encode(value))
}

/// Runs a function as a call: what it changed is undone if it gives an error or reverts, and its message is text.
///
/// # Errors
/// The message.
pub fn run<T, E: Output>(call: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    let before = with(|environment| environment.clone());
    let outcome = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => String::from_utf8_lossy(error.bytes()).into_owned(),
        Err(unwound) => match unwound.downcast::<Ended>().map(|ended| *ended) {
            Ok(Ended::Reverted(message)) => String::from_utf8_lossy(&message).into_owned(),
            Ok(Ended::Returned(_)) => {
                panic!("the function ended the call with an output; use `mock::returned`")
            }
            Err(panic) => resume_unwind(panic),
        },
    };
    with(|environment| *environment = before);
    Err(outcome)
}

/// Runs a function that ends the call by [`ret`](crate::ret); gives the output.
///
/// # Errors
/// The message, if it reverts.
pub fn returned(call: impl FnOnce()) -> Result<Vec<u8>, String> {
    let before = with(|environment| environment.clone());
    let unwound = catch_unwind(AssertUnwindSafe(call)).err();
    match unwound.map(|unwound| unwound.downcast::<Ended>().map(|ended| *ended)) {
        None => Ok(Vec::new()),
        Some(Ok(Ended::Returned(output))) => Ok(output),
        Some(Ok(Ended::Reverted(message))) => {
            with(|environment| *environment = before);
            Err(String::from_utf8_lossy(&message).into_owned())
        }
        Some(Err(panic)) => resume_unwind(panic),
    }
}

/// Notes what the next call passes: on this machine addresses are too long for its register.
pub(crate) fn pass(passed: &[Selector]) {
    with(|environment| environment.passing = passed.to_vec());
}

/// Ends the program.
fn end(ended: Ended) -> ! {
    resume_unwind(Box::new(ended))
}

/// Asks the callee, which may itself look at the environment.
fn ask(call: &Call) -> Answer {
    let callee = CALLEE.take();
    let mut callee = callee
        .unwrap_or_else(|| panic!("the contract calls another; say what that answers with `mock::on_call`"));
    let answer = callee(call);
    // The callee may have put another in its place.
    CALLEE.with_borrow_mut(|place| {
        place.get_or_insert(callee);
    });
    answer
}
