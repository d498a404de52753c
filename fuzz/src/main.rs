//! Fuzz targets on stable Rust. `cargo xtask fuzz --seconds N [--target T] [--seed S]` runs them.
//!
//! 1. **A seed says it all.** Inputs are functions of the seed that is printed first and of nothing else, so
//!    a crash is run again by giving the seed.
//! 2. **Glue only.** A target is a way to make inputs ([`random`] mutates examples) and an oracle that
//!    panics; what is tested is in the crates.
//! 3. **Checks stay on.** The release profile keeps debug assertions and overflow checks.
#![forbid(unsafe_code)]

mod driver;
mod options;
mod random;
mod store;
mod targets;

use std::process::ExitCode;

fn main() -> ExitCode {
    match options::Options::from_arguments(std::env::args().skip(1)) {
        Ok(options) => driver::run(&options),
        Err(message) => {
            eprintln!("error: {message}");
            eprintln!("usage: nub-fuzz [--seconds N] [--target T] [--seed S]");
            ExitCode::FAILURE
        }
    }
}
