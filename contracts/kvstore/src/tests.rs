//! The rules, against the kernel's stand-in.

use nub_sdk::mock;

use super::*;

const ALICE: Address = [1; 32];
const BOB: Address = [2; 32];

fn store(keys: &[&[u8]]) -> KvStore {
    mock::set_badge(ALICE);
    let mut store = KvStore;
    keys.iter().for_each(|key| store.put(key, &[b"value of ", *key].concat()).unwrap());
    store
}

#[test]
fn what_is_put_is_there_until_it_is_removed() {
    let mut store = store(&[b"a", b"b"]);
    assert_eq!(store.get(b"a"), Ok(Some(b"value of a".to_vec())));
    store.put(b"a", b"").unwrap();
    assert_eq!((store.get(b"a"), store.get(b"c")), (Ok(Some(Vec::new())), Ok(None)));
    store.remove(b"a").unwrap();
    assert_eq!((store.get(b"a"), store.remove(b"a")), (Ok(None), Err(KvError::NoSuchKey)));
}

#[test]
fn a_key_is_its_first_owners() {
    let mut store = store(&[b"a"]);
    mock::set_badge(BOB);
    assert_eq!((store.put(b"a", b""), store.remove(b"a")), (Err(KvError::NotYours), Err(KvError::NotYours)));
    assert_eq!(store.owner(b"a"), Ok(Some(ALICE)));
    mock::set_badge(ALICE);
    store.remove(b"a").unwrap();
    mock::set_badge(BOB);
    store.put(b"a", b"mine").unwrap();
    assert_eq!(store.owner(b"a"), Ok(Some(BOB)));
}

#[test]
fn sizes_have_limits() {
    let mut store = store(&[&[7; 31]]);
    assert_eq!(store.put(b"", b""), Err(KvError::BadKey));
    assert_eq!(store.put(&[7; 32], b""), Err(KvError::BadKey));
    assert_eq!(store.put(b"a", &[0; VALUE_BYTES_MAX + 1]), Err(KvError::TooLong));
    store.put(b"a", &[3; VALUE_BYTES_MAX]).unwrap();
    assert_eq!(store.get(b"a"), Ok(Some([3; VALUE_BYTES_MAX].to_vec())));
}

#[test]
fn pages_follow_each_other_and_leave_nothing_out() {
    let keys: Vec<Vec<u8>> =
        (0..=255u8).flat_map(|octet| [vec![octet], vec![octet, 0], vec![octet; 31]]).collect();
    let store = store(&keys.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.keys(after.clone(), 100).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        seen.extend(page);
    }
    let mut sorted = keys;
    sorted.sort();
    assert_eq!(seen, sorted);
    assert_eq!(store.keys(Some(vec![255; 31]), 9), Ok(Vec::new()));
    assert_eq!(store.keys(None, 0), Ok(Vec::new()));
    assert_eq!(store.keys(None, u32::MAX).unwrap().len(), 256);
}

#[test]
fn a_page_of_entries_ends_in_time() {
    let mut store = store(&[b"a", b"b"]);
    let entry = |key: &[u8]| Entry { key: key.to_vec(), value: [b"value of ", key].concat() };
    assert_eq!(store.entries(None, 9), Ok(vec![entry(b"a"), entry(b"b")]));
    (0..9u8).for_each(|octet| store.put(&[b'c', octet], &[octet; VALUE_BYTES_MAX]).unwrap());
    let page = store.entries(Some(b"b".to_vec()), 9).unwrap();
    assert_eq!(page.len(), 4);
    assert_eq!(page[3].key, [b'c', 3]);
}
