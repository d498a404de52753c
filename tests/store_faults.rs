//! What a store meets beside commits, in checkpoints and collection, is told; and opening by handles.

mod chain;
mod held;

use held::{CONFIG, Held, committed, store_values};
use nub::error::{Abort, CommitError, OpenError, StoreError};
use nub::{Failure, FileStoreError, Hash, Nub, SharedDevice, StoreConfig};
use std::io::Read;

/// A value that the chain keeps, and the hash of its object, once the store has it.
fn kept_value(held: &Held) -> Hash {
    let image = held.image();
    let value = [5u8; 3000];
    let at = image.windows(value.len()).position(|window| window == value).expect("it is in the store");
    let mut flipped = image;
    // A record: length, and the object, whose tag and length stand before the value and little after it.
    let ends = at + value.len()..at + value.len() + 16;
    let object = (at - 40..at).rev().filter(|start| start % 8 == 0).find_map(|start| {
        let end = start + 4 + u32::from_le_bytes(flipped[start..start + 4].try_into().unwrap()) as usize;
        ends.contains(&end).then_some(start + 4..end)
    });
    let hash = nub::blake2b_256(&flipped[object.expect("a record")]);
    flipped[at + 1000] ^= 1;
    held.with(|inner| inner.memory = nub::MemoryDevice::from_image(&flipped));
    hash
}

/// What collection met was dropped: a damaged object showed when a block needed it, if ever.
#[test]
fn a_damaged_object_that_collection_meets_is_named() {
    for kind in chain::backends() {
        let held = committed(kind);
        let mut chain = held.chain(kind);
        let keep = chain::event(chain::probe::STORAGE_PUT, chain::put_args(&[200, 1, 2], &[5; 3000]));
        chain.apply(vec![keep]);
        chain.nub.commit(chain.root).unwrap();
        assert_eq!(chain.nub.health_check().unwrap().store_fault, None);
        let hash = kept_value(&held);
        let named = (0..40).any(|round| {
            store_values(&mut chain, round);
            match chain.nub.health_check().unwrap().store_fault {
                None => false,
                Some(Abort::CorruptObject { hash: found, .. }) => found == hash,
                Some(other) => panic!("{other}"),
            }
        });
        assert!(named, "{kind:?}: no collection met it");
    }
}

/// A commit that succeeded, and then a write of collection or a checkpoint that did not.
#[test]
fn a_write_that_fails_after_a_commit_is_told_and_met_by_the_next_one() {
    for kind in chain::backends() {
        let held = committed(kind);
        let mut chain = held.chain(kind);
        // The first commit after an opening flushes twice.
        store_values(&mut chain, 100);
        let fault = (0..60).find_map(|round| {
            held.with(|inner| (inner.fail_writes_after_flush, inner.fail_writes) = (true, false));
            let root = store_values(&mut chain, round);
            held.with(|inner| (inner.fail_writes_after_flush, inner.fail_writes) = (false, false));
            assert_eq!(chain.nub.state_root().unwrap(), Some(root), "the commit itself is durable");
            chain.nub.health_check().unwrap().store_fault
        });
        assert!(
            matches!(&fault, Some(Abort::Store(reason)) if reason.contains("failed to write")),
            "{fault:?}"
        );
        let root = chain.nub.state_root().unwrap();
        chain.apply(vec![chain::event(chain::probe::COUNT, vec![])]);
        let refused = chain.nub.commit(chain.root);
        assert!(matches!(refused, Err(Failure::Kernel(CommitError::Abort(Abort::Store(_))))), "{refused:?}");
        drop(chain);
        let mut again = held.chain(kind);
        assert_eq!(Some(again.root), root);
        store_values(&mut again, 99);
        assert_eq!(again.nub.health_check().unwrap().store_fault, None);
    }
}

#[test]
fn a_store_is_not_made_of_no_chain() {
    let config = StoreConfig { chain_id: None, ..CONFIG };
    for kind in chain::backends() {
        let held = Held::default();
        let open =
            |config| Nub::builder().backend(kind).device(SharedDevice::new(held.clone()), config).build();
        let refused = open(config).err().unwrap().kernel();
        assert_eq!(refused, Some(OpenError::Store(StoreError::NoChain)));
        assert!(held.image().is_empty());
        open(CONFIG).unwrap();
        open(config).unwrap();
    }
    let directory = tempfile::tempdir().unwrap();
    let made = nub::open_file(&directory.path().join("state"), &config).map(|_| ());
    assert!(matches!(made, Err(FileStoreError::NoChain { .. })));
}

