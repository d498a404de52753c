//! The figures as a page shows them.

use std::io::{self, Write};

use crate::engine::Kind;
use crate::machine::is_busy;
use crate::measure::{Row, Table};
use crate::report::Report;
use crate::stats::{Samples, time};

/// Tables of the least times, of each kind of engine, and what is aimed at.
///
/// # Errors
/// What writing gives.
pub fn print(out: &mut impl Write, report: &Report, tables: &[Table]) -> io::Result<()> {
    let shared = if is_busy(report.load) { "; a busy, shared machine" } else { "" };
    writeln!(out, "{}{shared}; the least of {} rounds by turns.\n", report.machine, report.rounds)?;
    report.missing.iter().try_for_each(|missing| writeln!(out, "Missing: {missing}.\n"))?;
    let run = |tables: &[Table], kinds: &[Kind], out: &mut _| -> io::Result<()> {
        quantity(out, "run, warm", tables, kinds, |row| &row.run)
    };
    let eight: Vec<Table> = tables.iter().filter(|table| table.workload != "large").cloned().collect();
    run(&eight, &[Kind::Recompiler, Kind::Plain], out)?;
    run(&eight, &[Kind::Interpreter], out)?;
    quantity(out, "octets to runnable", tables, &[Kind::Recompiler], |row| &row.ready)?;
    aims(out, report)
}

/// A table of one quantity: engines by workloads.
fn quantity(
    out: &mut impl Write,
    what: &str,
    tables: &[Table],
    kinds: &[Kind],
    of: fn(&Row) -> &Samples,
) -> io::Result<()> {
    let Some(first) = tables.first() else { return Ok(()) };
    let names = tables.iter().map(|table| table.workload).collect::<Vec<_>>().join(" | ");
    writeln!(out, "| {what} | {names} |\n|---|{}", "---|".repeat(tables.len()))?;
    for (index, row) in first.rows.iter().enumerate().filter(|(_, row)| kinds.contains(&row.kind)) {
        let cell = |table: &Table| of(&table.rows[index]).min_ns().map_or("–".to_owned(), time);
        let cells: Vec<String> = tables.iter().map(cell).collect();
        if cells.iter().any(|cell| cell != "–") {
            writeln!(out, "| {} | {} |", row.engine, cells.join(" | "))?;
        }
    }
    writeln!(out)
}

/// What is aimed at, and what it is here.
fn aims(out: &mut impl Write, report: &Report) -> io::Result<()> {
    writeln!(
        out,
        "| against the fastest peer of its kind | by minima | by medians | aim |\n|---|---|---|---|"
    )?;
    for verdict in &report.verdicts {
        let relation = if verdict.is_limit { "≤" } else { "≥" };
        let [minima, medians] = [verdict.by_minima, verdict.by_medians]
            .map(|figure| figure.map_or("–".to_owned(), |figure| format!("{figure:.2}")));
        writeln!(out, "| {} | {minima} | {medians} | {relation} {:.2} |", verdict.what, verdict.target)?;
    }
    Ok(())
}
