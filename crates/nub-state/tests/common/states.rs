//! Random whole states: descriptions that shrink well, and the states they describe.

use super::{Store, key};
use nub_abi::{Badge, Growth, Hash, InstanceId, Log, Params, Receipt, Status};
use nub_state::type_def::{EndpointType, Field};
use nub_state::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A CNode's content.
pub type Entries = BTreeMap<Vec<u8>, Value>;
/// A DataCap's pages: fill and length of each.
pub type Pages = BTreeMap<u32, (u8, usize)>;

/// What an entry holds.
#[derive(Clone, Debug)]
pub enum Value {
    Bytes(Vec<u8>),
    Ref(u8),
    Image(usize),
    TypeDef(usize),
    Data(Pages),
    CNode(Entries),
}

/// An Instance.
#[derive(Clone, Debug)]
pub struct Actor {
    pub image_bytes: usize,
    pub entries: Entries,
    pub pages: Pages,
    pub public: bool,
    pub creations: u64,
}

/// A state, but for the fields of its System that say little.
#[derive(Clone, Debug)]
pub struct State {
    pub actors: BTreeMap<[u8; 32], Actor>,
    pub receipts: Vec<Receipt>,
    pub next_params: bool,
}

/// Keys that often share prefixes or are prefixes of others.
pub fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0x10), Just(0xff)], 1..6),
        1 => prop::collection::vec(any::<u8>(), 1..=32),
        1 => prop::collection::vec(Just(7u8), 28..=32),
    ]
}

/// Ids, some with long common prefixes.
pub fn ids() -> impl Strategy<Value = [u8; 32]> {
    prop_oneof![
        any::<[u8; 32]>(),
        (0u8..4, 0usize..32).prop_map(|(byte, at)| {
            let mut id = [9; 32];
            id[at] = byte;
            id
        }),
    ]
}

/// Numbers of pages, near and far.
pub fn page_numbers() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0u32..40, 1 => any::<u32>()]
}

fn pages(most: usize) -> impl Strategy<Value = Pages> {
    let length = prop_oneof![1usize..140, Just(4096)];
    prop::collection::btree_map(page_numbers(), (1u8..=255, length), 0..most)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), 0..40),
        4 => prop::collection::vec(any::<u8>(), 100..200),
        1 => Just(vec![5; 4096]),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let flat = prop_oneof![
        8 => bytes().prop_map(Value::Bytes),
        2 => (1u8..=7).prop_map(Value::Ref),
        1 => (0usize..300).prop_map(Value::Image),
        1 => (0usize..8).prop_map(Value::TypeDef),
        1 => pages(6).prop_map(Value::Data),
    ];
    flat.prop_recursive(3, 24, 6, |inner| {
        prop::collection::btree_map(keys(), inner, 0..6).prop_map(Value::CNode)
    })
}

fn actors() -> impl Strategy<Value = Actor> {
    let entries = prop::collection::btree_map(keys(), values(), 0..20);
    (0usize..400, entries, pages(8), any::<bool>(), 0u64..3).prop_map(
        |(image_bytes, entries, pages, public, creations)| Actor {
            image_bytes,
            entries,
            pages,
            public,
            creations,
        },
    )
}

/// Receipts, from the shortest to ones far too long to embed.
pub fn receipts() -> impl Strategy<Value = Vec<Receipt>> {
    let log = (any::<[u8; 32]>(), prop::collection::vec(any::<u8>(), 0..80)).prop_map(|(topic, data)| Log {
        instance: InstanceId([3; 32]),
        topic,
        data,
    });
    let receipt = (any::<u64>(), bytes(), prop::collection::vec(log, 0..3), any::<i64>()).prop_map(
        |(gas_used, output, logs, keys)| Receipt {
            status: Status::Success,
            gas_used,
            output,
            logs,
            growth: Growth { keys, ..Growth::default() },
        },
    );
    prop::collection::vec(receipt, 0..20)
}

