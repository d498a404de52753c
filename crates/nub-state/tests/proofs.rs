//! Proofs: they show what is so, and nothing shows what is not.

mod common;

use common::states::{State, cases, encoded_page, encoding_of, ids, keys, page_numbers, receipts, states};
use common::{Store, key, unhex};
use nub_abi::{Hash, InstanceId, Receipt, blake2b_256};
use nub_state::*;
use parity_scale_codec::{Decode, DecodeAll, Encode};
use proptest::prelude::*;
use proptest::sample::Index;

/// What a claim about a described state must come to.
fn expected(state: &State, claim: &Claim) -> Verdict {
    let encoding = match claim {
        Claim::Instance { id } => {
            state.actors.get(&id.0).map(|actor| encoding_of(Link::new(actor.instance())))
        }
        Claim::Entry { instance, key } => state
            .actors
            .get(&instance.0)
            .and_then(|actor| actor.entries.get(key.as_bytes()))
            .map(|value| encoding_of(value.link())),
        Claim::MemoryPage { instance, page } => state
            .actors
            .get(&instance.0)
            .and_then(|actor| actor.pages.get(page))
            .map(|(fill, length)| encoded_page(*fill, *length)),
        Claim::Receipt { index } | Claim::StateReceipt { index } => {
            state.receipts.get(*index as usize).map(|receipt| encoding_of(Link::new(receipt.clone())))
        }
    };
    encoding.map_or(Verdict::Absent, Verdict::Present)
}

/// Every claim that is there, and these that may not be.
fn claims(state: &State, id: [u8; 32], absent: &[u8], page: u32) -> Vec<Claim> {
    let mut claims = Vec::new();
    let ids = state.actors.keys().copied().chain([id]);
    for instance in ids.map(InstanceId) {
        claims.push(Claim::Instance { id: instance });
        claims.push(Claim::Entry { instance, key: key(absent) });
        claims.push(Claim::MemoryPage { instance, page });
        let Some(actor) = state.actors.get(&instance.0) else { continue };
        claims.extend(actor.entries.keys().map(|k| Claim::Entry { instance, key: key(k) }));
        claims.extend(actor.pages.keys().map(|page| Claim::MemoryPage { instance, page: *page }));
    }
    claims.extend((0..=state.receipts.len() as u32).map(|index| Claim::StateReceipt { index }));
    claims.push(Claim::StateReceipt { index: u32::MAX });
    claims
}

/// A change to a proof.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, Index, u8),
    Truncate(Index, Index),
    Extend(Index, u8),
    Remove(Index),
    Add(Index, Vec<u8>),
    Repeat(Index, Index),
    Swap(Index, Index),
}

fn mutations() -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    prop_oneof![
        (index(), index(), 0u8..8).prop_map(|(object, byte, bit)| Mutation::Flip(object, byte, bit)),
        (index(), index()).prop_map(|(object, length)| Mutation::Truncate(object, length)),
        (index(), any::<u8>()).prop_map(|(object, byte)| Mutation::Extend(object, byte)),
        index().prop_map(Mutation::Remove),
        (index(), prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(at, bytes)| Mutation::Add(at, bytes)),
        (index(), index()).prop_map(|(object, at)| Mutation::Repeat(object, at)),
        (index(), index()).prop_map(|(a, b)| Mutation::Swap(a, b)),
    ]
}

