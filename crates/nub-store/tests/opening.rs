//! What opening a store makes of the device it is given.

mod simulation;

use nub_abi::{Hash, blake2b_256};
use nub_store::device::SECTOR_BYTES;
use nub_store::fault::{Coin, FaultDevice, Loss, Medium, Step};
use nub_store::{CreateError, MemoryDevice, OpenError, OpenOrCreateError, RootEntry, Store, WriteError};
use simulation::{CHAIN, LAYOUT, State, object, options};

/// A commit of the next state; gives its root.
fn commit(store: &mut Store<FaultDevice>, state: &mut State, coin: &mut Coin) -> Result<Hash, WriteError> {
    state.change(coin);
    let (root, objects) = state.objects();
    store.commit(root, state.height, &objects).map(|()| root)
}

/// The committed root of what is left when the power is lost.
fn after_power_loss(medium: &Medium, coin: &mut Coin) -> Option<RootEntry> {
    let image = medium.crash(Loss::Everything, coin);
    Store::open(MemoryDevice::from_image(&image), Some(CHAIN), options()).expect("a store").committed()
}

/// The system's cache called pages clean that had not reached the disk: the flush of the next process succeeded
/// without them, the root it found was gone after a power loss.
#[test]
fn a_root_that_only_the_cache_has_after_a_failed_flush_is_written_again() {
    let mut found_new = 0;
    for seed in 0..40 {
        let mut coin = Coin::new(seed);
        let mut store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, options()).unwrap();
        let mut state = State::new();
        commit(&mut store, &mut state, &mut coin).unwrap();
        store.device_mut().fail_after(1);
        let failed = commit(&mut store, &mut state, &mut coin);
        assert!(matches!(failed, Err(WriteError::Failed(_))), "{failed:?}");
        let mut medium = Medium::default();
        let steps = store.device_mut().take_steps();
        assert_eq!(steps.last(), Some(&Step::FailedFlush));
        steps.iter().for_each(|step| medium.apply(step, &mut coin));
        let seen = medium.die(&mut coin);
        let mut store = Store::open(FaultDevice::from_image(&seen), Some(CHAIN), options()).unwrap();
        store.device_mut().take_steps().iter().for_each(|step| medium.apply(step, &mut coin));
        let found = store.committed();
        found_new += u32::from(found.is_some_and(|entry| entry.height == 2));
        assert_eq!(after_power_loss(&medium, &mut coin), found, "seed {seed}");
    }
    assert!(found_new > 0, "the cache never showed the commit");
}

/// The same for the superblock of a checkpoint: what it frees is used again.
#[test]
fn a_superblock_that_only_the_cache_has_after_a_failed_flush_is_written_again() {
    for seed in 0..40 {
        let mut coin = Coin::new(seed);
        let mut store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, options()).unwrap();
        let mut state = State::new();
        for _ in 0..4 {
            commit(&mut store, &mut state, &mut coin).unwrap();
        }
        // Pages, flush, superblock, flush: the last one fails.
        store.device_mut().take_steps();
        let mut medium = Medium::new(store.device().image());
        store.device_mut().fail_after(3);
        assert!(store.checkpoint().is_err());
        store.device_mut().take_steps().iter().for_each(|step| medium.apply(step, &mut coin));
        let seen = medium.die(&mut coin);
        let mut store = Store::open(FaultDevice::from_image(&seen), Some(CHAIN), options()).unwrap();
        let checkpoint = store.stats().checkpoint;
        store.device_mut().take_steps().iter().for_each(|step| medium.apply(step, &mut coin));
        let image = medium.crash(Loss::Everything, &mut coin);
        let again = Store::open(MemoryDevice::from_image(&image), Some(CHAIN), options()).unwrap();
        assert_eq!(again.stats().checkpoint, checkpoint, "seed {seed}");
        assert_eq!(again.committed(), store.committed());
    }
}

