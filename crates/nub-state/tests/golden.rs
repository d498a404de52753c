//! Golden vectors: consensus bytes, compared literally. `golden.txt` holds one object a line: name, hash,
//! encoding. If a line must change, so does every state root; `docs/spec/encoding.md` says what that takes.
//!
//! Some vectors are also assembled here by hand from the specification.

mod common;

use common::{Store, absent, bytes, hex, key, unhex};
use nub_abi::{Badge, Growth, Hash, InstanceId, Log, Params, Receipt, Status, blake2b_256};
use nub_state::type_def::{EndpointType, EventType, Field};
use nub_state::*;
use std::sync::Arc;

const GOLDEN: &str = include_str!("golden.txt");

/// The golden vectors: (name, hash, encoding).
fn golden() -> Vec<(String, String, Vec<u8>)> {
    let lines = GOLDEN.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let [name, hash, encoding] = line.split(' ').collect::<Vec<_>>().try_into().expect("three words");
            (name.to_owned(), hash.to_owned(), unhex(encoding))
        })
        .collect()
}

fn vector(name: &str) -> Vec<u8> {
    golden().into_iter().find(|(n, ..)| n == name).unwrap_or_else(|| panic!("no vector {name}")).2
}

fn trie(entries: &[(&[u8], Link)]) -> Trie {
    let mut trie = Trie::new();
    for (k, value) in entries {
        trie.insert(&key(k), value.clone(), &mut NoLoader).unwrap();
    }
    trie
}

fn root(entries: &[(&[u8], Link)]) -> Link {
    trie(entries).root().unwrap().clone()
}

fn page(content: &[u8]) -> Arc<Page> {
    let mut page = Page::zeroed();
    page.bytes_mut()[..content.len()].copy_from_slice(content);
    Arc::new(page)
}

fn image() -> Image {
    Image {
        program: vec![1, 2, 3],
        ro_data: vec![4],
        rw_data: vec![5, 6],
        stack_bytes: 4096,
        heap_pages: 2,
        endpoints: vec![(0, 0), (7, 300)],
        type_def: Some(Hash([0x11; 32])),
    }
}

fn type_def() -> TypeDef {
    let field = |name: &str, type_name: &str| Field { name: name.into(), type_name: type_name.into() };
    let endpoint = |number, name: &str, args, output: &str| EndpointType {
        number,
        name: name.into(),
        args,
        output: output.into(),
    };
    TypeDef {
        endpoints: vec![
            endpoint(0, "transfer", vec![field("to", "[u8; 32]"), field("amount", "u64")], ""),
            endpoint(1, "balance_of", vec![field("account", "[u8; 32]")], "u64"),
        ],
        events: vec![EventType {
            topic: [0x22; 32],
            name: "Transfer".into(),
            fields: vec![field("amount", "u64")],
        }],
    }
}

fn reference() -> Ref {
    Ref { instance: InstanceId([0x33; 32]), rights: 5, badge: Badge([0x44; 32]) }
}

fn receipt() -> Receipt {
    Receipt {
        status: Status::Success,
        gas_used: 1234,
        output: vec![1, 2, 3],
        logs: vec![Log { instance: InstanceId([0x33; 32]), topic: [0x22; 32], data: vec![9] }],
        growth: Growth { keys: 1, bytes: -2, pages: 3 },
    }
}

fn cnode(entries: &[(&[u8], Link)]) -> CNode {
    let mut cnode = CNode::new();
    for (k, value) in entries {
        cnode.insert(&key(k), value.clone(), &mut NoLoader).unwrap().unwrap();
    }
    cnode
}

fn data_cap() -> DataCap {
    let mut data = DataCap::zeroed(3 * 4096);
    data.set_page(0, Some(page(&[1, 2, 3])), &mut NoLoader).unwrap();
    data.set_page(2, Some(page(&[7; 4096])), &mut NoLoader).unwrap();
    data
}

fn instance() -> Instance {
    Instance {
        image: Link::Hashed(absent()),
        cnode: Link::new(cnode(&[(&[0], Link::new(reference())), (b"balance", bytes(&[42]))])),
        memory: Link::new(DataCap::zeroed(8192)),
        public: true,
        creations: 3,
    }
}

