//! What a store promises, beside crashes: contents, refusals, damage, room, memory.

mod simulation;

use nub_abi::{Hash, blake2b_256};
use nub_store::fault::{Coin, FaultDevice, Step};
use nub_store::{
    CollectError, CreateError, Finding, Layout, MemoryDevice, OpenError, Options, ReadError, Store,
    WriteError, fsck, reachable,
};
use proptest::prelude::*;
use simulation::{CHAIN, LAYOUT, State, children, object, options};
use std::collections::BTreeMap;

fn create() -> Store<MemoryDevice> {
    Store::create(MemoryDevice::new(), CHAIN, LAYOUT, options()).unwrap()
}

fn open(image: &[u8]) -> Result<Store<MemoryDevice>, OpenError> {
    Store::open(MemoryDevice::from_image(image), Some(CHAIN), options())
}

/// Commits so many changes of a state, with collection.
fn churn(store: &mut Store<MemoryDevice>, commits: u64, seed: u64) -> State {
    let (mut state, mut coin) = (State::new(), Coin::new(seed));
    for _ in 0..commits {
        state.change(&mut coin);
        let (root, objects) = state.objects();
        store.commit(root, state.height, &objects).unwrap();
        store.maintain(200).unwrap();
    }
    state
}

/// Objects of these lengths.
fn objects(numbers: std::ops::Range<u64>, length: usize) -> Vec<(Hash, Vec<u8>)> {
    let bytes = |number: u64| object(&[], &[&number.to_le_bytes()[..], &vec![7; length]].concat());
    numbers.map(bytes).map(|bytes| (blake2b_256(&bytes), bytes)).collect()
}

#[test]
fn what_was_committed_is_read_and_nothing_else() {
    let mut store = create();
    let batch = objects(0..100, 300);
    store.commit(batch[0].0, 1, &batch).unwrap();
    let mut hashes: Vec<Hash> = batch.iter().map(|(hash, _)| *hash).collect();
    hashes.push(Hash([1; 32]));
    let many = store.get_many(&hashes).unwrap();
    for ((hash, bytes), found) in batch.iter().zip(&many) {
        assert_eq!(found.as_deref(), Some(bytes.as_slice()));
        assert_eq!(store.get(hash).unwrap().as_deref(), Some(bytes.as_slice()));
        assert!(store.contains(hash).unwrap());
    }
    assert_eq!(many.last(), Some(&None));
    assert!(!store.contains(&Hash([1; 32])).unwrap());
}

#[test]
fn an_object_is_written_once() {
    let mut store = create();
    let batch = objects(0..10, 300);
    store.commit(batch[0].0, 1, &[batch.clone(), batch.clone()].concat()).unwrap();
    let written = store.stats().written.object_bytes;
    assert_eq!(written, batch.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>());
    store.commit(batch[1].0, 2, &batch).unwrap();
    assert_eq!((store.stats().written.object_bytes, store.stats().objects), (written, 10));
}

#[test]
fn a_commit_is_one_write_and_one_flush() {
    let mut store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, Options::default()).unwrap();
    store.device_mut().take_steps();
    let batch = objects(0..10, 300);
    store.commit(batch[0].0, 1, &batch).unwrap();
    let steps = store.device_mut().take_steps();
    assert_eq!(steps.iter().filter(|step| **step == Step::Flush).count(), 1, "{steps:?}");
    assert!(matches!(steps.as_slice(), [Step::Write { .. }, Step::Flush]));
}

#[test]
fn hashes_computed_before_make_the_same_bytes() {
    let (mut once, mut twice) = (create(), create());
    let mut coin = Coin::new(9);
    let mut state = State::new();
    for _ in 0..30 {
        state.change(&mut coin);
        let (root, objects) = state.objects();
        once.commit_hashed(root, state.height, &objects).unwrap();
        twice.commit(root, state.height, &objects).unwrap();
        assert_eq!(once.maintain(100), twice.maintain(100));
    }
    assert!(once.device().image() == twice.device().image());
}

#[test]
fn wrong_hashes_and_long_objects_are_refused_before_anything_is_written() {
    let mut store = create();
    let image = store.device().image();
    let wrong = vec![(Hash([1; 32]), vec![0; 10])];
    assert_eq!(store.commit(wrong[0].0, 1, &wrong), Err(WriteError::WrongHash(wrong[0].0)));
    let longest = |bytes: usize| {
        let bytes = vec![0; bytes];
        vec![(blake2b_256(&bytes), bytes)]
    };
    let limit = 16 * 4096 - 144 - 4;
    let long = longest(limit + 1);
    let refused = store.commit(long[0].0, 1, &long);
    assert!(matches!(refused, Err(WriteError::ObjectTooLong { limit: found, .. }) if found == limit as u64));
    assert!(image == store.device().image());
    let longest = longest(limit);
    store.commit(longest[0].0, 1, &longest).unwrap();
    let mut again = open(&store.device().image()).unwrap();
    assert_eq!(again.get(&longest[0].0).unwrap().as_deref(), Some(longest[0].1.as_slice()));
}