/// A commit that was cut off left a frame after the tail; the next one did not fit there and went on in the next
/// segment, where recovery did not look.
#[test]
fn a_commit_that_was_cut_off_does_not_hide_the_one_after_it() {
    let sized = |number: u8, length: usize| {
        let bytes = object(&[], &[vec![number], vec![7; length]].concat());
        (blake2b_256(&bytes), bytes)
    };
    let mut store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, options()).unwrap();
    let first = sized(1, 20_000);
    store.commit(first.0, 1, std::slice::from_ref(&first)).unwrap();
    let mut medium = Medium::new(store.device().image());
    store.device_mut().take_steps();
    // Two frames; the second lies in the next segment and does not arrive.
    let cut_off = [sized(2, 30_000), sized(3, 30_000)];
    store.commit(cut_off[1].0, 2, &cut_off).unwrap();
    let steps = store.device_mut().take_steps();
    let is_write = |step: &Step| matches!(step, Step::Write { .. });
    assert_eq!(steps.iter().filter(|step| is_write(step)).count(), 2);
    let first_write = steps.iter().position(is_write).unwrap();
    let mut coin = Coin::new(0);
    steps[..=first_write].iter().for_each(|step| medium.apply(step, &mut coin));
    let image = medium.crash(Loss::Nothing, &mut coin);
    let mut store = Store::open(FaultDevice::from_image(&image), Some(CHAIN), options()).unwrap();
    assert_eq!(store.committed().unwrap().height, 1);
    // It fits into the next segment alone.
    let next = sized(4, 60_000);
    store.commit(next.0, 2, std::slice::from_ref(&next)).unwrap();
    let again =
        Store::open(FaultDevice::from_image(&store.device().image()), Some(CHAIN), options()).unwrap();
    assert_eq!(again.committed(), Some(RootEntry { root: next.0, height: 2 }));
}

/// The next commit after one that was torn went to the same place. It was torn too, and its sectors made the other
/// one whole: a root that had been found not to be there came back.
#[test]
fn a_torn_commit_is_not_completed_by_the_one_after_it() {
    let sized = |number: u8, length: usize| {
        let bytes = object(&[], &[vec![number], vec![7; length]].concat());
        (blake2b_256(&bytes), bytes)
    };
    let mut store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, options()).unwrap();
    let first = sized(1, 100);
    store.commit(first.0, 1, std::slice::from_ref(&first)).unwrap();
    // Both commits begin with the same object. Of the first, one sector in the middle of it does not arrive.
    let (shared, lost, next) = (sized(2, 3000), sized(3, 100), sized(4, 100));
    let before = store.device().image();
    store.device_mut().take_steps();
    store.commit(lost.0, 2, &[shared.clone(), lost.clone()]).unwrap();
    let mut torn = store.device().image();
    let offset = offset_of_last_write(&store.device_mut().take_steps());
    let missing = offset + 2 * SECTOR_BYTES..offset + 3 * SECTOR_BYTES;
    assert_ne!(torn[missing.clone()], before[missing.clone()]);
    torn[missing.clone()].copy_from_slice(&before[missing.clone()]);

    let mut store = Store::open(FaultDevice::from_image(&torn), Some(CHAIN), options()).unwrap();
    assert_eq!(store.committed().unwrap().height, 1);
    store.commit(next.0, 2, &[shared, next.clone()]).unwrap();
    let written = store.device().image();
    let steps = store.device_mut().take_steps();
    // All that was flushed before the commit, and of the commit itself the sector that the other one lacks.
    let (mut medium, mut coin) = (Medium::new(torn), Coin::new(0));
    let last = steps.iter().rposition(|step| matches!(step, Step::Write { .. })).unwrap();
    steps[..last].iter().for_each(|step| medium.apply(step, &mut coin));
    let mut image = medium.crash(Loss::Everything, &mut coin);
    let offset = offset_of_last_write(&steps) + 2 * SECTOR_BYTES;
    image[offset..][..SECTOR_BYTES].copy_from_slice(&written[offset..][..SECTOR_BYTES]);
    let again = Store::open(MemoryDevice::from_image(&image), Some(CHAIN), options()).unwrap();
    assert_eq!(again.committed(), Some(RootEntry { root: first.0, height: 1 }));
}

