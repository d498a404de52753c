//! A process that commits to a file in a loop is killed, again and again: what it reported is there.
//!
//! The test runs itself as that process. `NUB_KILLS` says how often it is killed.

use nub_abi::{Hash, blake2b_256};
use nub_store::{Layout, NotAnObject, Options, RootEntry, reachable};
use nub_store_file::{Caching, open_or_create};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const CHAIN: u64 = 3;
const LAYOUT: Layout = Layout { segment_blocks: 32, retention: 4 };
/// Set for the process that is killed: where it commits to.
const FILE: &str = "NUB_KILL_FILE";

/// The process that is killed; nothing, in the process that kills.
#[test]
fn commits_for_ever() {
    if let Some(path) = std::env::var_os(FILE) {
        commit_for_ever(&PathBuf::from(path));
    }
}

fn options() -> Options {
    Options {
        checkpoint_bytes: 512 << 10,
        children: Some(children),
        collect_bytes_min: 1 << 20,
        ..Options::default()
    }
}

/// A root names its objects; these name nothing. A root begins with 1.
fn children(bytes: &[u8], visit: &mut dyn FnMut(Hash)) -> Result<(), NotAnObject> {
    let (tag, rest) = bytes.split_first().ok_or(NotAnObject)?;
    if *tag == 1 {
        rest.as_chunks::<32>().0.iter().for_each(|hash| visit(Hash(*hash)));
    }
    Ok(())
}

/// The objects of a height and their root: 40 objects, three of which are of the height before.
fn objects(height: u64) -> (Hash, Vec<(Hash, Vec<u8>)>) {
    let leaf = |height: u64, number: u64| {
        let octets = [[0; 8], height.to_le_bytes(), number.to_le_bytes()].concat();
        octets.repeat(10)
    };
    let mut objects: Vec<_> = (0..37).map(|number| leaf(height, number)).collect();
    objects.extend((0..3).map(|number| leaf(height - 1, number)));
    let mut objects: Vec<_> = objects.into_iter().map(|bytes| (blake2b_256(&bytes), bytes)).collect();
    let mut root = vec![1];
    objects.iter().for_each(|(hash, _)| root.extend_from_slice(&hash.0));
    let hash = blake2b_256(&root);
    objects.push((hash, root));
    (hash, objects)
}

fn commit_for_ever(path: &Path) {
    let mut store = open_or_create(path, CHAIN, Caching::System, LAYOUT, options()).expect("a store");
    let mut height = store.committed().map_or(0, |entry| entry.height);
    let mut out = std::io::stdout();
    loop {
        height += 1;
        let (root, objects) = objects(height);
        store.commit(root, height, &objects).expect("room");
        writeln!(out, "{height}").and_then(|()| out.flush()).expect("a reader");
        store.maintain(200).expect("a whole store");
    }
}

#[test]
fn what_a_killed_process_reported_is_there() {
    let kills: u32 = std::env::var("NUB_KILLS").map_or(8, |kills| kills.parse().expect("a number"));
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("state");
    let mut reported = 0;
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "--nocapture", "commits_for_ever"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        // A line cut off by the kill reports nothing; nor does what the test harness prints.
        let mut heights = lines.map_while(Result::ok).filter_map(|line| line.parse::<u64>().ok());
        let first = heights.next().expect("a commit");
        // Not always at the same place.
        std::thread::sleep(Duration::from_micros(u64::from(kill) * 7919 % 20_000));
        child.kill().expect("SIGKILL");
        reported = heights.last().unwrap_or(first).max(first);
        child.wait().expect("an end");
        check(&path, reported);
    }
    println!("killed {kills} times, {reported} commits");
    assert!(reported > u64::from(kills));
}

/// The last commit reported, or the one after it, is whole.
fn check(path: &Path, reported: u64) {
    let mut store = open_or_create(path, CHAIN, Caching::System, LAYOUT, options()).expect("a store");
    let committed = store.committed().expect("a root");
    assert!([reported, reported + 1].contains(&committed.height), "{committed:?} after {reported}");
    let expected = objects(committed.height).0;
    assert_eq!(committed, RootEntry { root: expected, height: committed.height });
    let roots: Vec<Hash> = store.roots().iter().map(|entry| entry.root).collect();
    reachable(&mut store, &roots, children, |_, _| {}).expect("everything under the roots");
}