#[test]
fn retained_roots_are_the_last_ones_and_collection_drops_the_rest() {
    let mut store = create();
    churn(&mut store, 60, 4);
    assert_eq!(store.roots().iter().map(|entry| entry.height).collect::<Vec<_>>(), [58, 59, 60]);
    let before = store.stats();
    while store.collect(1000).unwrap() != nub_store::Progress::Finished {}
    let after = store.stats();
    let roots: Vec<Hash> = store.roots().iter().map(|entry| entry.root).collect();
    let live = reachable(&mut store, &roots, children, |_, _| {}).unwrap();
    assert_eq!(after.objects, live);
    assert!(after.objects < before.objects && after.log_bytes < before.log_bytes, "{before:?} {after:?}");
}

#[test]
fn space_stays_bounded_in_churn() {
    let layout = Layout { segment_blocks: 32, retention: 2 };
    let options =
        Options { index_bytes: 1 << 20, checkpoint_bytes: 1 << 20, collect_bytes_min: 1 << 20, ..options() };
    let mut store = Store::create(MemoryDevice::new(), CHAIN, layout, options).unwrap();
    // 80 groups of 100 objects; a commit replaces a group.
    let (mut groups, mut coin, mut most) = (vec![Hash::ZERO; 80], Coin::new(1), 0);
    for commit in 0..500u64 {
        let group = if commit < 80 { commit as usize } else { coin.below(80) as usize };
        let mut batch = objects(commit * 100..commit * 100 + 100, 200);
        let leaves: Vec<Hash> = batch.iter().map(|(hash, _)| *hash).collect();
        let list = object(&leaves, b"group");
        groups[group] = blake2b_256(&list);
        batch.push((groups[group], list));
        let root = object(&groups[..groups.len().min(commit as usize + 1)], &commit.to_le_bytes());
        let hash = blake2b_256(&root);
        batch.push((hash, root));
        store.commit(hash, commit, &batch).unwrap();
        // However small a slice is, collection keeps pace with what is committed.
        store.maintain(1).unwrap();
        most = if commit < 250 { 0 } else { most.max(store.stats().used_bytes) };
    }
    let live = 80 * (100 * (209 + 32) + 6) as u64;
    let stats = store.stats();
    // The bench measures this with a state that segments and pages do not show in.
    assert!(most < live * 5 / 2, "{most} of {live}: {stats:?}");
    assert!(stats.written.collections > 3, "{stats:?}");
}

#[test]
fn the_index_takes_at_most_sixteen_bytes_an_object_and_keeps_its_budget() {
    let layout = Layout { segment_blocks: 512, retention: 1 };
    let create = |index_bytes| {
        let options = Options { index_bytes, checkpoint_bytes: 1 << 20, ..Options::default() };
        Store::create(MemoryDevice::new(), CHAIN, layout, options).unwrap()
    };
    let mut store = create(usize::MAX);
    for first in (0..100_000).step_by(5000) {
        let batch = objects(first..first + 5000, 20);
        store.commit(batch[0].0, first, &batch).unwrap();
        let stats = store.stats();
        assert!(stats.index_memory_bytes <= 16 * stats.objects, "{stats:?}");
    }
    let mut store = create(200 << 10);
    for first in (0..100_000).step_by(5000) {
        let batch = objects(first..first + 5000, 20);
        store.commit(batch[0].0, first, &batch).unwrap();
    }
    assert!(store.stats().index_memory_bytes < 400 << 10, "{:?}", store.stats());
    for (hash, bytes) in objects(40_000..41_000, 20) {
        assert_eq!(store.get(&hash).unwrap().as_deref(), Some(bytes.as_slice()));
    }
}

#[test]
fn hashes_that_share_their_first_octets_do_no_harm() {
    // Too few bits to find collisions of a real hash by chance; so many objects that some leaves split anyway.
    let mut store = create();
    let batch = objects(0..3000, 8);
    for (number, part) in batch.chunks(500).enumerate() {
        store.commit(part[0].0, number as u64, part).unwrap();
    }
    store.checkpoint().unwrap();
    let mut again = open(&store.device().image()).unwrap();
    for (hash, bytes) in &batch {
        assert_eq!(again.get(hash).unwrap().as_deref(), Some(bytes.as_slice()));
    }
}

