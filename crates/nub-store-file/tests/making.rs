//! How a store gets into a file, and what is in the way of that.

use nub_store::{BlockDevice, CreateError, Layout, MemoryDevice, Options, Store};
use nub_store_file::{Caching, FileError, FileStoreError, device_for_store, open_or_create};
use std::fs;
use std::path::{Path, PathBuf};

const CHAIN: u64 = 3;
const LAYOUT: Layout = Layout { segment_blocks: 33, retention: 4 };

fn make(path: &Path, chain_id: Option<u64>) -> Result<(), FileStoreError> {
    device_for_store(path, chain_id, Caching::System, LAYOUT).map(|_| ())
}

fn paths(directory: &tempfile::TempDir) -> (PathBuf, PathBuf) {
    (directory.path().join("state"), directory.path().join("state.new"))
}

/// The octets of a store that was just made.
fn whole(chain_id: u64) -> Vec<u8> {
    let store = Store::create(MemoryDevice::new(), chain_id, LAYOUT, Options::default()).unwrap();
    store.into_device().image()
}

/// Whatever lay under the name a store has while it is made was deleted.
#[test]
fn a_file_of_somebody_else_in_the_way_of_a_new_store_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (path, new) = paths(&directory);
    let mut used = whole(CHAIN);
    *used.last_mut().unwrap() = 1;
    for content in [b"notes".to_vec(), vec![1; 1 << 16], whole(CHAIN + 1), used] {
        fs::write(&new, &content).unwrap();
        let refused = make(&path, Some(CHAIN));
        assert!(matches!(&refused, Err(FileStoreError::InTheWay { path }) if *path == new), "{refused:?}");
        assert!(fs::read(&new).unwrap() == content && !path.exists());
    }
}

#[test]
fn what_a_crash_left_of_a_store_being_made_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (path, new) = paths(&directory);
    let mut torn = whole(CHAIN);
    torn[512..1024].fill(0);
    let mut unwritten = whole(CHAIN);
    unwritten[..1 << 16].fill(0);
    for left in [whole(CHAIN), torn, unwritten, vec![0; whole(CHAIN).len()], Vec::new()] {
        fs::write(&new, &left).unwrap();
        make(&path, Some(CHAIN)).unwrap();
        assert!(!new.exists());
        assert!(fs::read(&path).unwrap() == whole(CHAIN));
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_store_is_made_of_a_named_chain_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (path, new) = paths(&directory);
    for _ in 0..2 {
        assert!(matches!(make(&path, None), Err(FileStoreError::NoChain { .. })));
        assert!(!new.exists());
        // The second time there is an empty file.
        fs::write(&path, []).unwrap();
    }
    make(&path, Some(CHAIN)).unwrap();
    make(&path, None).unwrap();
}

#[test]
fn what_is_in_the_file_is_never_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = paths(&directory);
    let mut zeros_first = vec![0; 1 << 20];
    *zeros_first.last_mut().unwrap() = 1;
    for content in [b"something".to_vec(), zeros_first] {
        fs::write(&path, &content).unwrap();
        let refused = open_or_create(&path, CHAIN, Caching::System, LAYOUT, Options::default()).map(|_| ());
        assert!(matches!(refused, Err(FileStoreError::Open { .. })), "{refused:?}");
        assert!(fs::read(&path).unwrap() == content);
    }
    fs::write(&path, []).unwrap();
    let device = device_for_store(&path, Some(CHAIN), Caching::System, LAYOUT).unwrap();
    assert!(matches!(make(&path, Some(CHAIN)), Err(FileStoreError::File(FileError::Locked { .. }))));
    assert!(device.length_bytes() > 0);
    let again = Store::create(device, CHAIN, LAYOUT, Options::default()).map(|_| ());
    assert_eq!(again, Err(CreateError::NotBlank));
}