impl Mutation {
    fn apply(&self, proof: &Proof) -> Proof {
        let mut objects = proof.objects.clone();
        let count = objects.len();
        match self {
            Self::Add(at, bytes) => objects.insert(at.index(count + 1), bytes.clone()),
            _ if count == 0 => {}
            Self::Flip(object, byte, bit) => {
                let object = &mut objects[object.index(count)];
                let at = byte.index(object.len());
                object[at] ^= 1 << bit;
            }
            Self::Truncate(object, length) => {
                let object = &mut objects[object.index(count)];
                object.truncate(length.index(object.len()));
            }
            Self::Extend(object, byte) => objects[object.index(count)].push(*byte),
            Self::Remove(at) => drop(objects.remove(at.index(count))),
            Self::Repeat(object, at) => {
                objects.insert(at.index(count + 1), objects[object.index(count)].clone())
            }
            Self::Swap(a, b) => objects.swap(a.index(count), b.index(count)),
        }
        Proof { objects }
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn proofs_show_what_is_so(state in states(), id in ids(), absent in keys(), page in page_numbers()) {
        let (root, mut store) = state.build();
        for claim in claims(&state, id, &absent, page) {
            let proof = prove(&root, &claim, &state.receipts, &mut store).unwrap();
            prop_assert_eq!(verify(&root, &claim, &proof), Ok(expected(&state, &claim)), "{:?}", claim);
            prop_assert_eq!(Claim::decode_all(&mut &*claim.encode()).unwrap(), claim);
            prop_assert_eq!(Proof::decode(&mut &*proof.encode()).unwrap(), proof);
        }
    }

    /// Of everything that is not the proof, nothing verifies: neither for the claim, root or another claim.
    #[test]
    fn a_changed_proof_shows_nothing(
        state in states(), id in ids(), absent in keys(), page in page_numbers(),
        which in any::<Index>(), other in any::<Index>(), changes in prop::collection::vec(mutations(), 1..4),
    ) {
        let (root, mut store) = state.build();
        let claims = claims(&state, id, &absent, page);
        let claim = which.get(&claims);
        let proof = prove(&root, claim, &state.receipts, &mut store).unwrap();
        let changed = changes.iter().fold(proof.clone(), |proof, change| change.apply(&proof));
        if changed != proof {
            prop_assert!(verify(&root, claim, &changed).is_err());
        }
        // The same proof may do for another claim, but only to show what is so.
        let other = other.get(&claims);
        if let Ok(verdict) = verify(&root, other, &proof) {
            prop_assert_eq!(verdict, expected(&state, other));
        }
        let wrong_root = Hash([1; 32]);
        prop_assert!(verify(&wrong_root, claim, &proof).is_err());
    }

    #[test]
    fn receipts_are_provable_from_their_root(
        receipts in receipts(), index in 0u32..24, changes in prop::collection::vec(mutations(), 1..3),
    ) {
        let root = receipts_root(&receipts);
        let claim = Claim::Receipt { index };
        let proof = prove_receipt(&receipts, index);
        let there = receipts.get(index as usize).map(|receipt| encoding_of(Link::new(receipt.clone())));
        prop_assert_eq!(verify(&root, &claim, &proof), Ok(there.map_or(Verdict::Absent, Verdict::Present)));
        let changed = changes.iter().fold(proof.clone(), |proof, change| change.apply(&proof));
        if changed != proof {
            prop_assert!(verify(&root, &claim, &changed).is_err());
        }
    }

    #[test]
    fn arbitrary_objects_show_nothing(
        objects in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4), id in ids(),
    ) {
        let root = objects.first().map_or(Hash([3; 32]), |bytes| blake2b_256(bytes));
        for claim in [Claim::Instance { id: InstanceId(id) }, Claim::Receipt { index: 0 }] {
            let proof = Proof { objects: objects.clone() };
            prop_assert!(verify(&root, &claim, &proof).is_err());
        }
    }
}

/// A state with one Instance of which a few entries are too long to embed.
fn small_state() -> (Hash, Store, Vec<Receipt>) {
    let mut cnode = CNode::new();
    for slot in 0..4 {
        cnode.insert(&Key::slot(slot), Link::new(vec![slot; 200]), &mut NoLoader).unwrap().unwrap();
    }
    let instance = Instance {
        image: Link::new(Image::default()),
        cnode: Link::new(cnode),
        memory: Link::new(DataCap::zeroed(0)),
        public: true,
        creations: 0,
    };
    let mut instances = CNode::new();
    instances.insert_instance(&ID, instance, &mut NoLoader).unwrap();
    let receipt = Receipt {
        status: nub_abi::Status::Success,
        gas_used: 1,
        output: vec![],
        logs: vec![],
        growth: nub_abi::Growth::default(),
    };
    let system = System {
        protocol_version: 1,
        chain_id: 1,
        height: 1,
        timestamp: 0,
        last_block: Hash::ZERO,
        last_receipts_root: receipts_root(std::slice::from_ref(&receipt)),
        params: nub_abi::Params::default(),
        next_params: None,
        instances: Link::new(instances),
    };
    let mut store = Store::default();
    let root = seal_root(system, &mut |hash, bytes, _| drop(store.objects.insert(hash, bytes)));
    (root.hash, store, vec![receipt])
}

const ID: InstanceId = InstanceId([6; 32]);

fn entry(slot: u8) -> Claim {
    Claim::Entry { instance: ID, key: Key::slot(slot) }
}