fn system(next_params: Option<(u64, Params)>) -> System {
    let mut instances = CNode::new();
    for n in 0..3 {
        let id = InstanceId::derive(7, InstanceId::ZERO, n);
        instances.insert_instance(&id, instance(), &mut NoLoader).unwrap();
    }
    System {
        protocol_version: 1,
        chain_id: 7,
        height: 2,
        timestamp: 1_700_000_000_000,
        last_block: Hash([0x55; 32]),
        last_receipts_root: Hash([0x66; 32]),
        params: Params::default(),
        next_params,
        instances: Link::new(instances),
    }
}

/// Every vector's name and object, in the order of the file.
fn objects() -> Vec<(&'static str, Link)> {
    let long = |n| bytes(&vec![0xab; n]);
    let nested = cnode(&[(b"inner", Link::new(CNode::new())), (&[1], bytes(&[1]))]);
    vec![
        ("bytes.empty", bytes(&[])),
        ("bytes.one", bytes(&[0xff])),
        ("bytes.embedded_max", long(125)),
        ("bytes.hashed_min", long(126)),
        ("bytes.max", long(4096)),
        ("page.one", Link::new(page(&[1]))),
        ("page.zeros_inside", Link::new(page(&[0, 0, 3]))),
        ("page.full", Link::new(page(&[7; 4096]))),
        ("ref", Link::new(reference())),
        ("image.empty", Link::new(Image::default())),
        ("image", Link::new(image())),
        ("type_def", Link::new(type_def())),
        ("receipt.rejected", Link::new(rejected())),
        ("receipt", Link::new(receipt())),
        ("trie.leaf", root(&[(&[0xab], bytes(&[1]))])),
        ("trie.leaf_long_key", root(&[(&[0xcd; 32], bytes(&[1]))])),
        ("trie.leaf_embeds_128", root(&[(&[0xab], long(125))])),
        ("trie.leaf_hashes_129", root(&[(&[0xab], long(126))])),
        ("trie.branch", root(&[(&[0xa1], bytes(&[1])), (&[0xa2], bytes(&[2]))])),
        ("trie.odd_path", root(&[(&[0xab, 0xc1], bytes(&[1])), (&[0xab, 0xc2], bytes(&[2]))])),
        ("trie.prefix_key", root(&[(b"a", bytes(&[1])), (b"ab", bytes(&[2]))])),
        (
            "trie.prefix_keys",
            root(&[(b"a", bytes(&[1])), (b"ab", bytes(&[2])), (b"abc", bytes(&[3])), (b"b", bytes(&[4]))]),
        ),
        ("trie.empty_path", root(&[(&[0x00], bytes(&[1])), (&[0xf0], bytes(&[2]))])),
        ("trie.sixteen", sixteen()),
        ("cnode.empty", Link::new(CNode::new())),
        ("cnode", Link::new(cnode(&[(&[0], Link::new(reference())), (b"balance", bytes(&[42]))]))),
        ("cnode.nested", Link::new(nested)),
        ("data_cap.zeros", Link::new(DataCap::zeroed(4096))),
        ("data_cap", Link::new(data_cap())),
        ("instance", Link::new(instance())),
        ("system", Link::new(system(None))),
        ("system.next_params", Link::new(system(Some((9, Params::default()))))),
    ]
}

fn rejected() -> Receipt {
    let (output, logs) = (vec![], vec![]);
    Receipt { status: Status::Rejected, gas_used: 0, output, logs, growth: Growth::default() }
}

fn sixteen() -> Link {
    let values: Vec<(Vec<u8>, Link)> = (0..=255u8).map(|n| (vec![n], bytes(&[n]))).collect();
    root(&values.iter().map(|(k, v)| (&k[..], v.clone())).collect::<Vec<_>>())
}

