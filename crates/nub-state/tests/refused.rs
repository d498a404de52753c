//! Bytes that are not canonical, and states that do not hang together, are refused with the right error.

mod common;

use common::{Store, absent, bytes, encode, key, reference, unhex};
use nub_abi::{Badge, Hash, InstanceId, blake2b_256};
use nub_state::*;
use proptest::prelude::*;

fn error(digits: &str) -> DecodeError {
    Object::decode(&unhex(digits)).expect_err("these bytes are refused")
}

fn golden() -> Vec<Vec<u8>> {
    let lines = include_str!("golden.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| unhex(line.rsplit(' ').next().unwrap())).collect()
}

#[test]
fn malformed_fields() {
    assert_eq!(error(""), DecodeError::Empty);
    assert_eq!(error("00"), DecodeError::UnknownKind(0));
    assert_eq!(error("20"), DecodeError::UnknownKind(0x20));
    assert_eq!(error("09"), DecodeError::Scale);
    assert_eq!(error("0904"), DecodeError::Scale);
    assert_eq!(error("0903ffffffff"), DecodeError::Scale, "a length of 2³² − 1 allocates nothing");
    assert_eq!(error("09 0100 00"), DecodeError::Scale, "1 in two bytes is not a compact integer");
    assert_eq!(error("0900 00"), DecodeError::TrailingBytes(1));
    let long = [unhex("09 0540"), vec![1; 4097]].concat();
    assert_eq!(Object::decode(&long).unwrap_err(), DecodeError::BytesTooLong(4097));
}

#[test]
fn pages_are_trimmed_and_not_zero() {
    assert_eq!(error("0a00"), DecodeError::BadPage);
    assert_eq!(error("0a0400"), DecodeError::BadPage);
    assert_eq!(error("0a080100"), DecodeError::BadPage);
    let long = [unhex("0a 0540"), vec![1; 4097]].concat();
    assert_eq!(Object::decode(&long).unwrap_err(), DecodeError::BadPage);
}

#[test]
fn rights_are_1_to_7() {
    for rights in 0..=255u8 {
        let encoding = [vec![0x0b], vec![0; 32], vec![rights], vec![0; 32]].concat();
        match Object::decode(&encoding) {
            Ok(_) => assert!((1..=7).contains(&rights)),
            Err(error) => assert_eq!(error, DecodeError::BadRights(rights)),
        }
    }
}

#[test]
fn paths_are_padded_with_zero_and_at_most_64() {
    assert_eq!(error("07 01ab 00 0c 090401"), DecodeError::PathPadding);
    let long = [unhex("07 41"), vec![0; 33], unhex("00 0c 090401")].concat();
    assert_eq!(Object::decode(&long).unwrap_err(), DecodeError::PathTooLong(65));
    assert_eq!(error("07 40ab"), DecodeError::Scale);
}

#[test]
fn branches_have_two_children_or_one_and_a_value() {
    let leaf = "00 1c 0700 00 0c 090401";
    assert_eq!(error("08 00 00 0000"), DecodeError::BranchTooSmall(0));
    assert_eq!(error(&format!("08 00 00 0100 {leaf}")), DecodeError::BranchTooSmall(1));
    assert_eq!(error("08 00 01 00 0c 090401 0000"), DecodeError::BranchTooSmall(0));
    assert!(Object::decode(&unhex(&format!("08 00 01 00 0c 090401 0100 {leaf}"))).is_ok());
    assert!(Object::decode(&unhex(&format!("08 00 00 0300 {leaf} {leaf}"))).is_ok());
    assert_eq!(error(&format!("08 00 00 0700 {leaf} {leaf}")), DecodeError::Scale);
    assert_eq!(error(&format!("08 00 00 0300 {leaf} {leaf} {leaf}")), DecodeError::TrailingBytes(9));
    assert_eq!(error(&format!("08 00 02 0300 {leaf} {leaf}")), DecodeError::Scale, "no such Option");
}

#[test]
fn child_heights_are_trimmed_and_at_most_15() {
    let entries = "01 00 1c 0700 00 0c 090401";
    let heights = |count: usize, last: u32| {
        let mut out = [vec![0x05], reference::compact(count)].concat();
        for index in 0..count {
            out.extend(if index + 1 == count { last } else { 0 }.to_le_bytes());
        }
        out.extend(unhex(entries));
        Object::decode(&out).map(drop)
    };
    assert_eq!(heights(15, 1), Ok(()));
    assert_eq!(heights(16, 1), Err(DecodeError::BadChildHeights));
    assert_eq!(heights(2, 0), Err(DecodeError::BadChildHeights));
    assert_eq!(error("05 04 01000000 00"), DecodeError::BadChildHeights, "an empty CNode holds no CNode");
}

#[test]
fn endpoints_and_type_definitions_ascend_strictly() {
    let image = |endpoints: &[(u16, u32)]| {
        let image = Image { endpoints: endpoints.to_vec(), ..Image::default() };
        Image::from_bytes(&image.to_bytes())
    };
    assert_eq!(image(&[(1, 9), (2, 0)]).unwrap().endpoint(2), Some(0));
    assert_eq!(image(&[(1, 9), (2, 0)]).unwrap().endpoint(3), None);
    assert_eq!(image(&[(1, 0), (1, 1)]).unwrap_err(), DecodeError::Unordered);
    assert_eq!(image(&[(2, 0), (1, 1)]).unwrap_err(), DecodeError::Unordered);
    let endpoint = |number: u8| format!("{number:02x}00 00 00 00");
    assert!(Object::decode(&unhex(&format!("03 08 {} {} 00", endpoint(1), endpoint(2)))).is_ok());
    assert_eq!(error(&format!("03 08 {} {} 00", endpoint(2), endpoint(2))), DecodeError::Unordered);
    let event = |topic: &str| format!("{} 00 00", topic.repeat(32));
    assert!(Object::decode(&unhex(&format!("03 00 08 {} {}", event("01"), event("02")))).is_ok());
    assert_eq!(error(&format!("03 00 08 {} {}", event("02"), event("01"))), DecodeError::Unordered);
    assert_eq!(error("03 04 0000 04ff 00 00 00"), DecodeError::Scale, "a name that is not UTF-8");
}

#[test]
fn images_fit_the_address_space() {
    let check = |stack_bytes, heap_pages| {
        let image = Image { stack_bytes, heap_pages, ..Image::default() };
        Image::from_bytes(&image.to_bytes()).map(drop)
    };
    assert_eq!(check(0, 0), Ok(()));
    assert_eq!(check(0xfefb_0000, 0), Ok(()), "2³² − 5 zones − 2²⁴");
    assert_eq!(check(0xfefb_0001, 0), Err(DecodeError::DoesNotFit));
    assert_eq!(check(0, 0xfefb0), Ok(()));
    assert_eq!(check(0, 0xfefb1), Err(DecodeError::DoesNotFit));
    assert_eq!(check(u32::MAX, u32::MAX), Err(DecodeError::DoesNotFit));
}

#[test]
fn only_an_image_is_an_image() {
    assert_eq!(Image::from_bytes(&[]).unwrap_err(), DecodeError::Empty);
    assert_eq!(Image::from_bytes(&[0x77]).unwrap_err(), DecodeError::UnknownKind(0x77));
    let cnode = unhex("05 00 00");
    assert!(matches!(Image::from_bytes(&cnode), Err(DecodeError::WrongKind { found: Kind::CNode, .. })));
    let mut longer = Image::default().to_bytes();
    longer.push(0);
    assert_eq!(Image::from_bytes(&longer).unwrap_err(), DecodeError::TrailingBytes(1));
}

#[test]
fn embedding_is_canonical_both_ways() {
    let leaf = |child: Vec<u8>| Object::decode(&[unhex("07 02ab"), child].concat()).map(drop);
    let value = |length: usize| [vec![0x09], reference::compact(length), vec![1; length]].concat();
    assert_eq!(leaf(reference::child(&value(125))), Ok(()));
    let embedded = [vec![0], reference::compact(129), value(126)].concat();
    assert_eq!(leaf(embedded), Err(DecodeError::EmbeddedTooLong(129)));
    let load = |bytes: &[u8]| Handle::load(&blake2b_256(bytes), bytes).map(drop);
    assert_eq!(load(&value(125)), Err(DecodeError::HashedTooShort(128)));
    assert_eq!(load(&value(126)), Ok(()));
    assert_eq!(
        Handle::load(&Hash::ZERO, &value(126)).map(drop),
        Err(DecodeError::HashMismatch(blake2b_256(&value(126))))
    );
    assert_eq!(leaf(vec![2, 0]), Err(DecodeError::UnknownChildTag(2)));
    assert_eq!(leaf(vec![0, 0]), Err(DecodeError::Empty));
    assert_eq!(leaf(vec![1, 0]), Err(DecodeError::Scale));
    // What is embedded is decoded as strictly as what embeds it.
    assert_eq!(leaf(reference::child(&unhex("0904"))), Err(DecodeError::Scale));
    assert_eq!(leaf(reference::child(&unhex("0900 00"))), Err(DecodeError::TrailingBytes(1)));
    assert_eq!(leaf(reference::child(&unhex("0a0400"))), Err(DecodeError::BadPage));
}

#[test]
fn kinds_that_may_not_stand_in_a_position() {
    let (value, node, cnode) = ("00 0c 090401", "00 1c 0700 00 0c 090401", "00 0c 050000");
    let memory = "00 28 06 0000000000000000 00";
    let hash = format!("01 {}", "aa".repeat(32));
    let wrong = |digits: String, expected: Kinds, found: Kind| {
        assert_eq!(error(&digits), DecodeError::WrongKind { expected, found }, "{digits}");
    };
    let tail = "00 0000000000000000";
    assert!(Object::decode(&unhex(&format!("04 {hash} {cnode} {memory} {tail}"))).is_ok());
    wrong(format!("04 {value} {cnode} {memory} {tail}"), Kind::Image.into(), Kind::Bytes);
    wrong(format!("04 {hash} {memory} {memory} {tail}"), Kind::CNode.into(), Kind::DataCap);
    wrong(format!("04 {hash} {cnode} {cnode} {tail}"), Kind::DataCap.into(), Kind::CNode);
    wrong(format!("05 00 01 {value}"), Kinds::NODE, Kind::Bytes);
    wrong(format!("06 0000000000000000 01 {cnode}"), Kinds::NODE, Kind::CNode);
    wrong(format!("07 00 {node}"), Kinds::VALUE, Kind::Leaf);
    wrong(format!("08 00 00 0300 {node} {value}"), Kinds::NODE, Kind::Bytes);
    wrong(format!("08 00 01 {node} 0100 {node}"), Kinds::VALUE, Kind::Leaf);
}

#[test]
fn kinds_of_hashed_children_are_checked_when_they_are_loaded() {
    let mut store = Store::default();
    let long = bytes(&[1; 200]);
    let link = store.seal(&long).link;
    let hash = link.hash().unwrap();
    let expected = StateError::WrongKind { hash: Some(hash), expected: Kinds::NODE, found: Kind::Bytes };
    let mut trie = Trie::from_root(Some(link.clone()));
    assert_eq!(trie.get(&key(b"k"), &mut store).unwrap_err(), expected);
    assert_eq!(trie.insert(&key(b"k"), bytes(&[]), &mut store).unwrap_err(), expected);
    assert_eq!(trie.remove(&key(b"k"), &mut store).unwrap_err(), expected);
    assert_eq!(trie.iter().next(&mut store).unwrap_err(), expected);
    let handle = link.resolve(&mut store).unwrap();
    let expected =
        StateError::WrongKind { hash: Some(hash), expected: Kind::Image.into(), found: Kind::Bytes };
    assert_eq!(handle.as_image().unwrap_err(), expected);
    assert_eq!(Link::Hashed(absent()).resolve(&mut store).unwrap_err(), StateError::Missing(absent()));
}

/// A trie that no sequence of inserts gives is an error where it is walked, not a panic.
#[test]
fn tries_with_values_at_no_key() {
    let trie = |digits: &str| {
        let Object::CNode(cnode) = Object::decode(&unhex(digits)).unwrap() else { panic!() };
        cnode
    };
    let odd = trie("05 00 01 00 20 0701a0 00 0c 090401");
    assert_eq!(odd.entries().iter().next(&mut NoLoader).unwrap_err(), StateError::BadTriePath(1));
    let none = trie("05 00 01 00 1c 0700 00 0c 090401");
    assert_eq!(none.entries().iter().next(&mut NoLoader).unwrap_err(), StateError::BadTriePath(0));
    // Two leaves of 64 nibbles below a nibble: 65 in all.
    let leaf = [unhex("07 40"), vec![0; 32], unhex("00 0c 090401")].concat();
    let branch = [unhex("08 00 00 0300"), reference::child(&leaf), reference::child(&leaf)].concat();
    assert!(branch.len() <= 128);
    let Object::CNode(mut deep) =
        Object::decode(&[unhex("05 00 01"), reference::child(&branch)].concat()).unwrap()
    else {
        panic!()
    };
    assert!(matches!(deep.entries().iter().next(&mut NoLoader), Err(StateError::BadTriePath(65))));
    assert!(deep.get(&key(&[0; 32]), &mut NoLoader).unwrap().value.is_none());
    assert!(deep.insert(&key(&[0; 32]), bytes(&[1]), &mut NoLoader).unwrap().is_ok());
    assert!(deep.remove(&key(&[0x10; 32]), &mut NoLoader).unwrap().previous.is_none());
}

#[test]
fn cnodes_refuse_what_they_do_not_keep() {
    let mut cnode = CNode::new();
    let mut put = |value: Link| cnode.insert(&key(b"k"), value, &mut NoLoader).unwrap().map(drop);
    assert_eq!(put(bytes(&[1; 4096])), Ok(()));
    assert_eq!(put(bytes(&[1; 4097])), Err(Refused::TooLong(4097)));
    let (image, memory) = (Link::new(Image::default()), Link::new(DataCap::zeroed(0)));
    assert_eq!(put(image.clone()), Ok(()));
    assert_eq!(put(memory.clone()), Ok(()));
    assert_eq!(put(Link::new(CNode::new())), Ok(()));
    assert_eq!(put(Link::new(TypeDef::default())), Ok(()));
    let reference = Ref { instance: InstanceId::ZERO, rights: 1, badge: Badge::default() };
    assert_eq!(put(Link::new(reference)), Ok(()));
    let instance = Instance { image, cnode: Link::new(CNode::new()), memory, public: false, creations: 0 };
    assert_eq!(put(Link::new(instance)), Err(Refused::Kind(Kind::Instance)));
    let page = std::sync::Arc::new(Page::zeroed());
    assert_eq!(put(Link::new(page)), Err(Refused::Kind(Kind::Page)));
}

fn mutate(bytes: &mut Vec<u8>, (kind, at, byte): (u8, prop::sample::Index, u8)) {
    if bytes.is_empty() {
        return bytes.push(byte);
    }
    let at = at.index(bytes.len());
    match kind {
        0 => bytes[at] = byte,
        1 => bytes[at] ^= 1 << (byte % 8),
        2 => bytes.insert(at, byte),
        3 => drop(bytes.remove(at)),
        4 => bytes.truncate(at),
        _ => bytes[at] = bytes[at].wrapping_add(4),
    }
}

fn config() -> ProptestConfig {
    let cases = std::env::var("NUB_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2048);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn accepted_mutations_are_canonical(
        vector in prop::sample::select(golden()),
        mutations in prop::collection::vec((0u8..6, any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = vector;
        mutations.into_iter().for_each(|mutation| mutate(&mut bytes, mutation));
        if let Ok(object) = Object::decode(&bytes) {
            prop_assert_eq!(encode(object), bytes);
        }
    }

    #[test]
    fn accepted_random_bytes_are_canonical(tag in 0u8..14, body in prop::collection::vec(0u8..16, 0..40)) {
        let bytes = [vec![tag], body].concat();
        if let Ok(object) = Object::decode(&bytes) {
            prop_assert_eq!(encode(object), bytes);
        }
    }

    /// Whatever tries decode, using them is an error at worst.
    #[test]
    fn decoded_tries_never_panic(
        vector in prop::sample::select(golden().into_iter().filter(|v| v[0] == 0x05).collect::<Vec<_>>()),
        mutations in prop::collection::vec((0u8..6, any::<prop::sample::Index>(), any::<u8>()), 1..4),
        k in prop::collection::vec(any::<u8>(), 1..=32),
    ) {
        let mut bytes = vector;
        mutations.into_iter().for_each(|mutation| mutate(&mut bytes, mutation));
        if let Ok(Object::CNode(mut cnode)) = Object::decode(&bytes) {
            let _ = cnode.get(&key(&k), &mut NoLoader);
            let mut iter = cnode.entries().iter_from(&key(&k));
            while let Ok(Some(_)) = iter.next(&mut NoLoader) {}
            let _ = cnode.insert(&key(&k), Link::new(CNode::new()), &mut NoLoader);
            let _ = cnode.remove(&key(&k), &mut NoLoader);
        }
    }
}