/// What collection moved came between the staged objects and their commit: that commit, and all after it, was not
/// found again.
#[test]
fn a_collection_after_staging_does_not_hide_the_commit() {
    let mut store = create();
    churn(&mut store, 12, 5);
    let batch = objects(0..300, 300);
    let list = object(&batch.iter().take(200).map(|(hash, _)| *hash).collect::<Vec<_>>(), b"list");
    let root = (blake2b_256(&list), list);
    // In the midst of one, too.
    store.collect(10).unwrap();
    store.stage(&batch[..100]).unwrap();
    assert_eq!(store.collect(1000), Err(CollectError::Staged));
    store.stage(&batch[100..200]).unwrap();
    store.commit(root.0, 13, std::slice::from_ref(&root)).unwrap();
    while store.collect(1000).unwrap() != nub_store::Progress::Finished {}
    store.stage(&batch[200..]).unwrap();
    assert_eq!(store.maintain(1000), Ok(nub_store::Progress::Idle), "none is due");
    store.give_up_staged().unwrap();
    while store.collect(1000).unwrap() != nub_store::Progress::Finished {}
    let mut again = open(&store.device().image()).unwrap();
    assert_eq!(again.committed().unwrap().root, root.0);
    reachable(&mut again, &[root.0], children, |_, _| {}).unwrap();
    assert_eq!(again.get(&batch[250].0).unwrap(), None);
}

