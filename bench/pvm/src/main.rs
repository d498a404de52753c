//! `cargo xtask bench pvm`: PVM engines side by side, in one process and by turns.
//!
//! - The same program octets for every engine; every engine must give the result that plain Rust gives.
//! - What is compared lies seconds apart at most ([`measure`]); ratios are to be trusted, not times.
//! - Code made here is run here: this is a bench, and nothing that a validator links.
//!
//! - [`workload`]: the programs
//! - [`container`]: programs taken apart
//! - [`engine`]: what runs them, an adapter each
//! - [`measure`], [`stats`]: rounds, medians, minima
//! - [`verdict`], [`report`]: what is aimed at, what is printed
#![forbid(unsafe_code)]

mod container;
mod engine;
mod measure;
mod report;
mod stats;
mod verdict;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use engine::{Engine, GUEST, INTERPRETER, RECOMPILER};
use measure::{Table, measure};
use report::Report;
use workload::Workload;

/// Measures PVM engines beside each other: eight workloads, and the compilation of a large program.
///
/// `ready` is from a program's octets to something that can run, `run` a run on what is warm, `total` ready and
/// the first run. Fails if one of our engines gives a wrong result, or none.
#[derive(Parser)]
#[command(name = "cargo xtask bench pvm")]
struct Arguments {
    /// How many times each engine runs each workload.
    #[arg(long, default_value_t = 21)]
    rounds: usize,
    /// Only workloads with this name; may be repeated.
    #[arg(long)]
    only: Vec<String>,
    /// Only engines with this in their name, and plain Rust; may be repeated.
    #[arg(long)]
    engine: Vec<String>,
    /// Prints figures for machines.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `Ok(false)` if an engine of ours failed.
fn run(arguments: &Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    let wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let eight = Workload::eight()?;
    let large = Some(Workload::large(&eight)).filter(|large| wanted(large.name));
    let (mut engines, missing) = engine::all();
    engines.retain(|engine| is_wanted(&**engine, &arguments.engine));
    let mut out = std::io::stdout().lock();
    if !arguments.json {
        let rounds = arguments.rounds;
        writeln!(out, "{}; {rounds} rounds, engines by turns; medians", report::machine())?;
        missing.iter().try_for_each(|missing| writeln!(out, "missing: {missing}"))?;
    }
    let mut tables = vec![];
    for workload in eight.iter().filter(|workload| wanted(workload.name)).chain(&large) {
        let table = measure(workload, &mut engines, arguments.rounds);
        if !arguments.json {
            report::print_table(&mut out, &table)?;
        }
        tables.push(table);
    }
    let (run, compiled) = tables.split_at(tables.len() - large.iter().count());
    let load = report::load();
    let verdicts = verdict::verdicts(run, compiled.first(), report::is_busy(load));
    if arguments.json {
        let workloads = tables.iter().map(Into::into).collect();
        let (machine, rounds) = (report::machine(), arguments.rounds);
        serde_json::to_writer_pretty(
            &mut out,
            &Report { machine, load, rounds, missing, workloads, verdicts },
        )?;
        writeln!(out)?;
    } else {
        report::print_verdicts(&mut out, &verdicts, load)?;
    }
    Ok(run.iter().all(ours_are_right))
}

fn is_wanted(engine: &dyn Engine, parts: &[String]) -> bool {
    let is_named = parts.iter().any(|part| engine.name().contains(part.as_str()));
    parts.is_empty() || is_named || engine.kind() == engine::Kind::Plain
}

fn ours_are_right(table: &Table) -> bool {
    let ours = [INTERPRETER, RECOMPILER, GUEST];
    table.rows.iter().filter(|row| ours.contains(&row.engine)).all(|row| row.error.is_none())
}
