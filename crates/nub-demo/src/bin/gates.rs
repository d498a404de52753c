//! What crossing into the guest and faulting in it costs, beside the targets the design set.

use clap::Parser;
use nub::BackendError;
use nub::hyperlight::probe::{Probe, ProbeReply};
use nub::hyperlight::{
    GuestConfig, HyperlightError, Privilege, Sandbox, has_hardware_virtualisation, is_required, unavailable,
};
use nub::{EnginePolicy, SharedBlobs};
use nub_demo::exit::CommandError;
use nub_demo::transfers::Transfers;
use serde::Serialize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Measures the micro-VM in each privilege map: calls, callbacks, page faults, the boot, blocks of transfers.
#[derive(Parser)]
#[command(name = "gates", bin_name = "cargo xtask gates")]
struct Options {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Rounds of each measurement; the median is reported.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Token transfers in a block.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    transfers: u64,
}

/// What was measured, and where.
#[derive(Serialize)]
struct Report {
    /// Whether the processor virtualises in hardware. If not, ring 0 is emulated and no gate is judged.
    hardware_virtualisation: bool,
    maps: Vec<Map>,
    /// How many times faster the map with everything in ring 3 is than the one with everything in ring 0, which the
    /// design wants where ring 0 is emulated.
    ratios: Vec<Ratio>,
}

/// One measurement in two maps.
#[derive(Serialize)]
struct Ratio {
    name: &'static str,
    /// Ring 0's median by ring 3's.
    times_faster: f64,
    /// At least this where ring 0 is emulated.
    target: f64,
    /// Absent where ring 0 is not emulated.
    met: Option<bool>,
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

/// Names of measurements, and how many times faster the deprivileged map is to be.
const HEALTH_CHECK: &str = "health check";
const INTERPRETED: &str = "block of transfers, interpreted";
const NATIVE: &str = "block of transfers, compiled";
const RATIO_TARGETS: [(&str, f64); 5] =
    [(INTERPRETED, 100.0), (NATIVE, 100.0), (HEALTH_CHECK, 8.0), (ZERO_FAULT, 8.0), (COPY_FAULT, 4.0)];
const ZERO_FAULT: &str = "demand-zero fault";
const COPY_FAULT: &str = "copy-on-write fault";

const CALL_TARGET_NS: u64 = 100_000;
const CALLBACK_TARGET_NS: u64 = 5_000;
const FAULT_TARGET_NS: u64 = 500;

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(missing) = unavailable() {
        eprintln!("gates: no micro-VM here: {missing}");
        return if is_required(&missing) { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    match measure(&options).map(|report| print(&options, &report)) {
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
const MAPS: [(&str, Privilege); 3] = [
    ("kernel and programs in ring 0", Privilege::Kernel0Programs0),
    ("kernel in ring 0, programs in ring 3", Privilege::Kernel0Programs3),
    ("kernel and programs in ring 3", Privilege::Kernel3Programs3),
];

fn measure(options: &Options) -> Result<Report, CommandError> {
    let hardware_virtualisation = has_hardware_virtualisation();
    let chosen = Privilege::Auto.resolve().map_err(BackendError::from)?;
    let maps = MAPS.into_iter().map(|(name, privilege)| {
        let chosen = privilege.resolve() == Ok(chosen);
        let mut gates = measure_map(privilege, hardware_virtualisation, options.rounds)
            .map_err(|error| CommandError::Backend(BackendError::from(error)))?;
        gates.extend(measure_chain(privilege, options)?);
        Ok(Map { name, chosen, gates })
    });
    let maps: Vec<Map> = maps.collect::<Result<_, CommandError>>()?;
    let ratios = ratios(&maps[0], &maps[2], hardware_virtualisation);
    Ok(Report { hardware_virtualisation, maps, ratios })
}

fn ratios(ring_0: &Map, ring_3: &Map, hardware: bool) -> Vec<Ratio> {
    let median = |map: &Map, name| map.gates.iter().find(|gate| gate.name == name).map(|gate| gate.median_ns);
    let ratio = |(name, target): (&'static str, f64)| {
        let times_faster = median(ring_0, name)? as f64 / median(ring_3, name)?.max(1) as f64;
        Some(Ratio { name, times_faster, target, met: (!hardware).then_some(times_faster >= target) })
    };
    RATIO_TARGETS.into_iter().filter_map(ratio).collect()
}

/// A health check, and a block of transfers on either engine.
fn measure_chain(privilege: Privilege, options: &Options) -> Result<Vec<Gate>, CommandError> {
    // One block takes seconds where ring 0 is emulated.
    let is_slow = privilege != Privilege::Kernel3Programs3 && !has_hardware_virtualisation();
    let rounds = if is_slow { 1 } else { options.rounds };
    let mut gates = Vec::new();
    for (name, engine) in [(INTERPRETED, EnginePolicy::Interpreter), (NATIVE, EnginePolicy::Recompiler)] {
        let mut chain = Transfers::start(privilege, engine)?;
        if gates.is_empty() {
            let times = (0..options.rounds).map(|_| chain.health_check()).collect::<Result<_, _>>()?;
            gates.push(reported(HEALTH_CHECK, times));
        }
        let times = (0..rounds).map(|_| chain.block(options.transfers)).collect::<Result<_, _>>()?;
        gates.push(reported(name, times));
    }
    Ok(gates)
}

/// A measurement without a target of its own.
fn reported(name: &'static str, mut times: Vec<Duration>) -> Gate {
    times.sort_unstable();
    let ns = |time: Duration| time.as_nanos() as u64;
    let (median_ns, best_ns) = (ns(times[times.len() / 2]), ns(times[0]));
    Gate { name, median_ns, best_ns, target_ns: None, met: None }
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
        gate(ZERO_FAULT, zero, Some(FAULT_TARGET_NS)),
        gate(COPY_FAULT, copy, Some(FAULT_TARGET_NS)),
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
    println!("{:34} {:>12} {:>12} {:>12}  result", "gate", "median", "best", "target");
    for map in &report.maps {
        println!("{}{}", map.name, if map.chosen { ", chosen here" } else { "" });
        map.gates.iter().for_each(print_gate);
        println!();
    }
    if !report.hardware_virtualisation {
        println!("{:34} {:>12} {:>12}  result", "ring 3 by ring 0", "times", "target");
        for Ratio { name, times_faster, target, met } in &report.ratios {
            let result = if *met == Some(true) { "met" } else { "NOT MET" };
            println!("  {name:32} {times_faster:>12.1} {:>12}  {result}", format!("≥ {target}"));
        }
        println!();
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
    println!("  {:32} {median:>12} {best:>12} {target:>12}  {result}", gate.name);
}

/// A time with a unit that suits it.
fn duration(ns: u64) -> String {
    match ns {
        0..10_000 => format!("{ns} ns"),
        10_000..10_000_000 => format!("{:.1} µs", ns as f64 / 1e3),
        _ => format!("{:.1} ms", ns as f64 / 1e6),
    }
}
