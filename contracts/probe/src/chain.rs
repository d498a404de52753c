//! A Chain Instance that does what the event's authentication says: its first octet, a set of flags, then the
//! octets that `before` returns.

use nub_sdk::chain::Event;
use nub_sdk::{Args, host, storage};

/// `before` counts and then reverts.
const REFUSE: u8 = 1;
/// `after` counts and then reverts.
const FAIL: u8 = 2;
/// Keys of how often each was called, u64.
const BEFORE_KEY: &[u8] = b"before";
const AFTER_KEY: &[u8] = b"after";
/// Key of the status and gas `after` was last told: u8 ‖ u64.
const OUTCOME_KEY: &[u8] = b"outcome";

/// `event → what its authentication says`
pub fn before(mut args: Args<'static>) -> Result<&'static [u8], &'static str> {
    let (flags, answer) = instructions(&mut args)?;
    count(BEFORE_KEY);
    if flags & REFUSE != 0 { Err("refused, as told") } else { Ok(answer) }
}

/// `event ‖ status: u8 ‖ gas: u64 →`
pub fn after(mut args: Args<'static>) -> Result<(), &'static str> {
    let (flags, _) = instructions(&mut args)?;
    count(AFTER_KEY);
    host::storage_put(OUTCOME_KEY, args.rest());
    if flags & FAIL != 0 { Err("failed, as told") } else { Ok(()) }
}

fn instructions(args: &mut Args<'static>) -> Result<(u8, &'static [u8]), &'static str> {
    let event = Event::take(args).map_err(|error| error.message())?;
    let (&flags, answer) = event.authentication.split_first().ok_or("nothing says what to do")?;
    Ok((flags, answer))
}

fn count(key: &[u8]) {
    let count = storage::get_array(key).ok().flatten().map_or(0, u64::from_le_bytes);
    host::storage_put(key, &(count + 1).to_le_bytes());
}
