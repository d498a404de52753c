//! A state of constant size of which every block replaces a part, with collection.

use crate::objects;
use crate::table::{Aim, Table};
use nub_abi::{Hash, blake2b_256};
use nub_store::fault::Coin;
use nub_store::{BlockDevice, Layout, NotAnObject, Options};
use nub_store_file::{Caching, open_or_create};
use std::path::Path;
use std::time::{Duration, Instant};

/// Objects of a group; a commit replaces a group.
const GROUP: u64 = 1000;
/// Objects' worth of collection after a commit, at least.
const SLICE: usize = 512;
/// Roots that are kept: what they reach lives.
const RETENTION: u64 = 16;
/// Blocks a segment: 512 KiB of a state of 96 MB, as the usual 4 MiB of one of 800 MB.
const SEGMENT_BLOCKS: u32 = 128;

/// A group or the root is a list of hashes behind its length; objects of 200 bytes name nothing.
fn children(bytes: &[u8], visit: &mut dyn FnMut(Hash)) -> Result<(), NotAnObject> {
    if bytes.len() != 200 {
        bytes.get(8..).ok_or(NotAnObject)?.as_chunks::<32>().0.iter().for_each(|hash| visit(Hash(*hash)));
    }
    Ok(())
}

fn list(tag: u64, hashes: &[Hash]) -> (Hash, Vec<u8>) {
    let mut bytes = tag.to_le_bytes().to_vec();
    hashes.iter().for_each(|hash| bytes.extend_from_slice(&hash.0));
    (blake2b_256(&bytes), bytes)
}

pub fn run(path: &Path, quick: bool, table: &mut Table) {
    let (groups, commits) = if quick { (100, 300) } else { (400, 1600) };
    let options = Options { children: Some(children), index_bytes: 64 << 20, ..Options::default() };
    let layout = Layout { segment_blocks: SEGMENT_BLOCKS, retention: RETENTION as u32 };
    let mut store = open_or_create(path, 1, Caching::System, layout, options).expect("a store");
    let mut lists = vec![Hash::ZERO; groups];
    let mut coin = Coin::new(5);
    let mut number = 1 << 40;
    // Each root that is kept beside the last has one group of its own.
    let group_bytes = GROUP * 200 + GROUP * 32 + 8;
    let live_bytes = (groups as u64 + RETENTION - 1) * group_bytes + RETENTION * (groups as u64 * 32 + 8);
    eprintln!(
        "churn: {groups} groups of {GROUP} objects, {:.0} MB live, {commits} commits that replace one",
        live_bytes as f64 / 1e6
    );
    let (mut times, mut slices, mut space) = (Vec::new(), Vec::new(), Vec::new());
    let mut before = store.stats().written;
    for commit in 0..groups + commits {
        let group = if commit < groups { commit } else { coin.below(groups as u64) as usize };
        let mut batch: Vec<_> = (number..number + GROUP)
            .map(|number| (objects::hash_of(number), objects::object(number)))
            .collect();
        number += GROUP;
        let hashes: Vec<Hash> = batch.iter().map(|(hash, _)| *hash).collect();
        batch.push(list(group as u64, &hashes));
        lists[group] = batch.last().expect("a list").0;
        batch.push(list(commit as u64, &lists[..groups.min(commit + 1)]));
        let root = batch.last().expect("a root").0;
        let started = Instant::now();
        store.commit_hashed(root, commit as u64, &batch).expect("a commit");
        let committed = started.elapsed();
        store.maintain(SLICE).expect("a slice");
        if commit == groups {
            before = store.stats().written;
        }
        if commit > groups {
            times.push(committed);
            slices.push(started.elapsed() - committed);
            space.push(store.stats().used_bytes);
        }
    }
    let after = store.stats().written;
    let objects = after.object_bytes - before.object_bytes;
    let all = [
        after.commit_bytes - before.commit_bytes,
        after.moved_bytes - before.moved_bytes,
        after.index_bytes - before.index_bytes,
    ];
    times.sort_unstable();
    slices.sort_unstable();
    let at = |times: &[Duration], per_cent: usize| times[times.len() * per_cent / 100].as_secs_f64() * 1e3;
    table.row("churn: commit p50, ms", &[at(&times, 50)], 2, Aim::None);
    table.row("… p99, ms", &[at(&times, 99)], 2, Aim::None);
    table.row("… slice of collection p50, ms", &[at(&slices, 50)], 2, Aim::None);
    table.row("… p99, ms", &[at(&slices, 99)], 2, Aim::None);
    let per_byte = |bytes: u64| bytes as f64 / objects as f64;
    table.row("… bytes written for each byte of objects", &[per_byte(all.iter().sum())], 2, Aim::AtMost(3.0));
    for (title, bytes) in ["… of these to the log", "… moved", "… of the index"].iter().zip(all) {
        table.row(title, &[per_byte(bytes)], 2, Aim::None);
    }
    let half = &space[space.len() / 2..];
    let times_live = |bytes: u64| bytes as f64 / live_bytes as f64;
    let mean = half.iter().sum::<u64>() / half.len() as u64;
    table.row(
        "… space in use at most, times what lives",
        &[times_live(*half.iter().max().expect("a commit"))],
        2,
        Aim::AtMost(2.0),
    );
    table.row("… in the mean", &[times_live(mean)], 2, Aim::None);
    table.row("… the file", &[times_live(store.device().length_bytes())], 2, Aim::None);
}
