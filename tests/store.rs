//! The store on a device under a handle: the same bytes from both backends, and what they do when the device
//! fails or is not what it should be.

mod chain;
mod held;

use chain::{TestChain, event, probe, put_args};
use held::{CONFIG, Held, committed, store_values};
use nub::error::{Abort, ApplyError, CommitError, GenesisError, OpenError, StoreError};
use nub::{BackendKind, BlockDevice, Failure, Hash, MemoryDevice, Nub, Params};

/// Runs blocks, on another handle each few; gives the device and the roots.
fn run(kinds: &[BackendKind]) -> (Held, Vec<Hash>) {
    let held = committed(kinds[0]);
    let mut roots = Vec::new();
    for (part, kind) in kinds.iter().enumerate() {
        let mut chain = held.chain(*kind);
        roots.extend((0..12).map(|n| store_values(&mut chain, part as u8 * 50 + n)));
    }
    (held, roots)
}

#[test]
fn both_backends_write_the_same_bytes() {
    let (local, roots) = run(&[BackendKind::Local; 3]);
    let store =
        nub_store::Store::open(MemoryDevice::from_image(&local.image()), None, Default::default()).unwrap();
    let stats = store.stats();
    assert!(stats.checkpoint > 2 && stats.live_bytes > 0, "no checkpoint or no collection: {stats:?}");
    if !chain::hyperlight_runs() {
        return;
    }
    for kinds in
        [[BackendKind::Hyperlight; 3], [BackendKind::Hyperlight, BackendKind::Local, BackendKind::Hyperlight]]
    {
        let (other, other_roots) = run(&kinds);
        assert_eq!(roots, other_roots);
        assert!(local.image() == other.image(), "the devices differ");
    }
}

#[test]
fn a_new_handle_goes_on_from_the_last_commit_and_not_from_a_candidate() {
    for kind in chain::backends() {
        let held = committed(kind);
        let mut chain = held.chain(kind);
        let root = store_values(&mut chain, 1);
        let before = held.image();
        chain.apply(vec![event(probe::COUNT, vec![])]);
        chain.nub.rollback().unwrap();
        assert!(before == held.image(), "candidates and rollback touch the device");
        drop(chain);
        for opener in chain::backends() {
            assert_eq!(held.chain(opener).root, root);
        }
    }
}

#[test]
fn a_read_that_fails_aborts_the_block_and_nothing_else() {
    for kind in chain::backends() {
        let held = committed(kind);
        store_values(&mut held.chain(kind), 1);
        let mut chain = held.chain(kind);
        held.with(|inner| inner.fail_reads = true);
        let block = chain.block(vec![event(probe::STORAGE_GET, vec![1, 1, 2])]).to_bytes();
        let failed = chain.nub.apply_block(chain.root, &block);
        assert!(matches!(failed, Err(Failure::Kernel(ApplyError::Abort(Abort::Store(_))))), "{failed:?}");
        held.with(|inner| inner.fail_reads = false);
        chain.nub.apply_block(chain.root, &block).unwrap();
    }
}

#[test]
fn a_flush_that_fails_is_final_until_the_store_is_opened_again() {
    for kind in chain::backends() {
        let held = committed(kind);
        let mut chain = held.chain(kind);
        let root = chain.root;
        chain.apply(vec![event(probe::COUNT, vec![])]);
        held.with(|inner| inner.fail_flushes = true);
        let failed = chain.nub.commit(chain.root);
        assert!(matches!(failed, Err(Failure::Kernel(CommitError::Abort(Abort::Store(_))))), "{failed:?}");
        assert_eq!(chain.nub.state_root().unwrap(), Some(root));
        held.with(|inner| (inner.fail_flushes, inner.writes) = (false, 0));
        assert!(chain.nub.commit(chain.root).is_err(), "a flush is never tried again");
        held.with(|inner| assert_eq!(inner.writes, 0));
        let again = held.chain(kind);
        assert!([root, chain.root].contains(&again.root));
    }
}

