//! A state to start from: every kind of object, embedded and hashed, in every place.

use crate::store::Store;
use nub_abi::{Badge, Growth, Hash, InstanceId, Log, Params, Receipt, Status};
use nub_state::type_def::EndpointType;
use nub_state::{
    CNode, DataCap, Export, Image, Instance, Key, Link, NoLoader, Page, Ref, System, TypeDef, receipts_root,
    seal_root,
};
use std::sync::Arc;

/// A whole state.
pub struct Example {
    /// Its root.
    pub root: Hash,
    /// What is under it.
    pub store: Store,
    /// The receipts of the block that made it.
    pub receipts: Vec<Receipt>,
    /// Its objects, children first.
    pub objects: Vec<Vec<u8>>,
}

/// The Instances of the example.
pub const IDS: [InstanceId; 3] = [InstanceId([1; 32]), InstanceId([2; 32]), InstanceId([0x12; 32])];

/// The keys of each.
pub fn keys() -> Vec<Key> {
    (0..24u8).map(|n| key(&[n % 3, n, n][..usize::from(n) % 3 + 1])).collect()
}

fn key(bytes: &[u8]) -> Key {
    Key::new(bytes).unwrap_or(Key::slot(0))
}

impl Example {
    /// The state.
    pub fn new() -> Self {
        let mut instances = CNode::new();
        for (id, length) in IDS.iter().zip([0, 90, 300]) {
            instances.insert_instance(id, instance(length), &mut NoLoader).expect("it is all in memory");
        }
        let receipts: Vec<Receipt> = (0..20).map(receipt).collect();
        let params = Params::default();
        let system = System {
            protocol_version: 1,
            chain_id: 3,
            height: 1,
            timestamp: 5,
            last_block: Hash([6; 32]),
            last_receipts_root: receipts_root(&receipts),
            params: params.clone(),
            next_params: Some((7, params)),
            instances: Link::new(instances),
        };
        let mut store = Store::default();
        let root = seal_root(system, &mut |hash, bytes, _| drop(store.objects.insert(hash, bytes))).hash;
        let (mut export, mut objects) = (Export::new(root), Vec::new());
        while let Some((_, bytes)) = export.next(&mut store).expect("it is all there") {
            objects.push(bytes);
        }
        Self { root, store, receipts, objects }
    }
}

fn instance(length: usize) -> Instance {
    let mut cnode = CNode::new();
    for (n, key) in (0..).zip(keys()) {
        let put = cnode.insert(&key, value(n, length), &mut NoLoader);
        assert!(put.is_ok_and(|put| put.is_ok()), "it is all in memory, and may be stored");
    }
    Instance {
        image: Link::new(image(length)),
        cnode: Link::new(cnode),
        memory: Link::new(data(length)),
        public: true,
        creations: 2,
    }
}

fn value(n: u8, length: usize) -> Link {
    match n % 8 {
        0 => Link::new(Ref { instance: IDS[0], rights: 7, badge: Badge([8; 32]) }),
        1 => Link::new(image(length)),
        2 => Link::new(TypeDef {
            endpoints: vec![EndpointType { number: 1, name: "go".into(), args: vec![], output: "u8".into() }],
            events: vec![],
        }),
        3 => Link::new(data(length)),
        4 => {
            let mut inner = CNode::new();
            for slot in 0..n % 5 {
                let put = inner.insert(&Key::slot(slot), Link::new(vec![slot; length]), &mut NoLoader);
                assert!(put.is_ok_and(|put| put.is_ok()), "bytes may be stored");
            }
            Link::new(inner)
        }
        _ => Link::new(vec![n; length]),
    }
}

fn image(length: usize) -> Image {
    Image { program: vec![3; length], endpoints: vec![(0, 0), (5, 9)], ..Image::default() }
}

fn data(length: usize) -> DataCap {
    let mut data = DataCap::zeroed(1 << 20);
    for number in [0, 1, 17, 200] {
        let mut page = Page::zeroed();
        page.bytes_mut()[..=length].fill(7);
        let Ok(_) = data.set_page(number, Some(Arc::new(page)), &mut NoLoader) else { unreachable!() };
    }
    data
}

fn receipt(n: u8) -> Receipt {
    let log = Log { instance: IDS[1], topic: [n; 32], data: vec![n; 9] };
    Receipt {
        status: Status::Success,
        gas_used: u64::from(n) << 20,
        output: vec![n; usize::from(n) * 13],
        logs: vec![log; usize::from(n) % 3],
        growth: Growth { keys: -1, bytes: 5, pages: 0 },
    }
}
