//! What is printed.

use std::io::{self, Write};

use serde::Serialize;

use crate::engine::{INTERPRETER, Kind, RECOMPILER};
use crate::machine::is_busy;
use crate::measure::{Row, Table};
use crate::stats::{Samples, time};
use crate::verdict::{Verdict, fastest_peer, ratio};

/// Everything measured.
#[derive(Serialize)]
pub struct Report {
    /// The processor, and how many of them.
    pub machine: String,
    /// Processes that wanted to run, the bench included.
    pub load: Option<f64>,
    /// Rounds.
    pub rounds: usize,
    /// Engines that are missing, and why.
    pub missing: Vec<String>,
    /// By workload.
    pub workloads: Vec<WorkloadReport>,
    /// What is aimed at.
    pub verdicts: Vec<Verdict>,
}

/// A workload's figures.
#[derive(Serialize)]
pub struct WorkloadReport {
    name: &'static str,
    code_len_bytes: u32,
    instruction_count: usize,
    engines: Vec<EngineReport>,
}

/// An engine's figures on a workload.
#[derive(Serialize)]
struct EngineReport {
    engine: &'static str,
    ready_ns: Option<Figures>,
    run_ns: Option<Figures>,
    total_ns: Option<Figures>,
    gas: u64,
    machine_code_len_bytes: Option<usize>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Figures {
    median: f64,
    min: f64,
}

impl Figures {
    fn of(samples: &Samples) -> Option<Figures> {
        Some(Figures { median: samples.median_ns()?, min: samples.min_ns()? })
    }
}

impl From<&Table> for WorkloadReport {
    fn from(table: &Table) -> WorkloadReport {
        let engine = |row: &Row| EngineReport {
            engine: row.engine,
            ready_ns: Figures::of(&row.ready),
            run_ns: Figures::of(&row.run),
            total_ns: Figures::of(&row.total),
            gas: row.gas,
            machine_code_len_bytes: row.code_len_bytes,
            error: row.error.clone(),
        };
        WorkloadReport {
            name: table.workload,
            code_len_bytes: table.code_len_bytes,
            instruction_count: table.instruction_count,
            engines: table.rows.iter().map(engine).collect(),
        }
    }
}

/// A workload's table.
///
/// # Errors
/// What writing gives.
pub fn print_table(out: &mut impl Write, table: &Table) -> io::Result<()> {
    let Table { workload, code_len_bytes, instruction_count, rows } = table;
    writeln!(out, "\n{workload}: {code_len_bytes} octets of code, {instruction_count} instructions")?;
    let heads = ["", "ready", "run", "min", "total", "gas", "machine code"];
    let [name, ready, run, min, total, gas, code] = heads;
    writeln!(out, "  {name:22} {ready:>9} {run:>9} {min:>9} {total:>9} {gas:>10} {code:>12}")?;
    for row in rows {
        print_row(out, row)?;
    }
    for (ours, kind) in [(RECOMPILER, Kind::Recompiler), (INTERPRETER, Kind::Interpreter)] {
        let faster = ratio(table, ours, kind, |row| &row.run, Samples::median_ns);
        if let (Some(faster), Some((peer, _))) =
            (faster, fastest_peer(table, kind, |row| &row.run, Samples::median_ns))
        {
            writeln!(out, "  {ours} runs {faster:.2}× as fast as {peer}, the fastest of its kind")?;
        }
    }
    Ok(())
}

fn print_row(out: &mut impl Write, row: &Row) -> io::Result<()> {
    if let Some(error) = &row.error {
        return writeln!(out, "  {:22} {error}", row.engine);
    }
    let median = |samples: &Samples| samples.median_ns().map_or("–".to_owned(), time);
    let min = row.run.min_ns().map_or("–".to_owned(), time);
    let code = row.code_len_bytes.map_or("–".to_owned(), |len| len.to_string());
    let gas = if row.gas == 0 { "–".to_owned() } else { row.gas.to_string() };
    let [ready, run, total] = [&row.ready, &row.run, &row.total].map(median);
    let name = row.engine;
    writeln!(out, "  {name:22} {ready:>9} {run:>9} {min:>9} {total:>9} {gas:>10} {code:>12}")
}

/// The verdicts.
///
/// # Errors
/// What writing gives.
pub fn print_verdicts(out: &mut impl Write, verdicts: &[Verdict], load: Option<f64>) -> io::Result<()> {
    writeln!(out, "\nAgainst the fastest peer of its kind, by medians (by minima):")?;
    if let Some(load) = load.filter(|_| is_busy(load)) {
        writeln!(out, "The machine was busy (load {load}): judged by minima.")?;
    }
    for Verdict { what, by_medians, by_minima, target, is_limit, passes } in verdicts {
        let mark = match passes {
            Some(true) => "pass",
            Some(false) => "FAIL",
            None => "–",
        };
        let [medians, minima] = [by_medians, by_minima]
            .map(|figure| figure.map_or("–".to_owned(), |figure| format!("{figure:.2}")));
        let relation = if *is_limit { "≤" } else { "≥" };
        writeln!(out, "  {mark:4}  {what:66} {medians:>5} ({minima:>5})  {relation} {target:.2}")?;
    }
    Ok(())
}