#[test]
fn a_full_device_refuses_a_commit_and_takes_it_once_there_is_room() {
    for kind in chain::backends() {
        let held = committed(kind);
        let mut chain = held.chain(kind);
        held.with(|inner| inner.memory.set_capacity(inner.memory.length_bytes()));
        let mut root = chain.root;
        let mut full = None;
        for round in 0..200 {
            let put = |n: u8| event(probe::STORAGE_PUT, put_args(&[n, round, 2], &[round ^ n; 3000]));
            chain.apply((0..20).map(put).collect());
            match chain.nub.commit(chain.root) {
                Ok(()) => root = chain.root,
                Err(error) => {
                    full = Some(error);
                    break;
                }
            }
        }
        assert!(full.is_some_and(|error| error.to_string().contains("full")));
        assert_eq!(chain.nub.state_root().unwrap(), Some(root));
        assert_eq!(held.chain(BackendKind::Local).root, root);
        held.with(|inner| inner.memory.set_capacity(u64::MAX));
        chain.nub.commit(chain.root).unwrap();
        drop(chain.nub);
        assert_eq!(held.chain(kind).root, chain.root);
    }
}

#[test]
fn what_is_no_store_of_this_chain_is_named_and_left_alone() {
    let good = committed(BackendKind::Local).image();
    let mut newer = good.clone();
    let mut older = good.clone();
    let mut another = good.clone();
    for copy in newer.chunks_mut(4096).take(4) {
        rewrite(copy, |block| block[8] = 9);
    }
    for copy in older.chunks_mut(4096).take(4) {
        rewrite(copy, |block| block[8] = 1);
    }
    for copy in another.chunks_mut(4096).take(4) {
        rewrite(copy, |block| block[16] = 4);
    }
    let mut damaged = good.clone();
    damaged[..4 * 4096].iter_mut().skip(100).step_by(4096).for_each(|octet| *octet ^= 1);
    type Case = (&'static str, Vec<u8>, fn(&StoreError) -> bool);
    let mut zeros_first = vec![0; 1 << 20];
    zeros_first[(1 << 20) - 1] = 1;
    let cases: [Case; 7] = [
        ("zeros, then something", zeros_first, |error| matches!(error, StoreError::Foreign)),
        ("newer", newer, |error| matches!(error, StoreError::Newer { found: 9, supported: 2 })),
        ("older", older, |error| matches!(error, StoreError::Older { found: 1, supported: 2 })),
        ("another", another, |error| matches!(error, StoreError::AnotherChain { expected: 3, found: 4 })),
        ("truncated", good[..good.len() / 2].to_vec(), |error| matches!(error, StoreError::Truncated { .. })),
        ("foreign", vec![b'x'; 1 << 16], |error| matches!(error, StoreError::Foreign)),
        ("damaged", damaged, |error| matches!(error, StoreError::Damaged { .. })),
    ];
    for kind in chain::backends() {
        for (name, image, is_it) in &cases {
            let held = Held::of(image);
            let refused = held.handle(kind).err().unwrap().kernel();
            assert!(matches!(&refused, Some(OpenError::Store(error)) if is_it(error)), "{name}: {refused:?}");
            assert!(held.image() == *image, "{name} was written to");
        }
    }
}

/// Changes a superblock and gives it its digest, if it is one.
fn rewrite(block: &mut [u8], change: impl FnOnce(&mut [u8])) {
    if block.starts_with(b"nubstore") {
        change(block);
        let digest = nub::blake2b_256(&block[..4064]);
        block[4064..].copy_from_slice(&digest.0);
    }
}

#[test]
fn a_genesis_of_another_chain_is_refused() {
    for kind in chain::backends() {
        let held = Held::default();
        let mut nub = held.handle(kind).unwrap();
        let mut genesis = chain::genesis(Params::default());
        genesis.chain_id = 9;
        let refused = nub.genesis(&genesis);
        let expected = GenesisError::AnotherChain { store: chain::CHAIN_ID, genesis: 9 };
        assert!(matches!(refused, Err(Failure::Kernel(error)) if error == expected));
    }
}

#[test]
fn a_flipped_bit_is_an_error_and_never_data() {
    let held = committed(BackendKind::Local);
    store_values(&mut held.chain(BackendKind::Local), 7);
    let good = held.image();
    // The value of one key, wherever it is on the device.
    let value = [7u8 ^ 5; 2000];
    let places: Vec<usize> = good
        .windows(value.len())
        .enumerate()
        .filter(|(_, window)| *window == value)
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty());
    for kind in chain::backends() {
        let mut image = good.clone();
        places.iter().for_each(|at| image[at + 777] ^= 0x10);
        let held = Held::of(&image);
        // If it was after the last checkpoint, the commit does not count; else reading it is an error.
        let mut chain = held.chain(kind);
        let block = chain.block(vec![event(probe::STORAGE_GET, vec![5, 1, 2])]).to_bytes();
        match chain.nub.apply_block(chain.root, &block) {
            Ok((_, summary)) => assert_eq!(chain.height, 0, "{summary:?}"),
            Err(Failure::Kernel(ApplyError::Abort(Abort::CorruptObject { .. }))) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_guest_killed_while_it_commits_goes_on_at_the_root_before_or_the_new_one() {
    if !chain::hyperlight_runs() {
        return;
    }
    let held = committed(BackendKind::Hyperlight);
    let mut chain = held.chain(BackendKind::Hyperlight);
    let mut killed = 0;
    for round in 0..6u8 {
        // A guest's first commit flushes twice: the kill is to meet the flush of a commit.
        let before = store_values(&mut chain, 100 + round);
        let switch = chain.nub.kill_switch().unwrap();
        let put = |n: u8| event(probe::STORAGE_PUT, put_args(&[n, 1, 2], &[round ^ n; 2000]));
        chain.apply((0..20).map(put).collect());
        // While the host's function runs; it takes effect when the guest goes on.
        held.with(|inner| {
            inner.at_flush = Some(Box::new(move || {
                switch.kill();
            }))
        });
        let result = chain.nub.commit(chain.root);
        held.with(|inner| inner.at_flush = None);
        let after = chain.nub.state_root().unwrap().unwrap();
        match result {
            Ok(()) => assert_eq!(after, chain.root),
            Err(_) => {
                killed += 1;
                // The flush was done before the kill.
                assert_eq!(after, chain.root);
                assert_ne!(after, before);
            }
        }
        assert_eq!(held.chain(BackendKind::Local).root, after);
    }
    assert!(killed > 0);
    let root = store_values(&mut chain, 99);
    assert_eq!(held.chain(BackendKind::Local).root, root);
}

#[test]
fn a_file_outlives_its_handle_and_lets_one_in() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    for kind in chain::backends() {
        let open = || nub::open_file(&path, &CONFIG);
        let device = open().unwrap();
        assert!(matches!(open(), Err(nub::FileStoreError::File(nub::FileError::Locked { .. }))));
        let mut nub = Nub::builder().backend(kind).device(device, CONFIG).build().unwrap();
        let root = match nub.state_root().unwrap() {
            None => nub.genesis(&chain::genesis(Params::default())).unwrap(),
            Some(root) => root,
        };
        let height = nub.health_check().unwrap().height;
        let mut chain = TestChain { nub, genesis_root: root, root, height };
        let root = store_values(&mut chain, height as u8);
        drop(chain);
        let mut nub =
            Nub::builder().backend(BackendKind::Local).device(open().unwrap(), CONFIG).build().unwrap();
        assert_eq!(nub.state_root().unwrap(), Some(root));
    }
}