/// A state of some 6 MiB, as a file.
fn large_export() -> (Hash, Vec<u8>) {
    let genesis = chain::genesis(nub::Params::default());
    let mut chain = chain::TestChain::start(nub::BackendKind::Local, &genesis, [3; 32]);
    for block in 0..64u8 {
        let value = |n: u8| [&[block, n][..], &[7; 3998]].concat();
        let put = |n| chain::event(chain::probe::STORAGE_PUT, chain::put_args(&[n, block, 9], &value(n)));
        chain.apply((0..25).map(put).collect());
        chain.nub.commit(chain.root).unwrap();
    }
    let mut file = Vec::new();
    chain.nub.export(chain.root, &mut file).unwrap();
    (chain.root, file)
}

/// All objects of an import were in memory until its end.
#[test]
fn a_large_import_is_written_as_it_comes_and_counts_at_its_end() {
    let (root, file) = large_export();
    assert!(file.len() > 5 << 20, "{} bytes", file.len());
    let mut images = Vec::new();
    for kind in chain::backends() {
        let held = Held::default();
        let mut nub = held.handle(kind).unwrap();
        held.with(|inner| inner.writes = 0);
        assert!(nub.import(root, &mut &file[..file.len() - 100]).is_err());
        held.with(|inner| assert!(inner.writes > 0, "nothing was staged"));
        assert_eq!(nub.state_root().unwrap(), None);
        // What it had written is given up, but for the segment where the log goes on.
        let device = nub::MemoryDevice::from_image(&held.image());
        let stats =
            nub_store::Store::open_read_only(device, None, nub_store::Options::default()).unwrap().stats();
        assert!(stats.objects == 0 && stats.log_bytes < 1 << 20, "{stats:?}");
        drop(nub);
        let mut nub = held.handle(kind).unwrap();
        assert_eq!(nub.state_root().unwrap(), None);
        // Once more without an end, and then to it, on one handle.
        assert!(nub.import(root, &mut &file[..file.len() / 2]).is_err());
        nub.import(root, &mut &file[..]).unwrap();
        assert_eq!(held.chain(nub::BackendKind::Local).root, root);
        images.push(held.image());
    }
    assert!(images.windows(2).all(|pair| pair[0] == pair[1]), "the devices differ");
}

/// Calls when it is read, and is empty.
struct Then<F>(F);

impl<F: FnMut()> Read for Then<F> {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        (self.0)();
        Ok(0)
    }
}

/// A device that cannot be read when an import ends, nor when what it staged is collected.
#[test]
fn what_a_failed_import_staged_goes_when_its_collection_failed_too() {
    let (root, file) = large_export();
    // No leaf of the index stays in memory.
    let config = StoreConfig { index_bytes: 0, ..CONFIG };
    for kind in chain::backends() {
        let held = Held::default();
        let device = SharedDevice::new(held.clone());
        let mut nub = Nub::builder().backend(kind).seed([3; 32]).device(device, config).build().unwrap();
        held.with(|inner| inner.writes = 0);
        let fail = Then(|| held.with(|inner| inner.fail_reads = inner.writes > 0));
        let (first, rest) = file.split_at(5 << 20);
        assert!(nub.import(root, &mut first.chain(fail).chain(rest)).is_err());
        assert!(held.image().len() > 4 << 20, "{kind:?}: nothing was staged");
        let fault = nub.health_check().unwrap().store_fault;
        assert!(matches!(fault, Some(Abort::Store(_))), "{kind:?}: the collection did not fail: {fault:?}");
        held.with(|inner| inner.fail_reads = false);
        // One that fails before it stages anything does not matter.
        assert!(nub.import(root, &mut &file[1..100]).is_err());
        let genesis_root = nub.genesis(&chain::genesis(nub::Params::default())).unwrap();
        let mut chain = chain::TestChain { nub, genesis_root, root: genesis_root, height: 0 };
        let root = (0..10).map(|round| store_values(&mut chain, round)).last().unwrap();
        assert_eq!(chain.nub.health_check().unwrap().store_fault, None);
        drop(chain);
        assert_eq!(held.chain(kind).root, root);
        let device = nub::MemoryDevice::from_image(&held.image());
        let stats =
            nub_store::Store::open_read_only(device, None, nub_store::Options::default()).unwrap().stats();
        assert!(stats.objects < 200 && stats.log_bytes < 1 << 20, "{kind:?}: {stats:?}");
    }
}