#[test]
fn encodings_are_the_golden_ones() {
    let made: Vec<_> = objects()
        .into_iter()
        .map(|(name, link)| {
            let mut store = Store::default();
            let link = store.seal(&link).link;
            let encoding = common::encoding(&link, &mut store);
            (name.to_owned(), blake2b_256(&encoding).to_string(), encoding)
        })
        .collect();
    if made != golden() {
        for (name, hash, encoding) in &made {
            println!("{name} {hash} {}", hex(encoding));
        }
        panic!("encodings differ from tests/golden.txt; the lines above are what they are now");
    }
}

#[test]
fn every_kind_has_a_vector() {
    let tags: std::collections::BTreeSet<u8> = golden().iter().map(|(.., encoding)| encoding[0]).collect();
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), (1..=12).collect::<Vec<u8>>());
}

#[test]
fn vectors_decode_to_what_encodes_to_them() {
    for (name, _, encoding) in golden() {
        let object = Object::decode(&encoding).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(common::encode(object), encoding, "{name}");
    }
}

#[test]
fn every_truncation_and_every_extension_is_refused() {
    for (name, _, encoding) in golden() {
        for length in 0..encoding.len() {
            assert!(Object::decode(&encoding[..length]).is_err(), "{name} cut to {length} bytes");
        }
        for extra in [0, 1, 0xff] {
            let longer = [&encoding[..], &[extra]].concat();
            assert_eq!(Object::decode(&longer).unwrap_err(), DecodeError::TrailingBytes(1), "{name}");
        }
    }
}

#[test]
fn another_kind_tag_never_gives_the_same_object() {
    for (name, _, mut encoding) in golden() {
        let own = encoding[0];
        for tag in (0..=255).filter(|tag| *tag != own) {
            encoding[0] = tag;
            match (Kind::from_tag(tag), Object::decode(&encoding)) {
                (None, result) => assert_eq!(result.unwrap_err(), DecodeError::UnknownKind(tag), "{name}"),
                (Some(kind), Ok(object)) => assert_eq!(object.kind(), kind, "{name}"),
                (Some(_), Err(_)) => {}
            }
        }
    }
}

// By hand, from docs/spec/encoding.md and docs/spec/state.md.

fn compact_hex(name: &str) -> String {
    hex(&vector(name))
}

#[test]
fn by_hand_values() {
    assert_eq!(compact_hex("bytes.empty"), "0900");
    assert_eq!(compact_hex("bytes.one"), "0904ff");
    assert_eq!(compact_hex("bytes.embedded_max"), format!("09f501{}", "ab".repeat(125)));
    assert_eq!(vector("bytes.embedded_max").len(), 128);
    assert_eq!(vector("bytes.hashed_min").len(), 129);
    assert_eq!(compact_hex("page.one"), "0a0401");
    assert_eq!(compact_hex("page.zeros_inside"), "0a0c000003");
    assert_eq!(compact_hex("page.full"), format!("0a0140{}", "07".repeat(4096)));
    assert_eq!(compact_hex("ref"), format!("0b{}05{}", "33".repeat(32), "44".repeat(32)));
    let image = "02 0c010203 0404 080506 00100000 02000000 08 0000 00000000 0700 2c010000 01";
    assert_eq!(vector("image"), [unhex(image), vec![0x11; 32]].concat());
}

#[test]
fn by_hand_tries() {
    // Leaf: path of two nibbles; value embedded, 3 bytes.
    assert_eq!(vector("trie.leaf"), unhex("07 02ab 00 0c 090401"));
    // A value of 128 bytes is embedded: compact length 0x0201 = 128 << 2 | 1.
    assert_eq!(
        vector("trie.leaf_embeds_128"),
        [unhex("07 02ab 00 0102"), vector("bytes.embedded_max")].concat()
    );
    // One of 129 bytes is named by hash.
    let hash = blake2b_256(&vector("bytes.hashed_min"));
    assert_eq!(vector("trie.leaf_hashes_129"), [unhex("07 02ab 01"), hash.0.to_vec()].concat());
    // a1 and a2 share the nibble a; 1 and 2 select the children (bits 1 and 2: 0x0006), whose paths are empty.
    assert_eq!(
        vector("trie.branch"),
        unhex("08 01a0 00 0600 00 1c 0700 00 0c 090401 00 1c 0700 00 0c 090402")
    );
    // abc1 and abc2 share three nibbles; the fourth half-byte of the path is padding.
    assert_eq!(
        vector("trie.odd_path"),
        unhex("08 03abc0 00 0600 00 1c 0700 00 0c 090401 00 1c 0700 00 0c 090402")
    );
    // "a" = 61 ends where "ab" = 6162 goes on: nibble 6 selects the child, 2 is its path.
    assert_eq!(vector("trie.prefix_key"), unhex("08 0261 01 00 0c 090401 4000 00 20 070120 00 0c 090402"));
}

