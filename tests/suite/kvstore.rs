//! The key-value store: pages of keys.

use crate::chain::on_both;
use crate::*;

const PUT: u16 = 0;
const GET: u16 = 1;
const REMOVE: u16 = 3;
const KEYS: u16 = 4;
const ENTRIES: u16 = 5;

type Key = Vec<u8>;

/// Twenty keys, some of them prefixes of others. Gives them in order.
pub fn filled(chain: &mut TestChain) -> Vec<Key> {
    let keys: Vec<Key> = (0..20u8).map(|number| vec![b'a' + number % 5; 1 + number as usize / 5]).collect();
    chain.apply(keys.iter().map(|key| Event { gas_limit: 1_000_000, ..put(ALICE, key, key) }).collect());
    let mut sorted = keys;
    sorted.sort();
    sorted
}

fn put(by: Badge, key: &[u8], value: &[u8]) -> Event {
    event(by, kvstore(), PUT, (key, value))
}

on_both! { with crate::suite;
    pages_of_keys_follow_each_other => |chain| {
        let keys = filled(chain);
        let (mut seen, mut after) = (Vec::<Key>::new(), None::<Key>);
        loop {
            let page: Vec<Key> = ok(chain, BOB, kvstore(), KEYS, (&after, 7u32));
            assert!(page.len() <= 7);
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            seen.extend(page);
        }
        assert_eq!(seen, keys);
        let entries: Vec<(Key, Vec<u8>)> = ok(chain, BOB, kvstore(), ENTRIES, (Some(b"bb".to_vec()), 3u32));
        assert_eq!(entries, [b"bbb".to_vec(), b"bbbb".to_vec(), b"c".to_vec()].map(|key| (key.clone(), key)));
    };

    large_pages_fit => |chain| {
        for number in 0..6u8 {
            ok::<()>(chain, ALICE, kvstore(), PUT, (vec![number; 31], vec![number; 4064]));
        }
        let entries: Vec<(Key, Vec<u8>)> = ok(chain, BOB, kvstore(), ENTRIES, (None::<Key>, u32::MAX));
        assert_eq!((entries.len(), entries[3].1.len()), (4, 4064));
        refused(chain, put(ALICE, &[1; 32], b""), "keys have");
        refused(chain, put(ALICE, b"a", &[0; 4065]), "values have");
    };

    keys_are_their_owners => |chain| {
        filled(chain);
        refused(chain, put(BOB, b"a", b"mine"), "another's key");
        refused(chain, event(BOB, kvstore(), REMOVE, b"a".to_vec()), "another's key");
        ok::<()>(chain, ALICE, kvstore(), REMOVE, b"a".to_vec());
        ok::<()>(chain, BOB, kvstore(), PUT, (b"a".to_vec(), b"mine".to_vec()));
        assert_eq!(ok::<Option<Vec<u8>>>(chain, CAROL, kvstore(), GET, b"a".to_vec()), Some(b"mine".to_vec()));
    };
}
