//! Whole graphs: heights of CNodes, pages of DataCaps, sharing, depth.

mod common;

use common::{Store, bytes, encoding, key};
use nub_abi::{Hash, Params};
use nub_state::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

fn page(fill: u8, length: usize) -> Arc<Page> {
    let mut page = Page::zeroed();
    page.bytes_mut()[..length].fill(fill);
    Arc::new(page)
}

/// A CNode of this height: a chain of them.
fn chain(height: u8) -> CNode {
    let mut cnode = CNode::new();
    for _ in 1..height {
        let mut above = CNode::new();
        above.insert(&key(b"below"), Link::new(cnode), &mut NoLoader).unwrap().unwrap();
        cnode = above;
    }
    cnode
}

#[test]
fn a_cnode_is_at_most_16_high() {
    let top = chain(16);
    assert_eq!(top.height(), 16);
    let mut above = chain(3);
    let result = above.insert(&key(b"k"), Link::new(top), &mut NoLoader).unwrap();
    assert_eq!(result.unwrap_err(), Refused::TooHigh);
    assert_eq!(above.height(), 3, "unchanged");
    assert!(above.get(&key(b"k"), &mut NoLoader).unwrap().value.is_none());
    above.insert(&key(b"k"), Link::new(chain(15)), &mut NoLoader).unwrap().unwrap();
    assert_eq!(above.height(), 16);
}

#[test]
fn a_cnode_that_does_not_count_a_child_is_an_error() {
    // Child heights [1], but the CNode stored is of height 2.
    let mut store = Store::default();
    let mut cnode = CNode::new();
    cnode.insert(&key(b"a"), Link::new(chain(2)), &mut store).unwrap().unwrap();
    let mut bytes = common::encode(Object::CNode(cnode));
    assert_eq!(bytes[..10], common::unhex("05 08 00000000 01000000"));
    bytes.splice(1..10, common::unhex("04 01000000"));
    let Object::CNode(mut cnode) = Object::decode(&bytes).unwrap() else { panic!() };
    assert_eq!(cnode.remove(&key(b"a"), &mut NoLoader).unwrap_err(), StateError::HeightNotCounted(2));
    let Object::CNode(unchanged) = Object::decode(&bytes).unwrap() else { panic!() };
    assert_eq!(common::encode(Object::CNode(cnode)), common::encode(Object::CNode(unchanged)));
}

