//! Verifying proofs: against a root, only what is so verifies; under any root, nothing panics and verifying
//! agrees with proving.

use super::Session;
use super::examples::{Example, IDS, keys};
use super::graph::Graph;
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
    graph: Graph,
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
        Self { root, known, encoded, graph: Graph::new(objects) }
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
        // Now and then a state of mutated objects whose parents name them, and a few claims about it: tag 255.
        if random.one_in(64) {
            let claims: Vec<u32> = (0..8).map(|_| random.below(self.known.len()) as u32).collect();
            input = (255u8, claims, self.graph.mutated(random)).encode();
        }
        input
    }

    fn run(&mut self, input: &[u8]) {
        if let Some((255, mut rest)) = input.split_first() {
            let Ok((claims, objects)) = Decode::decode(&mut rest) else { return };
            return self.run_on_other_state(claims, objects);
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
    fn run_on_other_state(&self, claims: Vec<u32>, objects: Vec<Vec<u8>>) {
        let mut store = Store::default();
        let Some(root) = objects.into_iter().map(|bytes| store.insert(bytes)).last() else { return };
        for known in claims.into_iter().filter_map(|claim| self.known.get(claim as usize)) {
            if matches!(known.claim, Claim::StateReceipt { .. }) {
                continue;
            }
            if let Ok(proof) = prove(&root, &known.claim, &[], &mut store) {
                assert!(verify(&root, &known.claim, &proof).is_ok(), "what proves verifies");
            }
        }
    }
}
