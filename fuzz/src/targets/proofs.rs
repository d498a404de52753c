//! Verifying proofs: against a root, only what is so verifies; under any root, nothing panics and verifying
//! agrees with proving.

use super::Session;
use super::examples::{Example, IDS, keys};
use crate::random::Random;
use crate::store::Store;
use nub_abi::Hash;
use nub_state::{Claim, Proof, Verdict, prove, verify};
use parity_scale_codec::{Decode, Encode};

/// A claim and what it comes to.
struct Known {
    claim: Claim,
    proof: Proof,
    verdict: Verdict,
}

/// Claims about the example.
pub struct Proofs {
    root: Hash,
    known: Vec<Known>,
    encoded: Vec<Vec<u8>>,
    objects: Vec<Vec<u8>>,
}

impl Proofs {
    /// Of every place in the example, and some where nothing is.
    pub fn new() -> Self {
        let Example { root, mut store, receipts, objects } = Example::new();
        let known: Vec<Known> = claims()
            .into_iter()
            .map(|claim| {
                let proof = prove(&root, &claim, &receipts, &mut store).expect("it is all there");
                let verdict = verify(&root, &claim, &proof).expect("it was just made");
                Known { claim, proof, verdict }
            })
            .collect();
        let encoded = known.iter().map(|known| (0u32, &known.proof).encode()).collect();
        Self { root, known, encoded, objects }
    }
}

/// Every kind of claim, about what is there and what is not.
fn claims() -> Vec<Claim> {
    let mut claims: Vec<Claim> = [0, 7, 19, 20, u32::MAX].map(|index| Claim::StateReceipt { index }).to_vec();
    for instance in IDS.into_iter().chain([nub_abi::InstanceId([0x13; 32])]) {
        claims.push(Claim::Instance { id: instance });
        claims.extend(keys().into_iter().map(|key| Claim::Entry { instance, key }));
        claims.extend([0, 2, 17, 1 << 30].map(|page| Claim::MemoryPage { instance, page }));
    }
    claims
}

impl Session for Proofs {
    /// The number of a claim, and a proof, mutated.
    fn input(&mut self, random: &mut Random) -> Vec<u8> {
        let mut input = random.mutated(&self.encoded);
        let claim = random.below(self.known.len()) as u32;
        if let Some(start) = input.get_mut(..4) {
            start.copy_from_slice(&claim.to_le_bytes());
        }
        // Now and then a state of mutated objects whose parents name them: tag 255.
        if random.one_in(8) {
            input = relinked(random, &self.objects);
            input.insert(0, 255);
        }
        input
    }

    fn run(&mut self, input: &[u8]) {
        if let Some((255, rest)) = input.split_first() {
            return self.run_on_other_state(rest);
        }
        let Ok((claim, proof)) = <(u32, Proof)>::decode(&mut &*input) else { return };
        let Some(known) = self.known.get(claim as usize) else { return };
        if let Ok(verdict) = verify(&self.root, &known.claim, &proof) {
            assert_eq!(verdict, known.verdict);
            assert_eq!(proof, known.proof, "there is one proof");
        }
    }
}

impl Proofs {
    fn run_on_other_state(&self, input: &[u8]) {
        let Ok(objects) = Vec::<Vec<u8>>::decode(&mut &*input) else { return };
        let mut store = Store::default();
        let Some(root) = objects.into_iter().map(|bytes| store.insert(bytes)).last() else { return };
        for known in &self.known {
            if matches!(known.claim, Claim::StateReceipt { .. }) {
                continue;
            }
            if let Ok(proof) = prove(&root, &known.claim, &[], &mut store) {
                assert!(verify(&root, &known.claim, &proof).is_ok(), "what proves verifies");
            }
        }
    }
}

/// The objects with one of them changed, and its parents to name it: encoded, the root last.
pub fn relinked(random: &mut Random, objects: &[Vec<u8>]) -> Vec<u8> {
    let mut objects = objects.to_vec();
    let at = random.below(objects.len());
    let mut renamed = vec![(nub_abi::blake2b_256(&objects[at]), at)];
    objects[at] = random.mutated(&[objects[at].clone()]);
    while let Some((before, at)) = renamed.pop() {
        let after = nub_abi::blake2b_256(&objects[at]);
        for (parent, bytes) in objects.iter_mut().enumerate().skip(at + 1) {
            let was = nub_abi::blake2b_256(bytes);
            while let Some(place) = bytes.windows(32).position(|window| window == before.0) {
                bytes[place..place + 32].copy_from_slice(&after.0);
                if after == before {
                    break;
                }
            }
            if was != nub_abi::blake2b_256(bytes) && !renamed.iter().any(|(_, other)| *other == parent) {
                renamed.push((was, parent));
            }
        }
        renamed.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    }
    objects.encode()
}
