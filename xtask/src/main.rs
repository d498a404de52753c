//! Project commands: `cargo xtask setup | demo | test | gates | soak | contracts | fuzz | bench`.
//!
//! 1. **`setup` may change the machine; nothing else does.** The other commands call it first, and it does
//!    nothing when there is nothing to do.
//! 2. **No command here depends on `nub`.** They run cargo, so that `setup` works before the guest can be built.
//! 3. **A count is never a guess.** `test` counts what the tests printed.
#![forbid(unsafe_code)]

mod apt;
mod bench;
mod cli;
mod crash;
mod error;
mod no_std;
mod performance;
mod run;
mod setup;
mod tally;
mod test;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
