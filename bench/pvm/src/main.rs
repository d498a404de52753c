//! `cargo xtask bench pvm`: PVM engines side by side, in one process and by turns.
#![forbid(unsafe_code)]

mod container;
mod engine;
mod measure;
mod stats;
mod workload;

use workload::Workload;

fn main() {
    let (mut engines, missing) = engine::all();
    println!("{missing:?}");
    let rounds = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(5);
    let mut ws = Workload::eight().unwrap();
    let large = Workload::large(&ws);
    ws.push(large);
    for w in &ws {
        let t = measure::measure(w, &mut engines, rounds);
        println!("{} {}", t.workload, t.code_len_bytes);
        for r in &t.rows {
            let f = |s: &stats::Samples| s.median_ns().map_or("-".into(), stats::time);
            let m = |s: &stats::Samples| s.min_ns().map_or("-".into(), stats::time);
            println!(
                "  {:22} ready {:>9} run {:>9} ({:>9}) total {:>9} gas {:>9} code {:?} {:?} {:.2}",
                r.engine,
                f(&r.ready),
                f(&r.run),
                m(&r.run),
                f(&r.total),
                r.gas,
                r.code_len_bytes,
                r.error,
                r.run.min_ns().unwrap_or(0.0) / t.rows[0].gas as f64
            );
        }
    }
}
