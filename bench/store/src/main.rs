//! Our store beside redb, fjall and, where its library is, RocksDB, at equal durability: `cargo xtask bench store`.
//!
//! Objects of 200 bytes under 32-byte hashes, which all are given: none computes them while the clock runs. Every
//! commit is durable when it returns, on every store: redb's is a transaction of `Durability::Immediate`, fjall's a
//! batch with `PersistMode::SyncData`, RocksDB's one with `sync`; all end in an `fdatasync`, like ours. Peers take
//! turns, so that what else the machine does hits all alike. `--quick` does a tenth; `--only NAME` one store's commits
//! and reads, to be traced. At the end comes a table in Markdown that says which aims are met.
//! A second table has the store in the micro-VM.
#![forbid(unsafe_code)]

extern crate alloc;

mod churn;
mod guest;
mod machine;
mod objects;
mod opening;
mod peers;
mod table;

use objects::Batch;
use peers::Peer;
use std::time::{Duration, Instant};
use table::{Aim, Table};

/// Objects a commit.
const BATCH: u64 = 1000;

/// How to have RocksDB among the peers.
const WITHOUT_ROCKSDB: &str = "Without RocksDB, whose library is the system's: apt-get install librocksdb-dev libclang-dev, \
    then cargo xtask bench store --features rocksdb";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        println!("usage: cargo xtask bench store [--quick] [--only NAME]");
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let only = arguments.iter().position(|argument| argument == "--only").map(|at| arguments.get(at + 1));
    let only = only.map(|name| name.expect("a name after --only").as_str());
    let (commits, gets) = if quick { (20, 20_000) } else { (200, 200_000) };
    let directory = tempfile::tempdir_in(".").expect("a directory on the disk that is measured");
    let mut peers = peers::all(directory.path());
    if let Some(only) = only {
        peers.retain(|peer| peer.name() == only);
    }
    let mut table = Table::new(peers.iter().map(|peer| peer.name()));
    durable_commits(&mut peers, commits, &mut table);
    random_gets(&mut peers, commits * BATCH, gets, &mut table);
    drop(peers);
    if only.is_none() {
        churn::run(&directory.path().join("churn"), quick, &mut table);
        opening::run(directory.path(), quick, &mut table);
    }
    print!("\n{}\n\n{table}", machine::description(directory.path()));
    if only.is_none()
        && let Some(table) = guest::run(directory.path(), quick)
    {
        print!("\n{table}");
    }
    if cfg!(not(feature = "rocksdb")) {
        eprintln!("{WITHOUT_ROCKSDB}");
    }
}

fn durable_commits(peers: &mut [Box<dyn Peer>], commits: u64, table: &mut Table) {
    eprintln!("durable commits of {BATCH} objects of 200 bytes, {commits} of them");
    let mut times: Vec<Vec<Duration>> = peers.iter().map(|_| Vec::new()).collect();
    let mut processor: Vec<Duration> = peers.iter().map(|_| Duration::ZERO).collect();
    for commit in 0..commits {
        let batch = Batch::new(commit * BATCH, BATCH);
        for ((peer, times), processor) in peers.iter_mut().zip(&mut times).zip(&mut processor) {
            let (started, used) = (Instant::now(), machine::processor_time());
            peer.commit(&batch);
            times.push(started.elapsed());
            *processor += machine::processor_time() - used;
        }
    }
    let seconds: Vec<f64> = times.iter().map(|times| times.iter().sum::<Duration>().as_secs_f64()).collect();
    times.iter_mut().for_each(|times| times.sort_unstable());
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let p50: Vec<f64> = times.iter().map(|times| milliseconds(times[times.len() / 2])).collect();
    let p99: Vec<f64> = times.iter().map(|times| milliseconds(times[times.len() * 99 / 100])).collect();
    let each: Vec<f64> = processor.iter().map(|time| milliseconds(*time) / commits as f64).collect();
    let rate: Vec<f64> = seconds.iter().map(|seconds| (commits * BATCH) as f64 / seconds).collect();
    table.row("objects committed a second", &rate, 0, Aim::None);
    table.row("ours is so many times as fast", &ratios(&seconds), 2, Aim::AtLeast(&[4.0, 1.3]));
    table.row("durable commit of 1,000 objects, p50, ms", &p50, 2, Aim::None);
    table.row("… p99, ms", &p99, 2, Aim::None);
    table.row("… processor time of the whole process, ms", &each, 2, Aim::None);
    if let Some(amplification) = peers.iter().find_map(|peer| peer.write_amplification()) {
        table.row("bytes written for each byte of objects", &[amplification], 2, Aim::AtMost(1.5));
    }
}

fn random_gets(peers: &mut [Box<dyn Peer>], objects: u64, gets: u64, table: &mut Table) {
    for (title, is_resident) in [("the store's own memory cold", false), ("resident", true)] {
        eprintln!("random gets, {title}, {gets} of them");
        let order = objects::order(objects, gets);
        let hashes: Vec<_> = order.iter().map(|number| objects::hash_of(*number)).collect();
        let mut microseconds = Vec::new();
        for peer in peers.iter_mut() {
            if is_resident {
                hashes.iter().for_each(|hash| assert_eq!(peer.get(hash), 200));
            } else {
                peer.reopen();
            }
            let started = Instant::now();
            hashes.iter().for_each(|hash| assert_eq!(peer.get(hash), 200));
            microseconds.push(started.elapsed().as_secs_f64() / gets as f64 * 1e6);
        }
        let aim = if is_resident { Aim::AtLeast(&[2.0, 2.0]) } else { Aim::None };
        table.row(&format!("random get, {title}, µs"), &microseconds, 2, Aim::None);
        table.row("ours is so many times as fast", &ratios(&microseconds), 2, aim);
    }
}

/// What each takes in units of what the first takes.
fn ratios(costs: &[f64]) -> Vec<f64> {
    costs.iter().map(|cost| cost / costs[0]).collect()
}
