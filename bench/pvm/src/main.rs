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
//! - [`machine`]: where this runs
//! - [`verdict`], [`report`], [`markdown`]: what is aimed at, what is printed
#![forbid(unsafe_code)]

mod container;
mod engine;
mod machine;
mod markdown;
mod measure;
mod report;
mod stats;
mod verdict;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use engine::{Kind, OURS};
use measure::{Table, measure};
use report::Report;
use workload::Workload;

/// Rounds of `--quick`.
const QUICK_ROUNDS: usize = 7;

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
    /// Seven rounds.
    #[arg(long, conflicts_with = "rounds")]
    quick: bool,
    /// Prints figures for machines.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Prints Markdown: the least times, and what is aimed at.
    #[arg(long)]
    markdown: bool,
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
    let large = Workload::large(&eight);
    let (mut engines, missing) =
        engine::all(&eight, &large, |name, kind| is_wanted(name, kind, &arguments.engine))?;
    let large = Some(large).filter(|large| wanted(large.name));
    let rounds = if arguments.quick { QUICK_ROUNDS } else { arguments.rounds };
    let is_text = !arguments.json && !arguments.markdown;
    let mut out = std::io::stdout().lock();
    if is_text {
        writeln!(out, "{}; {rounds} rounds, engines by turns; medians", machine::machine())?;
        missing.iter().try_for_each(|missing| writeln!(out, "missing: {missing}"))?;
    }
    let mut tables = vec![];
    for workload in eight.iter().filter(|workload| wanted(workload.name)).chain(&large) {
        let table = measure(workload, &mut engines, rounds);
        if is_text {
            report::print_table(&mut out, &table)?;
        }
        tables.push(table);
    }
    let (run, compiled) = tables.split_at(tables.len() - large.iter().count());
    let load = machine::load();
    let verdicts = verdict::verdicts(run, compiled.first(), machine::is_busy(load));
    if is_text {
        report::print_verdicts(&mut out, &verdicts, load)?;
    } else {
        let workloads = tables.iter().map(Into::into).collect();
        let report = Report { machine: machine::machine(), load, rounds, missing, workloads, verdicts };
        if arguments.json {
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
        } else {
            markdown::print(&mut out, &report, &tables)?;
        }
    }
    Ok(run.iter().all(ours_are_right))
}

fn is_wanted(name: &str, kind: Kind, parts: &[String]) -> bool {
    parts.is_empty() || parts.iter().any(|part| name.contains(part.as_str())) || kind == Kind::Plain
}

fn ours_are_right(table: &Table) -> bool {
    table.rows.iter().filter(|row| OURS.contains(&row.engine)).all(|row| row.error.is_none())
}
