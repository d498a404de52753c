//! Crashes of a simulated device: `cargo xtask crash --seed S | --seconds N`.
#![allow(missing_docs)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

#[path = "../tests/simulation/mod.rs"]
mod simulation;

/// Operations of a run.
const OPERATIONS: u64 = 150;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (mut seed, mut seconds) = (None, None);
    for pair in arguments.chunks(2) {
        match (pair[0].as_str(), pair.get(1).and_then(|value| value.parse::<u64>().ok())) {
            ("--seed", Some(value)) => seed = Some(value),
            ("--seconds", Some(value)) => seconds = Some(value),
            _ => {
                eprintln!("usage: cargo xtask crash [--seed S] [--seconds N]");
                return ExitCode::from(2);
            }
        }
    }
    let started = Instant::now();
    let limit = Duration::from_secs(seconds.unwrap_or(if seed.is_some() { 0 } else { 30 }));
    let mut total = simulation::Report::default();
    let first = seed.unwrap_or_else(|| u64::from(std::process::id()) << 32);
    let mut runs = 0;
    loop {
        let seed = first.wrapping_add(runs);
        // A panic shows the run to replay.
        let replay = Replay(seed);
        total.add(&simulation::run(seed, OPERATIONS, false));
        std::mem::forget(replay);
        runs += 1;
        if started.elapsed() >= limit {
            break;
        }
    }
    println!(
        "{} crash points tried in {runs} runs from seed {first}: {} images, {} deaths of a process, {} commits, \
         {} collections, {} failing devices, {} full, {} restarts; none lost anything",
        total.crash_points,
        total.images,
        total.deaths,
        total.commits,
        total.collections,
        total.failures,
        total.full,
        total.restarts
    );
    ExitCode::SUCCESS
}

/// Says how to replay a run that did not come to its end.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        eprintln!("replay with: cargo xtask crash --seed {}", self.0);
    }
}
