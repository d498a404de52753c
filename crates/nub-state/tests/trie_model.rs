//! The trie against a persistent map from elsewhere (`im::OrdMap`, a model only: docs/decisions/0001) and
//! against a second implementation of its format, through random histories with seals, reloads and
//! forks at random moments.

mod common;

use common::{Store, bytes, encoding, key, reference};
use im::OrdMap;
use nub_state::{Change, Key, Link, NoLoader, Trie};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Model = OrdMap<Vec<u8>, Vec<u8>>;

#[derive(Clone, Debug)]
enum Op {
    Put(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>),
    Get(Vec<u8>),
    IterFrom(Vec<u8>),
    /// Seal and go on from the root in clean form.
    Reload,
    /// Seal and go on from the graph in memory.
    Seal,
    /// Keep the trie as it is now.
    Fork,
    /// Go on from the one kept last, if any.
    Back,
}

fn any_key() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0u8), Just(1), Just(0x10), Just(0x11), Just(0xff), any::<u8>()];
    prop_oneof![
        6 => prop::collection::vec(byte.clone(), 1..=4),
        1 => prop::collection::vec(prop_oneof![Just(0u8), Just(1)], 1..=32),
        1 => prop::collection::vec(byte, 32),
    ]
}

fn any_value() -> impl Strategy<Value = Vec<u8>> {
    // Encodings around the embedding boundary: 1 tag byte and 1 or 2 bytes of length.
    (any::<u8>(), prop_oneof![0usize..8, 120usize..132, Just(4096)])
        .prop_map(|(fill, length)| vec![fill; length])
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (any_key(), any_value()).prop_map(|(k, v)| Op::Put(k, v)),
        4 => any_key().prop_map(Op::Remove),
        2 => any_key().prop_map(Op::Get),
        1 => any_key().prop_map(Op::IterFrom),
        1 => Just(Op::Reload),
        1 => Just(Op::Seal),
        1 => Just(Op::Fork),
        1 => Just(Op::Back),
    ]
}

fn encoded(value: &[u8]) -> Vec<u8> {
    [vec![0x09], reference::compact(value.len()), value.to_vec()].concat()
}

fn encoded_model(model: &Model) -> BTreeMap<Vec<u8>, Vec<u8>> {
    model.iter().map(|(k, v)| (k.clone(), encoded(v))).collect()
}

fn content(link: &Option<Link>, store: &mut Store) -> Option<Vec<u8>> {
    link.as_ref().map(|link| link.resolve(store).unwrap().as_bytes().unwrap().to_vec())
}

fn entries(trie: &Trie, start: Option<&Key>, store: &mut Store) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut iter = start.map_or_else(|| trie.iter(), |start| trie.iter_from(start));
    let mut out = Vec::new();
    while let Some((key, value)) = iter.next(store).unwrap() {
        out.push((key.as_bytes().to_vec(), content(&Some(value), store).unwrap()));
    }
    out
}

/// The root node's bytes.
fn root_bytes(trie: &Trie, store: &mut Store) -> Option<Vec<u8>> {
    let link = store.seal(trie.root()?).link;
    Some(encoding(&link, store))
}

struct Run {
    trie: Trie,
    model: Model,
    /// Tries kept, each with its model: what happens to their copies must not reach them.
    forks: Vec<(Trie, Model)>,
    store: Store,
}

impl Run {
    fn check_change(&mut self, change: Change, k: &[u8], previous: Option<Vec<u8>>, nodes: u32) {
        assert_eq!(content(&change.previous, &mut self.store), previous, "{k:02x?}");
        assert_eq!(change.nodes, nodes, "{k:02x?}");
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Put(k, v) => {
                let nodes = reference::nodes(self.model.keys(), k);
                let change = self.trie.insert(&key(k), bytes(v), &mut self.store).unwrap();
                let previous = self.model.insert(k.clone(), v.clone());
                self.check_change(change, k, previous, nodes);
            }
            Op::Remove(k) => {
                let nodes = reference::nodes(self.model.keys(), k);
                let change = self.trie.remove(&key(k), &mut self.store).unwrap();
                let previous = self.model.remove(k);
                self.check_change(change, k, previous, nodes);
            }
            Op::Get(k) => {
                let lookup = self.trie.get(&key(k), &mut self.store).unwrap();
                assert_eq!(lookup.nodes, reference::nodes(self.model.keys(), k));
                assert_eq!(content(&lookup.value, &mut self.store).as_ref(), self.model.get(k));
            }
            Op::IterFrom(k) => {
                let found = entries(&self.trie, Some(&key(k)), &mut self.store);
                let expected: Vec<_> =
                    self.model.range(k.clone()..).map(|(k, v)| (k.clone(), v.clone())).collect();
                assert_eq!(found, expected);
            }
            Op::Reload => {
                let root = self.trie.root().map(|root| self.store.seal(root).link);
                self.trie = Trie::from_root(root);
            }
            Op::Seal => {
                self.trie.root().map(|root| self.store.seal(root));
            }
            Op::Fork => self.forks.push((self.trie.clone(), self.model.clone())),
            Op::Back => {
                if let Some((trie, model)) = self.forks.pop() {
                    (self.trie, self.model) = (trie, model);
                }
            }
        }
    }
}

fn build<'a>(content: impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)>) -> Option<Vec<u8>> {
    let mut trie = Trie::new();
    for (k, v) in content {
        trie.insert(&key(k), bytes(v), &mut NoLoader).unwrap();
    }
    root_bytes(&trie, &mut Store::default())
}

