//! What crossing into the guest and faulting in it costs, beside the targets the design set.

use clap::Parser;
use nub::SharedBlobs;
use nub::hyperlight::probe::{Probe, ProbeReply};
use nub::hyperlight::{
    GuestConfig, HyperlightError, Privilege, Sandbox, has_hardware_virtualisation, is_required, unavailable,
};
use serde::Serialize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Measures the micro-VM: a call, a callback, page faults, the boot.
#[derive(Parser)]
#[command(name = "gates", bin_name = "cargo xtask gates")]
struct Options {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Rounds of each measurement; the median is reported.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
}

/// What was measured, and where.
#[derive(Serialize)]
struct Report {
    /// Whether the processor virtualises in hardware. If not, ring 0 is emulated and no gate is judged.
    hardware_virtualisation: bool,
    maps: Vec<Map>,
}

/// What was measured in one privilege map.
#[derive(Serialize)]
struct Map {
    name: &'static str,
    /// Whether it is the one chosen here.
    chosen: bool,
    gates: Vec<Gate>,
}

/// One measurement.
#[derive(Serialize)]
struct Gate {
    name: &'static str,
    /// Median time of one, in nanoseconds.
    median_ns: u64,
    /// Fastest of the rounds, in nanoseconds.
    best_ns: u64,
    /// What the design wants it to be below, in nanoseconds; absent where it is only reported.
    target_ns: Option<u64>,
    /// Whether the median is below the target; absent where that cannot be judged.
    met: Option<bool>,
}

/// Events a round, so that a round is much longer than the call that starts it.
const CALLBACKS: u32 = 16;
const FAULTS: u32 = 64;

const CALL_TARGET_NS: u64 = 100_000;
const CALLBACK_TARGET_NS: u64 = 5_000;
const FAULT_TARGET_NS: u64 = 500;

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(missing) = unavailable() {
        eprintln!("gates: no micro-VM here: {missing}");
        return if is_required(&missing) { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    match measure(options.rounds).map(|report| print(&options, &report)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => fail(&error),
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("gates failed: {error}");
    ExitCode::FAILURE
}

/// The privilege maps, the default on hardware first.
const MAPS: [(&str, Privilege); 2] = [
    ("kernel and programs in ring 0", Privilege::Kernel0Programs0),
    ("kernel and programs in ring 3", Privilege::Kernel3Programs3),
];

fn measure(rounds: u32) -> Result<Report, HyperlightError> {
    let hardware_virtualisation = has_hardware_virtualisation();
    let maps = MAPS.into_iter().map(|(name, privilege)| {
        let chosen = privilege.resolve() == Privilege::Auto.resolve();
        Ok(Map { name, chosen, gates: measure_map(privilege, hardware_virtualisation, rounds)? })
    });
    Ok(Report { hardware_virtualisation, maps: maps.collect::<Result<_, HyperlightError>>()? })
}

fn measure_map(privilege: Privilege, hardware: bool, rounds: u32) -> Result<Vec<Gate>, HyperlightError> {
    let boot = Instant::now();
    let config = GuestConfig { privilege, ..GuestConfig::default() };
    let mut guest = Sandbox::boot(&config, SharedBlobs::in_memory())?;
    let boot = boot.elapsed();
    probe(&mut guest, &Probe::Nothing)?;
    let mut time =
        |loaded: Probe, base: Probe, count: u32| per_event(&mut guest, rounds, &loaded, &base, count);
    let call = time(Probe::Nothing, Probe::Nothing, 0)?;
    let callback = time(Probe::HostCallbacks(CALLBACKS), Probe::HostCallbacks(0), CALLBACKS)?;
    let zero = time(Probe::DemandZeroFaults(FAULTS), Probe::DemandZeroFaults(0), FAULTS)?;
    let copy = time(Probe::CopyOnWriteFaults(FAULTS), Probe::CopyOnWriteSetup(FAULTS), FAULTS)?;
    let gate = |name, times: Times, target_ns: Option<u64>| Gate {
        name,
        median_ns: times.median_ns,
        best_ns: times.best_ns,
        target_ns,
        met: target_ns.filter(|_| hardware).map(|target_ns| times.median_ns < target_ns),
    };
    let boot_ns = boot.as_nanos() as u64;
    Ok(vec![
        gate("guest call, round trip", call, Some(CALL_TARGET_NS)),
        gate("host callback, round trip", callback, Some(CALLBACK_TARGET_NS)),
        gate("demand-zero fault", zero, Some(FAULT_TARGET_NS)),
        gate("copy-on-write fault", copy, Some(FAULT_TARGET_NS)),
        gate("boot", Times { median_ns: boot_ns, best_ns: boot_ns }, None),
    ])
}

/// Times of one event, over the rounds.
struct Times {
    median_ns: u64,
    best_ns: u64,
}

/// What one of `count` events in `loaded` takes beyond `base`, the two taking turns. With `count` 0, what
/// `loaded` itself takes.
fn per_event(
    guest: &mut Sandbox,
    rounds: u32,
    loaded: &Probe,
    base: &Probe,
    count: u32,
) -> Result<Times, HyperlightError> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let with = timed(guest, loaded)?;
        let without = if count == 0 { Duration::ZERO } else { timed(guest, base)? };
        times.push(with.saturating_sub(without).as_nanos() as u64 / u64::from(count.max(1)));
    }
    times.sort_unstable();
    Ok(Times { median_ns: times[times.len() / 2], best_ns: times[0] })
}

fn timed(guest: &mut Sandbox, question: &Probe) -> Result<Duration, HyperlightError> {
    let start = Instant::now();
    probe(guest, question)?;
    Ok(start.elapsed())
}

/// Asks the guest; a probe that it could not do is an error.
fn probe(guest: &mut Sandbox, question: &Probe) -> Result<(), HyperlightError> {
    match guest.probe(question)? {
        ProbeReply::Failed(reason) => Err(HyperlightError::BadReply { reason }),
        _ => Ok(()),
    }
}

fn print(options: &Options, report: &Report) -> Result<(), serde_json::Error> {
    if options.json {
        println!("{}", serde_json::to_string_pretty(report)?);
        return Ok(());
    }
    println!("{:28} {:>12} {:>12} {:>12}  result", "gate", "median", "best", "target");
    for map in &report.maps {
        println!("{}{}", map.name, if map.chosen { ", chosen here" } else { "" });
        map.gates.iter().for_each(print_gate);
        println!();
    }
    if !report.hardware_virtualisation {
        println!("KVM works here without hardware virtualisation: ring-0 guest code is emulated, at about");
        println!("a microsecond an instruction, so these times say nothing about a validator's machine.");
    }
    Ok(())
}

fn print_gate(gate: &Gate) {
    let target = gate.target_ns.map_or_else(|| "-".into(), |target| format!("< {}", duration(target)));
    let result = match (gate.target_ns, gate.met) {
        (None, _) => "reported only",
        (_, None) => "emulated",
        (_, Some(true)) => "met",
        (_, Some(false)) => "NOT MET",
    };
    let (median, best) = (duration(gate.median_ns), duration(gate.best_ns));
    println!("  {:26} {median:>12} {best:>12} {target:>12}  {result}", gate.name);
}

/// A time with a unit that suits it.
fn duration(ns: u64) -> String {
    match ns {
        0..10_000 => format!("{ns} ns"),
        10_000..10_000_000 => format!("{:.1} µs", ns as f64 / 1e3),
        _ => format!("{:.1} ms", ns as f64 / 1e6),
    }
}
