//! `nub fsck`, `export`, `import` and `stats` on a store in a file: what they print, and their exit codes.

use nub_abi::{Hash, Params};
use nub_state::{CNode, Key, Link, NoLoader, System, seal_root};
use nub_store::{Layout, Options};
use nub_store_file::{Caching, open_or_create};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

const CHAIN: u64 = 5;
/// One test at a time: a process that another test starts has the files open, and so locked, until it is another
/// program.
static ALONE: Mutex<()> = Mutex::new(());

fn nub(arguments: &[&str], paths: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nub")).args(arguments).args(paths).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A store with one state of a few hundred objects; gives its root.
fn make_store(path: &Path) -> Hash {
    let mut values = CNode::new();
    for number in 0..300u32 {
        let key = Key::new(&number.to_be_bytes()).unwrap();
        let value = Link::new(number.to_le_bytes().repeat(50));
        values.insert(&key, value, &mut NoLoader).unwrap().unwrap();
    }
    let system = System {
        protocol_version: nub_abi::PROTOCOL_VERSION,
        chain_id: CHAIN,
        height: 9,
        timestamp: 0,
        last_block: Hash::ZERO,
        last_receipts_root: Hash::ZERO,
        params: Params::default(),
        next_params: None,
        instances: Link::new(values),
    };
    let mut objects = Vec::new();
    let root = seal_root(system, &mut |hash, bytes, _| objects.push((hash, bytes)));
    let layout = Layout { segment_blocks: 64, retention: 2 };
    let mut store = open_or_create(path, CHAIN, Caching::System, layout, Options::default()).unwrap();
    store.commit(root.hash, 9, &objects).unwrap();
    store.checkpoint().unwrap();
    root.hash
}

#[test]
fn a_state_goes_through_a_file_into_another_store() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let (store, file, other, again) = (path("state"), path("export"), path("other"), path("again"));
    let root = make_store(&store).to_string();
    for arguments in [["fsck"], ["stats"]] {
        let output = nub(&arguments, &[&store]);
        assert!(output.status.success(), "{output:?}");
    }
    assert!(stdout(&nub(&["stats"], &[&store])).contains(&root));
    let exported = nub(&["export"], &[&store, &file]);
    assert!(exported.status.success() && stdout(&exported).contains(&root), "{exported:?}");
    let imported = nub(&["import"], &[&file, &other]);
    assert!(imported.status.success() && stdout(&imported).contains(&root), "{imported:?}");
    assert!(nub(&["fsck"], &[&other]).status.success());
    assert!(nub(&["export"], &[&other, &again]).status.success());
    assert!(std::fs::read(&file).unwrap() == std::fs::read(&again).unwrap());
    assert_eq!(nub(&["import"], &[&file, &other]).status.code(), Some(1), "there is a state in it");
    assert_eq!(nub(&["export"], &[&store, &file]).status.code(), Some(1), "the file exists");
}

#[test]
fn damage_is_found_and_named_on_stderr() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = tempfile::tempdir().unwrap();
    let (store, file) = (directory.path().join("state"), directory.path().join("export"));
    make_store(&store);
    let exported = nub(&["export"], &[&store, &file]);
    assert!(exported.status.success(), "{exported:?}");
    let good = std::fs::read(&store).unwrap();
    let mut damaged = good.clone();
    // An object in the first commit: before it comes the fence, a block.
    damaged[(17 * 4096) + 144 + 36 + 60] ^= 1;
    std::fs::write(&store, &damaged).unwrap();
    let output = nub(&["fsck"], &[&store]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("is corrupt"), "{output:?}");
    assert!(!output.stderr.is_empty());
    let before = std::fs::read(&store).unwrap();
    assert!(before == damaged, "fsck writes nothing");
    let mut export = std::fs::read(&file).unwrap();
    *export.last_mut().unwrap() ^= 1;
    std::fs::write(&file, &export).unwrap();
    let none = directory.path().join("none");
    assert_eq!(nub(&["import"], &[&file, &none]).status.code(), Some(1));
    assert!(!none.exists(), "nothing is made of a bad file");
    std::fs::write(&store, b"something else").unwrap();
    assert_eq!(nub(&["fsck"], &[&store]).status.code(), Some(1));
    assert_eq!(nub(&["fsck"], &[]).status.code(), Some(2));
}
