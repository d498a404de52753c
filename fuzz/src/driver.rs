//! Runs targets for a time each, counts executions, and says how to get a crash again.

use crate::options::Options;
use crate::random::Random;
use crate::targets::{TARGETS, Target};
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Executions between looks at the clock.
const EXECUTIONS_PER_LOOK: u64 = 16;

/// Runs what the options say; fails at the first crash.
pub fn run(options: &Options) -> ExitCode {
    for target in
        TARGETS.iter().filter(|target| options.target.as_deref().is_none_or(|name| name == target.name))
    {
        println!("{}: seed {}", target.name, options.seed);
        match run_target(target, options) {
            Ok(done) => {
                println!("{}: {} executions, no finding", target.name, done.executions);
                if !done.summary.is_empty() {
                    println!("{}: {}", target.name, done.summary);
                }
            }
            Err(crash) => {
                println!("{}: CRASH after {} executions", target.name, crash.executions);
                println!("again: cargo xtask fuzz --target {} --seed {}", target.name, options.seed);
                println!("input: {}", hex(&crash.input));
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

struct Done {
    executions: u64,
    summary: String,
}

struct Crash {
    executions: u64,
    input: Vec<u8>,
}

fn run_target(target: &Target, options: &Options) -> Result<Done, Crash> {
    let mut random = Random::new(options.seed);
    let mut session = (target.start)();
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut executions = 0u64;
    while !executions.is_multiple_of(EXECUTIONS_PER_LOOK) || Instant::now() < end {
        let input = session.input(&mut random);
        if catch_unwind(AssertUnwindSafe(|| session.run(&input))).is_err() {
            return Err(Crash { executions, input });
        }
        executions += 1;
    }
    Ok(Done { executions, summary: session.summary() })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _always_fits = write!(text, "{byte:02x}");
        text
    })
}
