//! How long opening takes after a crash, by the size of the store.

use crate::objects::Batch;
use crate::table::{Aim, Table};
use nub_store::{Layout, Options};
use nub_store_file::{Caching, open, open_or_create};
use std::path::Path;
use std::time::Instant;

/// Objects committed since the last checkpoint.
const TAIL: u64 = 5000;
/// How much longer opening the largest store may take than the smallest, and still not depend on the size: a bound that
/// a busy disk does not break, where a hundred times the objects would take a hundred times as long.
const SPREAD_MAX: f64 = 2.0;

pub fn run(directory: &Path, quick: bool, table: &mut Table) {
    eprintln!("opening after a crash, {TAIL} objects after the last checkpoint");
    let sizes: &[u64] = if quick { &[10_000, 100_000] } else { &[10_000, 100_000, 1_000_000] };
    let mut least = Vec::new();
    for &objects in sizes {
        let path = directory.join(format!("open-{objects}"));
        let options = Options::default();
        let mut store =
            open_or_create(&path, 1, Caching::System, Layout::default(), options).expect("a store");
        for first in (0..objects).step_by(10_000) {
            let batch = Batch::new(first, 10_000);
            store.commit_hashed(batch.root, batch.height, &batch.objects).expect("a commit");
        }
        store.checkpoint().expect("a checkpoint");
        for first in (objects..objects + TAIL).step_by(1000) {
            let batch = Batch::new(first, 1000);
            store.commit_hashed(batch.root, batch.height, &batch.objects).expect("a commit");
        }
        let stats = store.stats();
        // Nothing is written when it goes: that is a crash.
        drop(store);
        let mut times: Vec<f64> = (0..7)
            .map(|_| {
                let started = Instant::now();
                let store = open(&path, Some(1), Caching::System, options).expect("a store");
                let time = started.elapsed().as_secs_f64();
                assert_eq!(
                    store.committed().map(|entry| entry.root),
                    stats.roots.last().map(|entry| entry.root)
                );
                time
            })
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        let title = format!("opening after a crash, {objects} objects, least of 7, ms");
        least.push(times[0]);
        table.row(&title, &[times[0] * 1e3], 2, Aim::None);
        let each = stats.index_memory_bytes as f64 / stats.objects as f64;
        table.row("… bytes of memory an object for the index", &[each], 1, Aim::AtMost(16.0));
        std::fs::remove_file(&path).expect("the file");
    }
    let spread = least.last().expect("a size") / least[0];
    table.row("opening the largest of these, times the smallest", &[spread], 2, Aim::AtMost(SPREAD_MAX));
}