#[test]
fn a_full_device_refuses_and_goes_on_when_there_is_room() {
    let mut store = Store::create(MemoryDevice::with_capacity(1 << 20), CHAIN, LAYOUT, options()).unwrap();
    let (mut state, mut coin, mut full) = (State::new(), Coin::new(3), 0);
    for _ in 0..400 {
        let before = store.committed();
        let mut next = state.clone();
        next.change(&mut coin);
        let (root, objects) = next.objects();
        match store.commit(root, next.height, &objects) {
            Ok(()) => state = next,
            Err(WriteError::Full { .. }) => {
                full += 1;
                assert_eq!(store.committed(), before);
                // Collection makes room: it may use what a commit may not.
                while store.collect(1000).unwrap() != nub_store::Progress::Finished {}
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(full > 0);
    let (root, _) = state.objects();
    assert_eq!(open(&store.device().image()).unwrap().committed().unwrap().root, root);
}

#[test]
fn stores_that_are_not_this_one_are_named() {
    let mut store = create();
    churn(&mut store, 5, 1);
    let image = store.device().image();
    let refused = |image: &[u8]| open(image).map(|_| ()).unwrap_err();
    assert_eq!(refused(&[]), OpenError::Blank);
    assert_eq!(refused(&vec![0; 1 << 20]), OpenError::Blank);
    assert_eq!(refused(&vec![b'x'; 1 << 20]), OpenError::Foreign);
    assert_eq!(refused(b"short"), OpenError::Foreign);
    assert!(matches!(refused(&image[..image.len() - 1]), OpenError::Truncated { .. }));
    assert!(matches!(refused(&image[..8192]), OpenError::Truncated { .. }));
    let another = Store::open(MemoryDevice::from_image(&image), Some(8), options()).map(|_| ());
    assert_eq!(another, Err(OpenError::AnotherChain { expected: 8, found: CHAIN }));
    for (version, expected) in
        [(1, OpenError::Older { found: 1, supported: 2 }), (3, OpenError::Newer { found: 3, supported: 2 })]
    {
        let mut image = image.clone();
        for copy in image[..4 * 4096].chunks_mut(4096).filter(|copy| copy[0] != 0) {
            copy[8] = version;
            let digest = blake2b_256(&copy[..4064]);
            copy[4064..].copy_from_slice(&digest.0);
        }
        assert_eq!(refused(&image), expected);
    }
    let occupied = Store::create(MemoryDevice::from_image(&image), CHAIN, LAYOUT, options()).map(|_| ());
    assert_eq!(occupied, Err(CreateError::NotBlank));
}

#[test]
fn fsck_finds_nothing_in_a_good_store_and_names_what_is_flipped() {
    let mut store = create();
    churn(&mut store, 40, 9);
    store.checkpoint().unwrap();
    let image = store.device().image();
    let report = fsck(&mut MemoryDevice::from_image(&image), |_, _| {}).unwrap();
    assert_eq!(report.findings, []);
    assert!(report.objects >= report.entries && report.entries == store.stats().objects, "{report:?}");
    let mut coin = Coin::new(2);
    let mut found = 0;
    for _ in 0..300 {
        let mut flipped = image.clone();
        let at = coin.below(image.len() as u64) as usize;
        flipped[at] ^= 1 << coin.below(8);
        match fsck(&mut MemoryDevice::from_image(&flipped), |_, _| {}) {
            Ok(report) => found += u32::from(!report.findings.is_empty()),
            Err(_) => found += 1,
        }
    }
    assert!(found > 30, "{found}");
    let mut flipped = image.clone();
    flipped[4096 * 2 + 9] ^= 1;
    let report = fsck(&mut MemoryDevice::from_image(&flipped), |_, _| {}).unwrap();
    assert_eq!(report.findings, [Finding::Superblock { block: 2 }]);
}

/// A record does not say its object's hash: what is damaged is known by the index and by the digest of its frame.
#[test]
fn one_flipped_bit_of_an_object_is_named_and_hides_no_other() {
    let mut store = create();
    for number in 0..3 {
        let batch = objects(number * 10..number * 10 + 10, 300);
        store.commit(batch[0].0, number, &batch).unwrap();
    }
    store.checkpoint().unwrap();
    let mut image = store.device().image();
    let (hash, bytes) = objects(13..14, 300).remove(0);
    let at = image.windows(bytes.len()).position(|window| window == bytes).unwrap();
    image[at + 200] ^= 4;
    let report = fsck(&mut MemoryDevice::from_image(&image), |_, _| {}).unwrap();
    let offset = at as u64 - 4;
    assert!(
        matches!(report.findings[..], [Finding::Frame { .. }, Finding::Entry { offset: found }] if found == offset),
        "{report:?}"
    );
    let mut store = open(&image).unwrap();
    for (number, (other, bytes)) in objects(0..30, 300).iter().enumerate() {
        match store.get(other) {
            Ok(found) => assert_eq!(found.as_deref(), Some(bytes.as_slice())),
            Err(error) => assert_eq!((number, error), (13, ReadError::CorruptObject { hash, offset })),
        }
    }
}

#[test]
fn a_failing_read_is_an_error_and_the_store_goes_on() {
    let mut store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, options()).unwrap();
    let batch = objects(0..10, 300);
    store.commit(batch[0].0, 1, &batch).unwrap();
    store.device_mut().fail_reads(true);
    assert!(matches!(store.get(&batch[3].0), Err(ReadError::Device(_))));
    store.device_mut().fail_reads(false);
    assert!(store.get(&batch[3].0).unwrap().is_some());
    store.commit(batch[1].0, 2, &objects(20..30, 300)).unwrap();
}

proptest! {
    /// Whatever is flipped: what is read is right, or an error, or the store does not open; and a root is one
    /// that was committed.
    #[test]
    fn a_flipped_bit_is_never_data(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let (image, expected, roots) = good_image();
        let mut image = image.clone();
        let at = at.index(image.len());
        image[at] ^= 1 << bit;
        if let Ok(mut store) = open(&image) {
            if let Some(entry) = store.committed() {
                prop_assert!(roots.contains(&entry.root));
            }
            for (hash, bytes) in expected {
                if let Ok(Some(found)) = store.get(hash) {
                    prop_assert_eq!(&*found, bytes.as_slice());
                }
            }
        }
    }

    /// Any bytes instead of a store are refused or read as one, without a panic.
    #[test]
    fn any_superblock_is_refused_or_read(octets in prop::collection::vec(any::<u8>(), 0..200), at in 0..4096usize) {
        let (image, _, _) = good_image();
        let mut image = image.clone();
        for copy in image[..4 * 4096].chunks_mut(4096) {
            let end = (at + octets.len()).min(4064);
            let at = at.min(end);
            copy[at..end].copy_from_slice(&octets[..end - at]);
            let digest = blake2b_256(&copy[..4064]);
            copy[4064..].copy_from_slice(&digest.0);
        }
        let _ = open(&image).map(|mut store| store.get(&Hash([3; 32])));
    }
}

/// An image, the objects on it, and the roots that were committed.
type Good = (Vec<u8>, BTreeMap<Hash, Vec<u8>>, Vec<Hash>);

fn good_image() -> &'static Good {
    static IMAGE: std::sync::OnceLock<Good> = std::sync::OnceLock::new();
    IMAGE.get_or_init(|| {
        let mut store = create();
        let (mut state, mut coin) = (State::new(), Coin::new(6));
        let (mut expected, mut roots) = (BTreeMap::new(), Vec::new());
        for _ in 0..15 {
            state.change(&mut coin);
            let (root, objects) = state.objects();
            store.commit(root, state.height, &objects).unwrap();
            expected.extend(objects);
            roots.push(root);
        }
        (store.device().image(), expected, roots)
    })
}
