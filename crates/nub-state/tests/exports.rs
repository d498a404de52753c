//! Exports: whole, in order, and refused if anything is wrong with them.

mod common;

use common::Store;
use common::states::{State, cases, states};
use nub_abi::{Hash, blake2b_256};
use nub_state::export::EXPORT_HEADER_BYTES;
use nub_state::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;

fn export(root: Hash, store: &mut Store, bytes_max: usize) -> Vec<Vec<u8>> {
    let mut export = Export::new(root);
    let mut chunks = Vec::new();
    loop {
        let chunk = export.next_chunk(store, bytes_max).unwrap();
        if chunk.is_empty() {
            return chunks;
        }
        chunks.push(chunk);
    }
}

/// The file of these objects.
fn file(root: Hash, objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [&b"nubstate"[..], &[1, 0, 0, 0], &root.0].concat();
    for object in objects {
        file.extend((object.len() as u32).to_le_bytes());
        file.extend(object);
    }
    file
}

/// The objects of a file that is good.
fn objects(file: &[u8]) -> Vec<Vec<u8>> {
    let mut objects = Vec::new();
    import(file, &mut |_, bytes| objects.push(bytes.to_vec())).unwrap();
    objects
}

fn fails(file: &[u8]) -> ImportError {
    import(file, &mut |_, _| {}).unwrap_err()
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn an_export_is_all_of_a_state_once(state in states(), bytes_max in 0usize..10_000) {
        let (root, mut store) = state.build();
        let chunks = export(root, &mut store, bytes_max);
        let whole = chunks.concat();
        let mut imported = BTreeMap::new();
        let result = import(&whole, &mut |hash, bytes| {
            assert!(imported.insert(hash, bytes.to_vec()).is_none(), "once");
        });
        prop_assert_eq!(result, Ok(root));
        prop_assert_eq!(&imported, &store.objects);
        prop_assert_eq!(&whole, &file(root, &objects(&whole)));
        prop_assert_eq!(&whole, &export(root, &mut store, usize::MAX).concat(), "whatever the slices");
        for chunk in chunks.iter().filter(|chunk| chunk.len() > bytes_max) {
            let length = chunk.get(..4).map(|l| u32::from_le_bytes(l.try_into().unwrap()) as usize + 4);
            prop_assert!(chunk.len() == EXPORT_HEADER_BYTES || Some(chunk.len()) == length, "one object alone");
        }
    }

    #[test]
    fn a_changed_export_is_refused(state in states(), at in any::<Index>(), bit in 0u8..8) {
        let (root, mut store) = state.build();
        let whole = export(root, &mut store, usize::MAX).concat();
        let mut flipped = whole.clone();
        flipped[at.index(whole.len())] ^= 1 << bit;
        fails(&flipped);
        fails(&whole[..at.index(whole.len())]);
        let mut order = objects(&whole);
        let out = order.remove(at.index(order.len()));
        fails(&file(root, &order));
        order.insert(0, out.clone());
        order.push(out);
        fails(&file(root, &order));
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        fails(&bytes);
        fails(&[&file(blake2b_256(&bytes), &[])[..], &bytes].concat());
        fails(&file(blake2b_256(&bytes), std::slice::from_ref(&bytes)));
    }

    /// A loader that fails now and then costs nothing but another try.
    #[test]
    fn a_failed_slice_can_be_tried_again(state in states(), period in 2u32..9) {
        struct Flaky<'a>(&'a mut Store, u32, u32);
        impl Loader for Flaky<'_> {
            type Error = StateError;
            fn load(&mut self, hash: &Hash) -> Result<Handle, StateError> {
                self.1 += 1;
                if self.1.is_multiple_of(self.2) { Err(StateError::Missing(*hash)) } else { self.0.load(hash) }
            }
        }
        let (root, mut store) = state.build();
        let whole = export(root, &mut store, usize::MAX).concat();
        let (mut flaky, mut walk, mut out) = (Flaky(&mut store, 0, period), Export::new(root), Vec::new());
        loop {
            match walk.next_chunk(&mut flaky, 1_000) {
                Ok(chunk) if chunk.is_empty() => break,
                Ok(chunk) => out.extend(chunk),
                Err(_) => {}
            }
        }
        prop_assert_eq!(out, whole);
    }
}