#[test]
fn by_hand_containers() {
    assert_eq!(vector("cnode.empty"), unhex("05 00 00"));
    assert_eq!(vector("data_cap.zeros"), unhex("06 0010000000000000 00"));
    // One CNode of height 1 stored in it; keys 01 and "inner" = 69 6e 6e 65 72.
    let nested = "05 04 01000000 01 00 74
        08 00 00 4100
        00 20 070110 00 0c 090401
        00 30 0709 96e6e65720 00 0c 050000";
    let entries = unhex("08 00 00 4100 00 20 070110 00 0c 090401 00 30 0709 96e6e65720 00 0c 050000");
    assert_eq!(entries.len(), 29, "0x74 = 29 << 2");
    assert_eq!(vector("cnode.nested"), unhex(nested));
    let expected = [
        unhex("04 01"),
        absent().0.to_vec(),
        child(&vector("cnode")),
        unhex("00 28 06 0020000000000000 00"),
        unhex("01 0300000000000000"),
    ];
    assert_eq!(vector("instance"), expected.concat());
}

fn child(encoding: &[u8]) -> Vec<u8> {
    common::reference::child(encoding)
}

#[test]
fn by_hand_system() {
    use parity_scale_codec::Encode;
    let mut store = Store::default();
    let mut instances = system(None).instances;
    instances = store.seal(&instances).link;
    let instances = common::encoding(&instances, &mut store);
    let head = [
        unhex("01 01000000 0700000000000000 0200000000000000"),
        1_700_000_000_000u64.to_le_bytes().to_vec(),
        vec![0x55; 32],
        vec![0x66; 32],
        Params::default().encode(),
    ]
    .concat();
    assert_eq!(vector("system"), [head.clone(), vec![0], child(&instances)].concat());
    let next = [unhex("01 0900000000000000"), Params::default().encode()].concat();
    assert_eq!(vector("system.next_params"), [head, next, child(&instances)].concat());
}

#[test]
fn the_state_root_is_the_hash_of_the_system() {
    let mut last = None;
    let root = seal_root(system(None), &mut |hash, bytes, _| last = Some((hash, bytes)));
    assert_eq!(root.hash, blake2b_256(&vector("system")));
    assert_eq!(last, Some((root.hash, vector("system"))), "the root comes last");
    assert_eq!(root.handle.hash(), Some(root.hash));
    assert!(Handle::load(&root.hash, &vector("system")).unwrap().as_system().is_ok());
}

#[test]
fn receipts_root_is_the_hash_of_the_root_node() {
    assert_eq!(receipts_root(&[]), Hash::ZERO);
    // One short receipt: the leaf is 46 bytes, and hashed all the same. 8 nibbles of key 00000000.
    let leaf = [unhex("07 08 00000000"), child(&vector("receipt.rejected"))].concat();
    assert!(leaf.len() <= 128);
    assert_eq!(receipts_root(&[rejected()]), blake2b_256(&leaf));
    assert_eq!(vector("receipt.rejected"), [unhex("0c 0a 0000000000000000 00 00"), vec![0; 24]].concat());
    let mut content = std::collections::BTreeMap::new();
    for index in 0..40u32 {
        let receipt = [vector("receipt"), vector("receipt.rejected")][index as usize % 2].clone();
        content.insert(index.to_be_bytes().to_vec(), receipt);
    }
    let receipts: Vec<_> = (0..40).map(|n| if n % 2 == 0 { receipt() } else { rejected() }).collect();
    assert_eq!(receipts_root(&receipts), blake2b_256(&common::reference::root(&content).unwrap()));
}