fn offset_of_last_write(steps: &[Step]) -> usize {
    let offset = |step: &Step| match step {
        Step::Write { offset, .. } => Some(*offset as usize),
        _ => None,
    };
    steps.iter().rev().find_map(offset).unwrap()
}

/// A device that was opened and not written to since has no more than what the next opening finds.
#[test]
fn the_first_commit_after_an_opening_is_fenced_once() {
    let mut store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, options()).unwrap();
    let (mut state, mut coin) = (State::new(), Coin::new(1));
    commit(&mut store, &mut state, &mut coin).unwrap();
    let mut store = Store::open(FaultDevice::from_image(&store.device().image()), None, options()).unwrap();
    for expected_flushes in [2, 1, 1] {
        store.device_mut().take_steps();
        commit(&mut store, &mut state, &mut coin).unwrap();
        let steps = store.device_mut().take_steps();
        assert_eq!(steps.iter().filter(|step| **step == Step::Flush).count(), expected_flushes);
    }
    let root = store.committed();
    let again = Store::open(FaultDevice::from_image(&store.device().image()), None, options()).unwrap();
    assert_eq!(again.committed(), root);
}

#[test]
fn opening_writes_only_what_it_read_and_mends_a_torn_copy_of_the_superblock() {
    let mut store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, options()).unwrap();
    let (mut state, mut coin) = (State::new(), Coin::new(1));
    for _ in 0..3 {
        commit(&mut store, &mut state, &mut coin).unwrap();
    }
    let good = store.device().image();
    let reopened = Store::open(FaultDevice::from_image(&good), None, options()).unwrap();
    assert!(reopened.device().image() == good);
    assert!(reopened.device().count() > 3, "frames, a superblock, a flush, a superblock");
    for copy in [0, 1] {
        let mut torn = good.clone();
        torn[copy * 4096 + 700] ^= 1;
        let reopened = Store::open(FaultDevice::from_image(&torn), None, options()).unwrap();
        assert!(reopened.device().image() == good);
    }
}

#[test]
fn a_store_that_is_opened_to_be_read_is_not_written() {
    let mut store = Store::create(FaultDevice::default(), CHAIN, LAYOUT, options()).unwrap();
    let (mut state, mut coin) = (State::new(), Coin::new(1));
    let root = commit(&mut store, &mut state, &mut coin).unwrap();
    let image = store.device().image();
    let mut store = Store::open_read_only(FaultDevice::from_image(&image), None, options()).unwrap();
    assert!(store.get(&root).unwrap().is_some());
    assert!(matches!(commit(&mut store, &mut state, &mut coin), Err(WriteError::Failed(_))));
    assert_eq!(store.device().count(), 0);
}

/// Sixteen blocks of zeros were enough to be taken for a blank device: a foreign image that begins so was written to.
#[test]
fn a_foreign_image_that_begins_with_zeros_is_not_blank() {
    for at in [16 * 4096, 3 << 20, (4 << 20) - 1] {
        let mut image = vec![0; 4 << 20];
        image[at] = 1;
        let device = || FaultDevice::from_image(&image);
        let mut given = device();
        let refused = Store::open_or_create(&mut given, CHAIN, LAYOUT, options()).map(|_| ());
        assert_eq!(refused, Err(OpenOrCreateError::Open(OpenError::Foreign)));
        let refused = Store::create(&mut given, CHAIN, LAYOUT, options()).map(|_| ());
        assert_eq!(refused, Err(CreateError::NotBlank));
        assert_eq!(given.count(), 0);
        let refused = Store::open(device(), Some(CHAIN), options()).map(|_| ());
        assert_eq!(refused, Err(OpenError::Foreign));
    }
    Store::create(FaultDevice::from_image(&vec![0; 4 << 20]), CHAIN, LAYOUT, options()).unwrap();
    let uneven = Store::open(MemoryDevice::from_image(&[0; 5000]), None, options()).map(|_| ());
    assert_eq!(uneven, Err(OpenError::Foreign));
}