fn config() -> ProptestConfig {
    let cases = std::env::var("NUB_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(128);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn behaves_like_a_map_and_hashes_content_alone(ops in prop::collection::vec(any_op(), 1..120)) {
        let (trie, model) = (Trie::new(), Model::new());
        let mut run = Run { trie, model, forks: Vec::new(), store: Store::default() };
        for op in &ops {
            run.step(op);
        }
        let Run { trie, model, mut forks, mut store } = run;
        forks.push((trie, model));
        for (trie, model) in forks {
            prop_assert_eq!(entries(&trie, None, &mut store), model.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(trie.is_empty(), model.is_empty());
            let root = root_bytes(&trie, &mut store);
            prop_assert_eq!(&root, &reference::root(&encoded_model(&model)));
            prop_assert_eq!(&root, &build(model.iter()));
            prop_assert_eq!(&root, &build(model.iter().rev()));
        }
    }

    #[test]
    fn inserting_and_removing_gives_the_same_root(
        content in prop::collection::btree_map(any_key(), any_value(), 1..40),
        others in prop::collection::btree_map(any_key(), any_value(), 1..40),
    ) {
        let mut store = Store::default();
        let mut trie = Trie::new();
        for (k, v) in content.iter().chain(&others) {
            trie.insert(&key(k), bytes(v), &mut store).unwrap();
        }
        let mut trie = Trie::from_root(trie.root().map(|root| store.seal(root).link));
        for k in others.keys() {
            match content.get(k) {
                Some(v) => trie.insert(&key(k), bytes(v), &mut store).unwrap(),
                None => trie.remove(&key(k), &mut store).unwrap(),
            };
        }
        prop_assert_eq!(root_bytes(&trie, &mut store), build(content.iter()));
    }
}

#[test]
fn removing_the_last_key_leaves_the_empty_trie() {
    let mut trie = Trie::new();
    for k in [b"a".as_slice(), b"ab", b"b"] {
        trie.insert(&key(k), bytes(k), &mut NoLoader).unwrap();
    }
    for k in [b"a".as_slice(), b"ab", b"b"] {
        assert!(trie.remove(&key(k), &mut NoLoader).unwrap().previous.is_some());
        assert!(trie.remove(&key(k), &mut NoLoader).unwrap().previous.is_none());
    }
    assert!(trie.root().is_none());
}

#[test]
fn keys_have_1_to_32_bytes() {
    assert!(Key::new(&[]).is_none());
    assert!(Key::new(&[0; 33]).is_none());
    assert!(Key::new(&[0; 256]).is_none());
    assert!(Key::new(&[0; 257]).is_none());
    assert_eq!(Key::new(&[7; 32]).unwrap().as_bytes(), [7; 32]);
    assert_eq!(Key::slot(9).as_bytes(), [9]);
    assert_eq!(Key::from(0x01020304u32).as_bytes(), [1, 2, 3, 4]);
}

/// A chain of prefix keys is as deep as a trie gets: a lookup visits one node a key.
#[test]
fn prefix_keys_nest_32_branches() {
    let mut trie = Trie::new();
    for length in 1..=32 {
        let change = trie.insert(&key(&[0x5a; 32][..length]), bytes(&[1]), &mut NoLoader).unwrap();
        assert_eq!(change.nodes as usize, length - 1);
    }
    let lookup = trie.get(&key(&[0x5a; 32]), &mut NoLoader).unwrap();
    assert_eq!((lookup.nodes, lookup.value.is_some()), (32, true));
}

#[test]
fn one_change_in_a_large_trie_loads_and_hashes_its_path_only() {
    let (mut trie, mut store) = (Trie::new(), Store::default());
    for number in 0..4096u32 {
        trie.insert(&Key::from(number.wrapping_mul(0x9e37_79b1)), bytes(&[1; 40]), &mut NoLoader).unwrap();
    }
    let before = store.seal(trie.root().unwrap());
    assert!(before.objects_hashed > 200);
    let mut trie = Trie::from_root(Some(before.link));
    let change = trie.insert(&Key::from(0), bytes(&[2; 40]), &mut store).unwrap();
    assert!(store.loads <= change.nodes, "embedded nodes are not loaded");
    let after = store.seal(trie.root().unwrap());
    assert!(after.objects_hashed <= u64::from(change.nodes));
    assert_eq!(store.seal(trie.root().unwrap()).objects_hashed, 0, "a second seal finds nothing new");
}

/// Iterating from a start key loads only the way to it, not what lies below it.
#[test]
fn iterating_from_a_key_skips_what_is_below() {
    let (mut trie, mut store) = (Trie::new(), Store::default());
    for number in 0..1024u32 {
        trie.insert(&Key::from(number), bytes(&[1; 200]), &mut NoLoader).unwrap();
    }
    let trie = Trie::from_root(Some(store.seal(trie.root().unwrap()).link));
    let mut iter = trie.iter_from(&Key::from(1022));
    let (first, _) = iter.next(&mut store).unwrap().unwrap();
    assert_eq!(first, Key::from(1022));
    assert!(store.loads <= 5, "{} loads", store.loads);
    assert_eq!(iter.next(&mut store).unwrap().unwrap().0, Key::from(1023));
    assert!(iter.next(&mut store).unwrap().is_none());
}
