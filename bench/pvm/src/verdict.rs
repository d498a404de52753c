//! What is aimed at, and whether it is reached: each figure against the fastest peer of the same run.

use serde::Serialize;

use crate::engine::{GUEST, INTERPRETER, Kind, OURS, RECOMPILER, STRETCHED};
use crate::measure::{Row, Table};
use crate::stats::{Samples, geometric_mean};

/// A figure and what it should be.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// What it is.
    pub what: &'static str,
    /// By medians; `None` if an engine was missing.
    pub by_medians: Option<f64>,
    /// By minima.
    pub by_minima: Option<f64>,
    /// What it must reach, or not exceed.
    pub target: f64,
    /// Is less better?
    pub is_limit: bool,
    /// Is it reached, by medians? On a busy machine, by minima.
    pub passes: Option<bool>,
}

/// One number of the samples.
type Pick = fn(&Samples) -> Option<f64>;
/// One quantity of a row.
type Quantity = fn(&Row) -> &Samples;

/// All the verdicts on the eight, and on the large program. Where others keep the machine busy, medians say how much
/// they do, and minima decide.
pub fn verdicts(eight: &[Table], large: Option<&Table>, is_busy: bool) -> Vec<Verdict> {
    let run: Quantity = |row| &row.run;
    let ready: Quantity = |row| &row.ready;
    let ratios = |engine: &'static str, kind, quantity| {
        move |pick: Pick| -> Vec<f64> {
            eight.iter().filter_map(|table| ratio(table, engine, kind, quantity, pick)).collect()
        }
    };
    let execution = ratios(RECOMPILER, Kind::Recompiler, run);
    let compilation = ratios(RECOMPILER, Kind::Recompiler, ready);
    let interpretation = ratios(INTERPRETER, Kind::Interpreter, run);
    let hostcall = eight.iter().find(|table| table.workload == "hostcall");
    let host_calls = |pick: Pick| ratio(hostcall?, RECOMPILER, Kind::Recompiler, run, pick);
    let large_compilation = |pick: Pick| ratio(large?, RECOMPILER, Kind::Recompiler, ready, pick);
    let in_guest = |pick: Pick, is_counted: fn(&Table) -> bool| {
        let ratio = |table: &Table| Some(pick(&table.row(STRETCHED)?.run)? / pick(&table.row(GUEST)?.run)?);
        mean(eight.iter().filter(|table| is_counted(table)).filter_map(ratio).collect())
    };
    let work_in_guest = |pick: Pick| in_guest(pick, |table| table.workload != "hostcall");
    let host_calls_in_guest = |pick: Pick| in_guest(pick, |table| table.workload == "hostcall");
    let expansion = |_: Pick| {
        let table = large?;
        Some(table.row(RECOMPILER)?.code_len_bytes? as f64 / f64::from(table.code_len_bytes))
    };
    let verdicts = vec![
        at_least("recompiler: execution, geometric mean", 1.15, |pick| mean(execution(pick))),
        at_least("recompiler: execution, worst", 0.95, |pick| least(execution(pick))),
        at_least("recompiler: compilation, geometric mean", 1.0, |pick| mean(compilation(pick))),
        at_least("recompiler: compilation of the large program", 1.0, large_compilation),
        at_least("recompiler: host calls", 1.5, host_calls),
        at_most("recompiler: octets of machine code an octet of the large program", 1.3 / 0.534, expansion),
        at_least("guest: execution against the same in this process, but hostcall", 0.9, work_in_guest),
        at_least(
            "guest: hostcall, with the kernel's answer, against one on the spot",
            0.9,
            host_calls_in_guest,
        ),
        at_least("interpreter: execution, geometric mean", 1.5, |pick| mean(interpretation(pick))),
        at_least("interpreter: execution, worst", 1.0, |pick| least(interpretation(pick))),
    ];
    verdicts.into_iter().map(|verdict| verdict.judged(is_busy)).collect()
}

/// The fastest peer's time by ours.
pub fn ratio(table: &Table, engine: &str, kind: Kind, quantity: Quantity, pick: Pick) -> Option<f64> {
    Some(fastest_peer(table, kind, quantity, pick)?.1 / pick(quantity(table.row(engine)?))?)
}

/// The peer of that kind with the least, and how much that is.
pub fn fastest_peer(
    table: &Table,
    kind: Kind,
    quantity: Quantity,
    pick: Pick,
) -> Option<(&'static str, f64)> {
    table
        .rows
        .iter()
        .filter(|row| row.kind == kind && row.error.is_none() && !OURS.contains(&row.engine))
        .filter_map(|row| Some((row.engine, pick(quantity(row))?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
}

fn mean(ratios: Vec<f64>) -> Option<f64> {
    geometric_mean(ratios.into_iter())
}

fn least(ratios: Vec<f64>) -> Option<f64> {
    ratios.into_iter().min_by(f64::total_cmp)
}

fn at_least(what: &'static str, target: f64, figure: impl Fn(Pick) -> Option<f64>) -> Verdict {
    let (by_medians, by_minima) = (figure(Samples::median_ns), figure(Samples::min_ns));
    Verdict { what, by_medians, by_minima, target, is_limit: false, passes: None }
}

fn at_most(what: &'static str, target: f64, figure: impl Fn(Pick) -> Option<f64>) -> Verdict {
    Verdict { is_limit: true, ..at_least(what, target, figure) }
}

impl Verdict {
    fn judged(self, is_busy: bool) -> Verdict {
        let figure = if is_busy { self.by_minima } else { self.by_medians };
        let passes =
            figure.map(|figure| if self.is_limit { figure <= self.target } else { figure >= self.target });
        Verdict { passes, ..self }
    }
}