/// A System over nothing, and its root.
fn empty() -> (Hash, Vec<u8>) {
    let (root, store) = State { actors: BTreeMap::new(), receipts: vec![], next_params: false }.build();
    (root, store.objects[&root].clone())
}

#[test]
fn each_fault_has_its_error() {
    let (root, system) = empty();
    let good = file(root, std::slice::from_ref(&system));
    assert_eq!(import(&good, &mut |_, _| {}), Ok(root));
    assert_eq!(fails(b""), ImportError::NotAnExport);
    assert_eq!(fails(&good[..43]), ImportError::NotAnExport);
    let mut other = good.clone();
    other[0] ^= 1;
    assert_eq!(fails(&other), ImportError::NotAnExport);
    let mut other = good.clone();
    other[9] = 1;
    assert_eq!(fails(&other), ImportError::UnsupportedVersion(257));
    assert_eq!(fails(&good[..44]), ImportError::Truncated(root));
    assert_eq!(fails(&good[..46]), ImportError::Truncated(root));
    assert_eq!(fails(&good[..good.len() - 1]), ImportError::Truncated(root));
    assert_eq!(fails(&[&good[..], &[0]].concat()), ImportError::AfterRoot(root));
    assert_eq!(fails(&file(root, &[system.clone(), system.clone()])), ImportError::AfterRoot(root));

    let value = common::encode(Object::Bytes(vec![1; 200]));
    let hash = blake2b_256(&value);
    assert_eq!(fails(&file(root, &[value.clone(), system.clone()])), ImportError::Unreferenced(hash));
    assert_eq!(fails(&file(root, &[value.clone(), value.clone()])), ImportError::Duplicate(hash));
    assert_eq!(fails(&file(hash, std::slice::from_ref(&value))), ImportError::NotASystem(Kind::Bytes));
    let short = common::unhex("0900");
    let reason = DecodeError::HashedTooShort(2);
    assert_eq!(
        fails(&file(root, std::slice::from_ref(&short))),
        ImportError::Malformed { hash: blake2b_256(&short), reason }
    );
}

#[test]
fn children_stand_before_their_parents_and_are_of_their_kinds() {
    let (root, _) = empty();
    let value = common::encode(Object::Bytes(vec![1; 200]));
    let child = blake2b_256(&value);
    // An Instance whose Image, CNode and memory are all that byte value.
    let link = [&[1][..], &child.0].concat();
    let instance = [&[4][..], &link, &link, &link, &[0; 9]].concat();
    // 1 + 3 · 33 + 9 = 109 bytes would be embedded: its leaf is what is named by hash.
    let leaf = [&[7, 0, 0][..], &common::reference::compact(instance.len()), &instance].concat();
    let node = [&[8, 0, 1][..], &link, &[1, 0], &[1], &child.0, &[0]].concat();
    assert!(Object::decode(&leaf).is_ok() && leaf.len() <= 128);
    assert!(Object::decode(&node).is_err());
    let branch =
        [&[8, 0, 0][..], &[0b11, 0], &link, &[0][..], &common::reference::compact(leaf.len()), &leaf]
            .concat();
    assert!(branch.len() > 128 && Object::decode(&branch).is_ok());
    let parent = blake2b_256(&branch);
    assert_eq!(
        fails(&file(root, std::slice::from_ref(&branch))),
        ImportError::MissingChild { parent, child }
    );
    let expected = Kinds::NODE;
    let wrong = ImportError::WrongKind { parent, child, expected, found: Kind::Bytes };
    assert_eq!(fails(&file(root, &[value, branch])), wrong);
}
