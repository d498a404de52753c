//! What a block rehashes is on the paths of what it changed, and what a state hashes to is its content alone.

mod chain;
mod stored;

use chain::{TestChain, event, other, probe, put_args};
use nub::{BackendKind, Event, Hash, InstanceId, Nub, Params, SharedBlobs};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use stored::Stored;

/// How often a property is tried.
fn config(default: u32) -> ProptestConfig {
    let cases = std::env::var("NUB_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn start(blobs: &SharedBlobs, cache_bytes: u64) -> TestChain {
    let builder = Nub::builder().backend(BackendKind::Local).seed([5; 32]).blobs(blobs.clone());
    let mut nub = builder.cache_bytes(cache_bytes).candidates_max(1_000).build().unwrap();
    let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
    TestChain { nub, genesis_root: root, root, height: 0 }
}

/// Enough for any event here, and little enough for a block of hundreds.
const GAS: u64 = 300_000;

fn put(target: InstanceId, key: &[u8], value: &[u8]) -> Event {
    Event { target, gas_limit: GAS, ..event(probe::STORAGE_PUT, put_args(key, value)) }
}

fn remove(target: InstanceId, key: &[u8]) -> Event {
    Event { target, gas_limit: GAS, ..event(probe::STORAGE_REMOVE, key) }
}

fn store_pages(target: InstanceId, first: u32, count: u32, value: u8) -> Event {
    let args = [&first.to_le_bytes()[..], &count.to_le_bytes(), &[value]].concat();
    Event { target, gas_limit: GAS, ..event(probe::STORE_PAGES, args) }
}

/// Trie nodes on a key's path, from the keys alone (`docs/spec/state.md`, Nodes on a key's path).
fn depth(keys: &BTreeSet<Vec<u8>>, key: &[u8]) -> u64 {
    let nibbles = |key: &[u8]| key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect::<Vec<_>>();
    let mut below: Vec<Vec<u8>> = keys.iter().map(|key| nibbles(key)).collect();
    let key = nibbles(key);
    let (mut depth, mut count) = (0, 0);
    while let (Some(first), Some(last)) = (below.first(), below.last()) {
        count += 1;
        let shared = first.iter().zip(last).take_while(|(a, b)| a == b).count();
        let end = depth + first[depth..].len().min(shared.saturating_sub(depth));
        if below.len() == 1 || key.len() <= end || key[depth..end] != first[depth..end] {
            break;
        }
        below.retain(|other| other.len() > end && other[end] == key[end]);
        depth = end + 1;
    }
    count
}

/// System, Instances' CNode, the Instance, its CNode, its memory, and the trie nodes over four Instances.
const CONSTANT: u64 = 5 + 4;

/// A value too long to be embedded.
const LONG: [u8; 200] = [1; 200];

/// Which key there is, a key that may be new, and what is done: 0 removes the one, 1 puts it, 2 puts the other.
type KeyChange = (prop::sample::Index, Vec<u8>, u8);

#[test]
fn a_block_rehashes_the_paths_of_the_keys_it_changes() {
    let keys = || prop::collection::vec(0u8..=255, 2..5);
    let strategy = (
        prop::collection::btree_set(keys(), 100..160),
        prop::collection::vec((any::<prop::sample::Index>(), keys(), 0u8..3), 0..8),
    );
    let property = |(keys, changes): (BTreeSet<Vec<u8>>, Vec<KeyChange>)| {
        let mut chain = start(&SharedBlobs::in_memory(), 64 << 20);
        let mut present: BTreeSet<Vec<u8>> = keys.iter().cloned().chain([b"greeting".to_vec()]).collect();
        // Slots 1 to 3 hold Refs.
        present.extend((1..=3u8).map(|slot| vec![slot]));
        let filled = chain.apply(keys.iter().map(|key| put(chain::probe(), key, &LONG)).collect());
        prop_assert!(filled.objects_hashed > 100, "every value is an object of its own");
        let existing: Vec<_> = keys.into_iter().collect();
        let (mut bound, mut events) = (CONSTANT, Vec::new());
        for (index, (which, new, what)) in (0u8..).zip(changes) {
            let key = if what == 2 { &new } else { which.get(&existing) };
            let before = depth(&present, key);
            if what == 0 {
                present.remove(key);
                events.push(remove(chain::probe(), key));
            } else {
                present.insert(key.clone());
                events.push(put(chain::probe(), key, &[&LONG[..], &[index]].concat()));
            }
            // Its value, and the node that a split makes or that takes a removed branch's place.
            bound += before.max(depth(&present, key)) + 2;
        }
        let summary = chain.apply(events);
        prop_assert!(summary.receipts.iter().all(|receipt| receipt.status == nub::Status::Success));
        prop_assert!(summary.objects_hashed <= bound, "{} > {}", summary.objects_hashed, bound);
        Ok(())
    };
    TestRunner::new(config(16)).run(&strategy, property).unwrap();
}

#[test]
fn a_block_rehashes_the_paths_of_the_pages_it_changes() {
    let strategy = prop::collection::vec((0u32..256, 0u8..3), 0..8);
    let mut chain = start(&SharedBlobs::in_memory(), 64 << 20);
    // A page whose first octet alone is set is embedded; the nodes over sixteen of them are not.
    let summary = chain.apply(vec![store_pages(chain::probe(), 0, 256, 9)]);
    assert_eq!(summary.receipts[0].status, nub::Status::Success);
    assert!(summary.objects_hashed > 16, "{}", summary.objects_hashed);
    let (root, height) = (chain.root, chain.height);
    let numbers: BTreeSet<Vec<u8>> = (0..=256u32).map(|number| number.to_be_bytes().to_vec()).collect();
    let deepest = numbers.iter().map(|number| depth(&numbers, number)).max().unwrap();
    let property = |changes: Vec<(u32, u8)>| {
        (chain.root, chain.height) = (root, height);
        let events = changes.iter().map(|(first, value)| store_pages(chain::probe(), *first, 1, *value));
        let summary = chain.apply(events.collect());
        let bound = CONSTANT + changes.len() as u64 * (deepest + 2);
        prop_assert!(summary.objects_hashed <= bound, "{} > {}", summary.objects_hashed, bound);
        Ok(())
    };
    let mut runner = TestRunner::new(config(32));
    let property = std::cell::RefCell::new(property);
    runner.run(&strategy, |changes| (property.borrow_mut())(changes)).unwrap();
}

#[test]
fn a_block_that_changes_nothing_rehashes_the_system() {
    let mut chain = start(&SharedBlobs::in_memory(), 64 << 20);
    let pages = |first: u32, count: u32| [first.to_le_bytes(), count.to_le_bytes()].concat();
    for events in [
        vec![],
        vec![event(probe::STORAGE_GET, b"greeting".to_vec())],
        vec![event(probe::COUNT_THEN_REVERT, vec![])],
        vec![event(probe::PANIC, vec![])],
        vec![event(probe::LOAD_PAGES, pages(3, 9))],
        vec![store_pages(chain::probe(), 5, 3, 0)],
    ] {
        let summary = chain.apply(events.clone());
        assert_eq!(summary.objects_hashed, 1, "{events:?}");
    }
}

/// A content: storage of two Instances, and pages of theirs.
type Content = BTreeMap<(bool, Vec<u8>), Vec<u8>>;
type PageContent = BTreeMap<(bool, u32), u8>;

fn who(first: bool) -> InstanceId {
    if first { chain::probe() } else { other() }
}

/// The hash of all Instances after these blocks.
fn hash_after(blocks: Vec<Vec<Event>>, cache_bytes: u64, commit_each: bool) -> Hash {
    let blobs = SharedBlobs::in_memory();
    let mut chain = start(&blobs, cache_bytes);
    for events in blocks {
        let summary = chain.apply(events);
        assert!(summary.receipts.iter().all(|receipt| receipt.status == nub::Status::Success));
        if commit_each {
            chain.nub.commit(chain.root).unwrap();
        }
    }
    chain.nub.commit(chain.root).unwrap();
    Stored(blobs).instances_hash(&chain.root)
}

#[test]
fn instances_hash_to_their_content_whatever_its_history() {
    let key = || (any::<bool>(), prop::collection::vec(0u8..3, 2..7));
    let value = prop_oneof![Just(vec![]), prop::collection::vec(any::<u8>(), 0..200)];
    let strategy = (
        prop::collection::btree_map(key(), value, 0..30),
        prop::collection::btree_map((any::<bool>(), 0u32..40), 1u8.., 0..12),
        prop::collection::btree_set(key(), 0..20),
        prop::collection::btree_set((any::<bool>(), 0u32..40), 0..12),
        any::<u64>(),
        1usize..9,
    );
    type Case = (Content, PageContent, BTreeSet<(bool, Vec<u8>)>, BTreeSet<(bool, u32)>, u64, usize);
    let property = |(content, pages, detours, page_detours, order, size): Case| {
        let mut straight: Vec<Event> =
            content.iter().map(|((first, key), value)| put(who(*first), key, value)).collect();
        straight
            .extend(pages.iter().map(|((first, page), value)| store_pages(who(*first), *page, 1, *value)));
        // Other values for some keys and pages, then all of it in another order, then what is too much away.
        let mut detour: Vec<Event> =
            detours.iter().map(|(first, key)| put(who(*first), key, &LONG)).collect();
        detour.extend(page_detours.iter().map(|(first, page)| store_pages(who(*first), *page, 2, 0xee)));
        let mut shuffled = straight.clone();
        shuffled.sort_by_key(|event| {
            nub::blake2b_256(&[&order.to_le_bytes()[..], &event.args, &event.target.0].concat())
        });
        let surplus = detours.iter().filter(|key| !content.contains_key(*key));
        let mut away: Vec<Event> = surplus.map(|(first, key)| remove(who(*first), key)).collect();
        let touched = page_detours.iter().flat_map(|(first, page)| [(*first, *page), (*first, *page + 1)]);
        let surplus: BTreeSet<_> = touched.filter(|page| !pages.contains_key(page)).collect();
        away.extend(surplus.iter().map(|(first, page)| store_pages(who(*first), *page, 1, 0)));
        let around: Vec<Event> = [detour, shuffled, away].concat();
        let blocks = around.chunks(size).map(<[Event]>::to_vec).collect();

        let once = hash_after(vec![straight.clone()], 64 << 20, false);
        prop_assert_eq!(once, hash_after(blocks, if order % 2 == 0 { 0 } else { 64 << 20 }, order % 3 == 0));
        // And it is the content that is hashed: one key more is another state.
        straight.push(put(chain::probe(), &[9, 9], b""));
        prop_assert_ne!(once, hash_after(vec![straight], 64 << 20, false));
        Ok(())
    };
    TestRunner::new(config(16)).run(&strategy, property).unwrap();
}
