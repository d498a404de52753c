//! Our store beside redb and fjall, at equal durability: `cargo xtask bench store`.
//!
//! Objects of 200 bytes under 32-byte hashes. Every commit is durable when it returns, on every store. Peers
//! take turns, so that what else the machine does hits all alike. `--quick` does a tenth.
#![forbid(unsafe_code)]

mod churn;
mod objects;
mod opening;
mod peers;

use objects::Batch;
use peers::{Fjall, Ours, Peer, Redb};
use std::time::{Duration, Instant};

/// Objects a commit.
const BATCH: u64 = 1000;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (commits, gets) = if quick { (20, 20_000) } else { (200, 200_000) };
    let directory = tempfile::tempdir_in(".").expect("a directory on the disk that is measured");
    let mut peers: Vec<Box<dyn Peer>> = vec![
        Box::new(Ours::new(&directory.path().join("ours"))),
        Box::new(Redb::new(&directory.path().join("redb"))),
        Box::new(Fjall::new(&directory.path().join("fjall"))),
    ];
    durable_commits(&mut peers, commits);
    random_gets(&mut peers, commits * BATCH, gets);
    drop(peers);
    churn::run(&directory.path().join("churn"), quick);
    opening::run(directory.path(), quick);
}

fn durable_commits(peers: &mut [Box<dyn Peer>], commits: u64) {
    println!("durable commits of {BATCH} objects of 200 bytes, {commits} of them");
    let mut times: Vec<Vec<Duration>> = peers.iter().map(|_| Vec::new()).collect();
    for commit in 0..commits {
        let batch = Batch::new(commit * BATCH, BATCH);
        for (peer, times) in peers.iter_mut().zip(&mut times) {
            let started = Instant::now();
            peer.commit(&batch);
            times.push(started.elapsed());
        }
    }
    let totals: Vec<f64> = times.iter().map(|times| times.iter().sum::<Duration>().as_secs_f64()).collect();
    for ((peer, times), total) in peers.iter().zip(&mut times).zip(&totals) {
        times.sort_unstable();
        println!(
            "  {:8} {:9.0} objects/s   p50 {:7.2} ms   p99 {:7.2} ms   ours is {:5.2} times as fast",
            peer.name(),
            (commits * BATCH) as f64 / total,
            times[times.len() / 2].as_secs_f64() * 1e3,
            times[times.len() * 99 / 100].as_secs_f64() * 1e3,
            total / totals[0]
        );
    }
    for peer in peers {
        if let Some(amplification) = peer.write_amplification() {
            println!("  {:8} writes {amplification:.2} bytes for each byte of objects", peer.name());
        }
    }
}

fn random_gets(peers: &mut [Box<dyn Peer>], objects: u64, gets: u64) {
    for (title, is_resident) in [("the store's own memory cold", false), ("resident", true)] {
        println!("random gets, {title}, {gets} of them");
        let order = objects::order(objects, gets);
        let hashes: Vec<_> = order.iter().map(|number| objects::hash_of(*number)).collect();
        let mut first = 0.0;
        for (number, peer) in peers.iter_mut().enumerate() {
            if is_resident {
                hashes.iter().for_each(|hash| assert_eq!(peer.get(hash), 200));
            } else {
                peer.reopen();
            }
            let started = Instant::now();
            hashes.iter().for_each(|hash| assert_eq!(peer.get(hash), 200));
            let each = started.elapsed().as_secs_f64() / gets as f64;
            if number == 0 {
                first = each;
            }
            let ratio = each / first;
            println!("  {:8} {:7.2} µs   ours is {ratio:5.2} times as fast", peer.name(), each * 1e6);
        }
    }
}
