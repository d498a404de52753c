//! What the tests share: a store in a map, a reference trie, shorthands.
#![allow(dead_code)]

pub mod states;

use nub_abi::{Hash, blake2b_256};
use nub_state::{Handle, Key, Link, Loader, Object, Sealing, StateError, seal};
use std::collections::BTreeMap;

/// Sealed objects by hash.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub objects: BTreeMap<Hash, Vec<u8>>,
    pub loads: u32,
}

impl Loader for Store {
    type Error = StateError;

    fn load(&mut self, hash: &Hash) -> Result<Handle, StateError> {
        self.loads += 1;
        let bytes = self.objects.get(hash).ok_or(StateError::Missing(*hash))?;
        Ok(Handle::load(hash, bytes).expect("the store holds what seal made"))
    }
}

impl Store {
    /// Seals into the store and checks what the sink is promised.
    pub fn seal(&mut self, link: &Link) -> Sealing {
        let mut count = 0;
        let sealing = seal(link, &mut |hash, bytes, handle| {
            count += 1;
            assert!(bytes.len() > 128);
            assert_eq!(hash, blake2b_256(&bytes));
            assert_eq!((handle.hash(), handle.encoding()), (Some(hash), Some(bytes.clone())));
            assert_clean(&handle);
            let loaded = Handle::load(&hash, &bytes).expect("what seal makes decodes");
            assert_eq!(loaded.encoding().as_deref(), Some(&*bytes));
            handle.object().for_each_link(&mut |link| {
                if let Link::Hashed(child) = link {
                    assert!(self.objects.contains_key(child) || *child == absent(), "children come first");
                }
            });
            self.objects.insert(hash, bytes);
        });
        assert_eq!(sealing.objects_hashed, count);
        sealing
    }
}

/// A hash that tests use for children that are never loaded.
pub fn absent() -> Hash {
    Hash([0xaa; 32])
}

/// Every link is a hash or an embedded object in clean form.
fn assert_clean(handle: &Handle) {
    handle.object().for_each_link(&mut |link| {
        if let Link::Resident(child) = link {
            assert!(child.encoding().is_some_and(|bytes| bytes.len() <= 128), "only embedded children stay");
            assert_clean(child);
        }
    });
}

pub fn key(bytes: &[u8]) -> Key {
    Key::new(bytes).expect("a key of 1 to 32 bytes")
}

pub fn bytes(value: &[u8]) -> Link {
    Link::new(value.to_vec())
}

/// A sealed link's encoding, loaded from the store where it is hashed.
pub fn encoding(link: &Link, store: &mut Store) -> Vec<u8> {
    link.resolve(store).unwrap().encoding().unwrap()
}

/// The encoding of a decoded object, whose hashed children may be nowhere.
pub fn encode(object: Object) -> Vec<u8> {
    let handle = Handle::new(object);
    seal(&Link::from(handle.clone()), &mut |_, _, _| {});
    handle.encoding().expect("it was sealed")
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// A second, naive implementation of the trie's format: from the whole content, by recursion.
pub mod reference {
    use nub_abi::blake2b_256;
    use std::collections::BTreeMap;

    /// A SCALE compact length below 2³⁰.
    pub fn compact(length: usize) -> Vec<u8> {
        match length {
            0..64 => vec![(length << 2) as u8],
            64..16384 => ((length << 2 | 1) as u16).to_le_bytes().to_vec(),
            _ => ((length << 2 | 2) as u32).to_le_bytes().to_vec(),
        }
    }

    /// A child in its parent.
    pub fn child(encoding: &[u8]) -> Vec<u8> {
        match encoding.len() <= 128 {
            true => [vec![0], compact(encoding.len()), encoding.to_vec()].concat(),
            false => [vec![1], blake2b_256(encoding).0.to_vec()].concat(),
        }
    }

    fn path(nibbles: &[u8]) -> Vec<u8> {
        let mut out = vec![nibbles.len() as u8];
        out.extend(nibbles.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)));
        out
    }

    pub fn nibbles(key: &[u8]) -> Vec<u8> {
        key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect()
    }

    /// The root node's encoding of a map from keys to encoded values.
    pub fn root(content: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Vec<u8>> {
        let entries: Vec<_> = content.iter().map(|(k, v)| (nibbles(k), v.clone())).collect();
        (!entries.is_empty()).then(|| node(&entries, 0))
    }

    fn shared(entries: &[(Vec<u8>, Vec<u8>)], depth: usize) -> usize {
        let (first, last) = (&entries[0].0[depth..], &entries[entries.len() - 1].0[depth..]);
        first.iter().zip(last).take_while(|(a, b)| a == b).count()
    }

    fn node(entries: &[(Vec<u8>, Vec<u8>)], depth: usize) -> Vec<u8> {
        if let [(key, value)] = entries {
            return [vec![0x07], path(&key[depth..]), child(value)].concat();
        }
        let end = depth + shared(entries, depth);
        let mut out = [vec![0x08], path(&entries[0].0[depth..end])].concat();
        let (own, below) = entries.split_at(usize::from(entries[0].0.len() == end));
        match own {
            [(_, value)] => out.extend([vec![1], child(value)].concat()),
            _ => out.push(0),
        }
        let groups: Vec<_> = below.chunk_by(|a, b| a.0[end] == b.0[end]).collect();
        let bitmap = groups.iter().fold(0u16, |bits, group| bits | 1 << group[0].0[end]);
        out.extend(bitmap.to_le_bytes());
        groups.iter().for_each(|group| out.extend(child(&node(group, end + 1))));
        out
    }

    /// Trie nodes that a search for `key` looks at in a trie of `keys`, which ascend.
    pub fn nodes<'a>(keys: impl Iterator<Item = &'a Vec<u8>>, key: &[u8]) -> u32 {
        let mut entries: Vec<_> = keys.map(|k| (nibbles(k), Vec::new())).collect();
        let key = nibbles(key);
        let (mut depth, mut count) = (0, 0);
        while !entries.is_empty() {
            count += 1;
            let end = depth + shared(&entries, depth);
            // A lone entry is a leaf: the search ends there whatever the key.
            if entries.len() == 1 || key.len() <= end || key[depth..end] != entries[0].0[depth..end] {
                break;
            }
            entries.retain(|(k, _)| k.len() > end && k[end] == key[end]);
            depth = end + 1;
        }
        count
    }
}
