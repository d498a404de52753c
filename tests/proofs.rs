//! Proofs and exports of a running chain, checked without it.

mod chain;

use chain::{event, on_both, probe, put_args};
use nub::error::{ProveError, QueryError};
use nub::proof::{Claim, Verdict, prove_receipt, verify};
use nub::{Failure, Hash, InstanceId};
use nub_state::Key;
use nub_state::import::import;
use std::collections::BTreeMap;

fn entry(key: &[u8]) -> Claim {
    Claim::Entry { instance: chain::probe(), key: Key::new(key).unwrap() }
}

on_both! {
    entries_and_instances_are_proved_present_and_absent => |chain| {
        chain.apply((0..9u8).map(|n| event(probe::STORAGE_PUT, put_args(&[n, 1, 2], &[n; 140]))).collect());
        let root = chain.root;
        for (claim, present) in [
            (entry(&[3, 1, 2]), true),
            (entry(&[3, 1, 3]), false),
            (entry(&[1]), true), // a slot
            (Claim::Instance { id: chain::other() }, true),
            (Claim::Instance { id: InstanceId([4; 32]) }, false),
            (Claim::MemoryPage { instance: chain::probe(), page: 200 }, false),
        ] {
            let proof = chain.nub.prove(root, &claim).unwrap();
            let verdict = verify(&root, &claim, &proof).unwrap();
            assert_eq!(matches!(verdict, Verdict::Present(_)), present, "{claim:?}");
            assert!(verify(&Hash([1; 32]), &claim, &proof).is_err());
            let mut less = proof.clone();
            less.objects.pop();
            assert!(verify(&root, &claim, &less).is_err());
        }
    };

    receipts_are_proved_by_who_has_them => |chain| {
        let summary = chain.apply(vec![event(probe::COUNT, vec![]), event(probe::PANIC, vec![])]);
        let proof = prove_receipt(&summary.receipts, 1);
        let claim = Claim::Receipt { index: 1 };
        assert!(matches!(verify(&summary.receipts_root, &claim, &proof), Ok(Verdict::Present(_))));
        let of_state = Claim::StateReceipt { index: 0 };
        let proof = chain.nub.prove(chain.root, &of_state).unwrap();
        assert!(matches!(verify(&chain.root, &of_state, &proof), Ok(Verdict::Present(_))));
        let refused = chain.nub.prove(chain.root, &claim);
        assert!(matches!(refused, Err(Failure::Kernel(ProveError::ReceiptsNotKept))));
        let unknown = chain.nub.prove(Hash([1; 32]), &entry(&[1, 1]));
        assert!(matches!(unknown, Err(Failure::Kernel(ProveError::Query(QueryError::UnknownRoot(_))))));
    };

    an_export_imports_and_a_handle_goes_on_from_it => |chain| {
        chain.apply((0..30u8).map(|n| {
            let put = event(probe::STORAGE_PUT, put_args(&[n, 9], &[n; 300]));
            nub::Event { gas_limit: 1_000_000, ..put }
        }).collect());
        let mut bytes = Vec::new();
        let written = chain.nub.export(chain.root, &mut bytes).unwrap();
        assert_eq!(written, bytes.len() as u64);
        let mut objects = BTreeMap::new();
        let root = import(&bytes, &mut |hash, object| {
            objects.insert(hash, object.to_vec());
        }).unwrap();
        assert_eq!(root, chain.root);
        let mut blobs = nub::MemoryBlobs::default();
        let objects: Vec<(Hash, Vec<u8>)> = objects.into_iter().collect();
        nub::Blobs::commit(&mut blobs, root, 1, &objects).unwrap();
        let mut other = nub::Nub::builder()
            .backend(nub::BackendKind::Local)
            .blobs(nub::SharedBlobs::new(blobs, Some(root)))
            .build()
            .unwrap();
        let block = chain.block(vec![event(probe::STORAGE_GET, vec![7, 9])]).to_bytes();
        assert_eq!(other.apply_block(root, &block).unwrap(), chain.nub.apply_block(root, &block).unwrap());
        bytes[60] ^= 1;
        assert!(import(&bytes, &mut |_, _| {}).is_err());
    };
}