fn cases(default: u32) -> ProptestConfig {
    let cases = std::env::var("NUB_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(128))]

    /// Heights follow from content: a CNode of height h (0: a byte value) under some keys.
    #[test]
    fn heights_are_1_plus_the_greatest_stored(
        ops in prop::collection::vec((0u8..6, prop::option::of(0u8..5), any::<bool>()), 1..40),
    ) {
        let (mut cnode, mut model, mut store) = (CNode::new(), BTreeMap::new(), Store::default());
        for (slot, height, reload) in ops {
            let k = Key::slot(slot);
            match height {
                None => {
                    let change = cnode.remove(&k, &mut store).unwrap();
                    prop_assert_eq!(change.previous.is_some(), model.remove(&slot).is_some());
                }
                Some(height) => {
                    let value = if height == 0 { bytes(&[slot]) } else { Link::new(chain(height)) };
                    let change = cnode.insert(&k, value, &mut store).unwrap().unwrap();
                    prop_assert_eq!(change.previous.is_some(), model.insert(slot, height).is_some());
                }
            }
            prop_assert_eq!(cnode.height(), 1 + model.values().max().unwrap_or(&0));
            if reload {
                let link = store.seal(&Link::new(cnode.clone())).link;
                cnode = link.resolve(&mut store).unwrap().as_cnode().unwrap().clone();
            }
        }
        let mut fresh = CNode::new();
        for (slot, height) in model.iter().rev() {
            let value = if *height == 0 { bytes(&[*slot]) } else { Link::new(chain(*height)) };
            fresh.insert(&Key::slot(*slot), value, &mut store).unwrap().unwrap();
        }
        let roots = [cnode, fresh].map(|cnode| {
            let link = store.seal(&Link::new(cnode)).link;
            encoding(&link, &mut store)
        });
        prop_assert_eq!(&roots[0], &roots[1]);
    }

    #[test]
    fn data_caps_hash_content_alone(
        ops in prop::collection::vec((0u32..300, 0u8..3, prop_oneof![Just(0usize), 1usize..130, Just(4096)]), 1..40),
    ) {
        let (mut data, mut model, mut store) = (DataCap::zeroed(300 * 4096), BTreeMap::new(), Store::default());
        for (number, fill, length) in ops {
            let is_zero = fill == 0 || length == 0;
            let change = data.set_page(number, Some(page(fill, length)), &mut store).unwrap();
            let before = if is_zero { model.remove(&number) } else { model.insert(number, (fill, length)) };
            prop_assert_eq!((change.was_present, change.is_present), (before.is_some(), !is_zero));
            prop_assert_eq!(change.growth(), i64::from(!is_zero) - i64::from(before.is_some()));
            if fill == 2 {
                let link = store.seal(&Link::new(data)).link;
                data = link.resolve(&mut store).unwrap().as_data_cap().unwrap().clone();
            }
        }
        let mut iter = data.iter_from(100);
        for (number, (fill, length)) in model.range(100..) {
            let (found, content) = iter.next(&mut store).unwrap().unwrap();
            prop_assert_eq!((found, content.trimmed()), (*number, &vec![*fill; *length][..]));
        }
        prop_assert!(iter.next(&mut store).unwrap().is_none());
        let mut fresh = DataCap::zeroed(300 * 4096);
        for (number, (fill, length)) in model.iter().rev() {
            fresh.set_page(*number, Some(page(*fill, *length)), &mut store).unwrap();
            prop_assert_eq!(data.page(*number, &mut store).unwrap(), Some(page(*fill, *length)));
        }
        let roots = [data, fresh].map(|data| {
            let link = store.seal(&Link::new(data)).link;
            encoding(&link, &mut store)
        });
        prop_assert_eq!(&roots[0], &roots[1]);
    }
}

#[test]
fn clearing_a_page_that_is_absent_changes_nothing() {
    let mut data = DataCap::zeroed(4096);
    let change = data.set_page(0, None, &mut NoLoader).unwrap();
    assert_eq!((change.was_present, change.is_present, data.pages().is_empty()), (false, false, true));
}

/// A handle reached twice is encoded, hashed and handed out once, in this seal and in later ones.
#[test]
fn shared_objects_are_sealed_once() {
    let mut store = Store::default();
    let shared = bytes(&[1; 1000]);
    let mut cnode = CNode::new();
    cnode.insert(&key(b"a"), shared.clone(), &mut store).unwrap().unwrap();
    cnode.insert(&key(b"b"), shared.clone(), &mut store).unwrap().unwrap();
    let first = store.seal(&Link::new(cnode.clone()));
    assert_eq!((first.objects_hashed, store.objects.len()), (1, 1), "the CNode and its nodes are embedded");
    for k in [b"c", b"d", b"e"] {
        cnode.insert(&key(k), shared.clone(), &mut store).unwrap().unwrap();
    }
    let again = store.seal(&Link::new(cnode));
    assert_eq!((again.objects_hashed, store.objects.len()), (1, 2), "only the node over five is new");
}

#[test]
fn objects_without_children_know_their_hash_before_they_are_sealed() {
    let image = Image { program: vec![7; 300], ..Image::default() };
    let link = Link::new(image.clone());
    let hash = nub_abi::blake2b_256(&image.to_bytes());
    assert_eq!(link.hash(), Some(hash));
    let mut store = Store::default();
    assert_eq!(store.seal(&link).objects_hashed, 1, "asking for the hash does not lose the object");
    assert!(store.objects.contains_key(&hash));
    assert_eq!(Link::new(CNode::new()).hash(), None);
}

fn system(instances: CNode) -> System {
    System {
        protocol_version: 1,
        chain_id: 1,
        height: 0,
        timestamp: 0,
        last_block: Hash::ZERO,
        last_receipts_root: Hash::ZERO,
        params: Params::default(),
        next_params: None,
        instances: Link::new(instances),
    }
}

/// A CNode over `value` whose trie has a branch at each of the 32 prefixes of a long key.
fn deep_trie(value: Link) -> CNode {
    let mut cnode = CNode::new();
    for length in 1..32 {
        cnode.insert(&key(&[0x5a; 32][..length]), bytes(&[1; 200]), &mut NoLoader).unwrap().unwrap();
    }
    cnode.insert(&key(&[0x5a; 32]), value, &mut NoLoader).unwrap().unwrap();
    cnode
}

/// Sealing and dropping the deepest graph there can be needs no more stack than a shallow one.
#[test]
fn the_deepest_graph_seals_and_drops_on_a_small_stack() {
    let run = || {
        let mut cnode = CNode::new();
        for _ in 1..16 {
            cnode = deep_trie(Link::new(cnode));
        }
        assert_eq!(cnode.height(), 16);
        let instance = Instance {
            image: Link::new(Image::default()),
            cnode: Link::new(cnode),
            memory: Link::new(DataCap::zeroed(0)),
            public: false,
            creations: 0,
        };
        let mut instances = CNode::new();
        instances.insert_instance(&nub_abi::InstanceId([0x5a; 32]), instance, &mut NoLoader).unwrap();
        let unsealed = system(instances.clone());
        drop(unsealed.clone());
        let root = seal_root(system(instances), &mut |_, _, _| {});
        assert!(root.objects_hashed > 15 * 32);
        drop(unsealed);
    };
    std::thread::Builder::new().stack_size(64 << 10).spawn(run).unwrap().join().unwrap();
}

/// A long chain of new objects, deeper than any state, still drops and seals: nothing recurses.
#[test]
fn a_chain_of_100_000_objects_seals_and_drops() {
    let run = || {
        let mut link = bytes(&[1; 200]);
        for _ in 0..100_000 {
            let mut trie = Trie::new();
            trie.insert(&key(&[1; 32]), link, &mut NoLoader).unwrap();
            trie.insert(&key(&[2; 32]), bytes(&[1; 200]), &mut NoLoader).unwrap();
            link = trie.root().unwrap().clone();
        }
        let again = link.clone();
        assert!(seal(&link, &mut |_, _, _| {}).objects_hashed >= 100_000);
        drop((link, again));
    };
    std::thread::Builder::new().stack_size(64 << 10).spawn(run).unwrap().join().unwrap();
}

/// The most nested embedding decodes on a small stack: 128 bytes do not hold many levels.
#[test]
fn nested_embeddings_decode_on_a_small_stack() {
    let run = || {
        let mut object = common::unhex("05 00 00");
        let mut levels = 1;
        loop {
            let leaf = [common::unhex("07 00"), common::reference::child(&object)].concat();
            let cnode = [common::unhex("05 00 01"), common::reference::child(&leaf)].concat();
            if cnode.len() > 128 {
                break;
            }
            object = cnode;
            levels += 2;
        }
        assert!((24..32).contains(&levels), "{levels}");
        assert!(Object::decode(&object).is_ok());
        assert!(Handle::load(&Hash::ZERO, &object).is_err());
    };
    std::thread::Builder::new().stack_size(128 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn memory_counts_embedded_children_and_no_others() {
    let mut store = Store::default();
    let mut cnode = CNode::new();
    for n in 0..64 {
        cnode.insert(&Key::slot(n), bytes(&[1; 3000]), &mut store).unwrap().unwrap();
    }
    let link = store.seal(&Link::new(cnode)).link;
    let handle = link.resolve(&mut store).unwrap();
    assert!(handle.memory_bytes() < 3000);
    let small = Handle::new(page(1, 1));
    assert!(small.memory_bytes() > 4096, "an embedded page of one byte still takes a page");
}