#[test]
fn each_fault_has_its_error() {
    let (root, mut store, _) = small_state();
    let proof = prove(&root, &entry(2), &[], &mut store).unwrap();
    let hashes: Vec<Hash> = proof.objects.iter().map(|bytes| blake2b_256(bytes)).collect();
    assert_eq!(hashes[0], root, "the System is read first");
    assert_eq!(proof.objects.last().unwrap()[3..], [2; 200], "the value last");
    let broken = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut objects = proof.objects.clone();
        change(&mut objects);
        verify(&root, &entry(2), &Proof { objects }).unwrap_err()
    };
    let last = hashes.len() - 1;
    assert_eq!(broken(&|objects| objects.clear()), ProofError::Missing(root));
    assert_eq!(broken(&|objects| drop(objects.pop())), ProofError::Missing(hashes[last]));
    assert_eq!(broken(&|objects| objects[last][9] ^= 1), ProofError::Missing(hashes[last]));
    assert_eq!(broken(&|objects| objects.push(vec![])), ProofError::Surplus(blake2b_256(b"")));
    assert_eq!(broken(&|objects| objects.push(objects[1].clone())), ProofError::Duplicate(hashes[1]));
    let misordered = ProofError::Misordered { expected: root, found: hashes[1] };
    assert_eq!(broken(&|objects| objects.swap(0, 1)), misordered);
    let early = ProofError::Misordered { expected: root, found: blake2b_256(b"x") };
    assert_eq!(broken(&|objects| objects.insert(0, b"x".to_vec())), early);
}

#[test]
fn roots_that_are_no_states_are_told_from_bad_proofs() {
    // Bytes with the hash asked for, that are no object.
    let junk = vec![0xee; 200];
    let verified = verify(&blake2b_256(&junk), &entry(0), &Proof { objects: vec![junk.clone()] });
    let reason = DecodeError::UnknownKind(0xee);
    assert_eq!(verified, Err(ProofError::Malformed { hash: blake2b_256(&junk), reason }));
    // A short System's worth of nothing: too short to be named by hash.
    let short = unhex("0900");
    let verified = verify(&blake2b_256(&short), &entry(0), &Proof { objects: vec![short.clone()] });
    let reason = DecodeError::HashedTooShort(2);
    assert_eq!(verified, Err(ProofError::Malformed { hash: blake2b_256(&short), reason }));
    // An object of another kind.
    let bytes = common::encode(Object::Bytes(vec![1; 200]));
    let verified = verify(&blake2b_256(&bytes), &entry(0), &Proof { objects: vec![bytes.clone()] });
    assert!(matches!(verified, Err(ProofError::State(StateError::WrongKind { .. }))), "{verified:?}");
    let verified =
        verify(&blake2b_256(&bytes), &Claim::Receipt { index: 0 }, &Proof { objects: vec![bytes.clone()] });
    assert!(matches!(verified, Err(ProofError::State(StateError::WrongKind { .. }))), "{verified:?}");
}

#[test]
fn a_receipts_root_is_named_by_hash_however_short() {
    let (root, mut store, receipts) = small_state();
    let proof = prove_receipt(&receipts, 0);
    assert_eq!(proof.objects.len(), 1);
    assert!(proof.objects[0].len() <= 128);
    let present = verify(&receipts_root(&receipts), &Claim::Receipt { index: 0 }, &proof).unwrap();
    assert!(matches!(present, Verdict::Present(_)));
    let through_state = prove(&root, &Claim::StateReceipt { index: 0 }, &receipts, &mut store).unwrap();
    assert_eq!(through_state.objects.len(), 2);
    assert_eq!(verify(&root, &Claim::StateReceipt { index: 0 }, &through_state), Ok(present));
    assert_eq!(verify(&Hash::ZERO, &Claim::Receipt { index: 0 }, &Proof::default()), Ok(Verdict::Absent));
}

#[test]
fn receipts_of_another_block_prove_nothing() {
    let (root, mut store, mut receipts) = small_state();
    let theirs = receipts_root(&receipts);
    receipts[0].gas_used += 1;
    let result = prove(&root, &Claim::StateReceipt { index: 0 }, &receipts, &mut store);
    assert_eq!(result, Err(StateError::Missing(theirs)));
}

#[test]
fn a_loader_that_fails_fails_the_proof() {
    let (root, mut store, _) = small_state();
    let proof = prove(&root, &entry(1), &[], &mut store).unwrap();
    for bytes in &proof.objects {
        let mut without = store.clone();
        without.objects.remove(&blake2b_256(bytes));
        let result = prove(&root, &entry(1), &[], &mut without);
        assert_eq!(result, Err(StateError::Missing(blake2b_256(bytes))));
    }
}

#[test]
fn keys_have_1_to_32_bytes() {
    for length in [0usize, 1, 32, 33, 300] {
        let decoded = Key::decode(&mut &*vec![1u8; length].encode());
        assert_eq!(decoded.is_ok(), (1..=32).contains(&length));
    }
}