/// States of up to a dozen Instances.
pub fn states() -> impl Strategy<Value = State> {
    let actors = prop::collection::btree_map(ids(), actors(), 0..12);
    (actors, receipts(), any::<bool>()).prop_map(|(actors, receipts, next_params)| State {
        actors,
        receipts,
        next_params,
    })
}

fn page(fill: u8, length: usize) -> Arc<Page> {
    let mut page = Page::zeroed();
    page.bytes_mut()[..length].fill(fill);
    Arc::new(page)
}

fn image(bytes: usize) -> Image {
    let program = (0..bytes).map(|n| n as u8).collect();
    Image { program, endpoints: vec![(0, 0), (9, 7)], type_def: Some(Hash([2; 32])), ..Image::default() }
}

fn data_cap(pages: &Pages) -> DataCap {
    let mut data = DataCap::zeroed(1 << 44);
    for (number, (fill, length)) in pages {
        data.set_page(*number, Some(page(*fill, *length)), &mut NoLoader).unwrap();
    }
    data
}

fn cnode(entries: &Entries) -> CNode {
    let mut cnode = CNode::new();
    for (k, value) in entries {
        cnode.insert(&key(k), value.link(), &mut NoLoader).unwrap().unwrap();
    }
    cnode
}

impl Value {
    /// A new object of this content.
    pub fn link(&self) -> Link {
        match self {
            Self::Bytes(bytes) => Link::new(bytes.clone()),
            Self::Ref(rights) => {
                Link::new(Ref { instance: InstanceId([1; 32]), rights: *rights, badge: Badge([2; 32]) })
            }
            Self::Image(bytes) => Link::new(image(*bytes)),
            Self::TypeDef(count) => Link::new(TypeDef {
                endpoints: (0..*count as u16)
                    .map(|number| EndpointType {
                        number,
                        name: format!("é{number}"),
                        args: vec![Field { name: "to".into(), type_name: "[u8; 32]".into() }],
                        output: String::new(),
                    })
                    .collect(),
                events: vec![],
            }),
            Self::Data(pages) => Link::new(data_cap(pages)),
            Self::CNode(entries) => Link::new(cnode(entries)),
        }
    }
}

/// The encoding of a new object.
pub fn encoding_of(link: Link) -> Vec<u8> {
    let mut store = Store::default();
    let clean = store.seal(&link).link;
    super::encoding(&clean, &mut store)
}

/// The encoding of a page.
pub fn encoded_page(fill: u8, length: usize) -> Vec<u8> {
    encoding_of(Link::new(page(fill, length)))
}

impl Actor {
    /// Its Instance.
    pub fn instance(&self) -> Instance {
        Instance {
            image: Link::new(image(self.image_bytes)),
            cnode: Link::new(cnode(&self.entries)),
            memory: Link::new(data_cap(&self.pages)),
            public: self.public,
            creations: self.creations,
        }
    }
}

impl State {
    /// Makes it; gives the root and everything under it.
    pub fn build(&self) -> (Hash, Store) {
        let mut instances = CNode::new();
        for (id, actor) in &self.actors {
            instances.insert_instance(&InstanceId(*id), actor.instance(), &mut NoLoader).unwrap();
        }
        let params = Params { chain: Some(InstanceId([4; 32])), ..Params::default() };
        let system = System {
            protocol_version: 1,
            chain_id: 77,
            height: 5,
            timestamp: 6,
            last_block: Hash([8; 32]),
            last_receipts_root: receipts_root(&self.receipts),
            params: params.clone(),
            next_params: self.next_params.then_some((9, params)),
            instances: Link::new(instances),
        };
        let mut store = Store::default();
        let root = seal_root(system, &mut |hash, bytes, _| {
            store.objects.insert(hash, bytes);
        });
        (root.hash, store)
    }
}

/// How often properties are tried, unless NUB_PROPTEST_CASES says so.
pub fn cases(default: u32) -> ProptestConfig {
    let cases = std::env::var("NUB_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
