//! What goes from one node to another and is longer than a message: states, and witnesses of large blocks.

mod chain;

use chain::{TestChain, event, probe, put_args};
use nub::error::StateImportError;
use nub::{BackendKind, Event, Failure, Hash, ImportError, Nub, Params, SharedBlobs};

/// Values of a page each, of which a witness of all is longer than a message.
const VALUES: u16 = 1_100;
const GAS: u64 = 80_000;

fn key(n: u16) -> Vec<u8> {
    [b"value", &n.to_be_bytes()[..]].concat()
}

fn value(n: u16) -> Vec<u8> {
    n.to_be_bytes().repeat(2048)
}

fn handle(kind: BackendKind) -> Nub {
    Nub::builder().backend(kind).candidates_max(16).blobs(SharedBlobs::in_memory()).build().unwrap()
}

/// A committed chain of that many values.
fn full(kind: BackendKind) -> TestChain {
    let mut nub = handle(kind);
    let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
    let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
    let puts: Vec<Event> = (0..VALUES)
        .map(|n| Event { gas_limit: GAS, ..event(probe::STORAGE_PUT, put_args(&key(n), &value(n))) })
        .collect();
    for puts in puts.chunks(400) {
        let summary = chain.apply(puts.to_vec());
        assert!(summary.receipts.iter().all(|receipt| receipt.status == nub::Status::Success));
        chain.nub.commit(chain.root).unwrap();
    }
    chain
}

fn exported(chain: &mut TestChain) -> Vec<u8> {
    let mut file = Vec::new();
    chain.nub.export(chain.root, &mut file).unwrap();
    file
}

/// Why a file is not imported into a fresh handle, which has no state then.
fn refusal(nub: &mut Nub, root: Hash, file: &[u8]) -> StateImportError {
    let Err(ImportError::Kernel(Failure::Kernel(error))) = nub.import(root, &mut &file[..]) else {
        panic!("the kernel refuses it");
    };
    assert_eq!(nub.state_root().unwrap(), None);
    error
}

#[test]
fn a_witness_longer_than_a_message_goes_in_parts() {
    let mut witnesses = Vec::new();
    for kind in chain::backends() {
        let mut chain = full(kind);
        let removes = (0..VALUES).map(|n| Event { gas_limit: GAS, ..event(probe::STORAGE_REMOVE, key(n)) });
        let block = chain.block(removes.collect()).to_bytes();
        let root = chain.root;
        let witness = chain.nub.witness(root, &block).unwrap();
        let bytes: usize = witness.iter().map(Vec::len).sum();
        assert!(bytes > 4 << 20, "{bytes}");
        let applied = chain.nub.apply_block(root, &block).unwrap();
        let mut stateless = handle(kind);
        assert_eq!(stateless.execute_witness(root, &block, &witness).unwrap(), applied);
        // What was given is used once.
        assert!(stateless.execute_witness(root, &block, &[]).is_err());
        let (first, rest) = witness.split_first().unwrap();
        assert!(stateless.execute_witness(root, &block, rest).is_err(), "{}", nub::blake2b_256(first));
        assert_eq!(stateless.execute_witness(root, &block, &witness).unwrap(), applied);
        witnesses.push(witness);
    }
    assert!(witnesses.iter().all(|witness| *witness == witnesses[0]));
}

#[test]
fn a_state_goes_from_backend_to_backend() {
    let kinds = chain::backends();
    for (from, to) in kinds.iter().zip(kinds.iter().rev()) {
        let mut chain = full(*from);
        let file = exported(&mut chain);
        assert!(file.len() > 4 << 20);
        let mut nub = handle(*to);
        let bytes = nub.import(chain.root, &mut &file[..]).unwrap();
        assert_eq!((bytes, nub.state_root().unwrap()), (file.len() as u64, Some(chain.root)));
        let mut imported =
            TestChain { nub, genesis_root: chain.root, root: chain.root, height: chain.height };
        assert_eq!(exported(&mut imported), file);
        let events = || vec![event(probe::COUNT, vec![]), event(probe::STORAGE_GET, key(7))];
        assert_eq!(imported.apply(events()), chain.apply(events()));
        assert_eq!(imported.root, chain.root);
        let again = imported.nub.import(chain.root, &mut &file[..]);
        let committed = imported.genesis_root;
        let expected = StateImportError::AlreadyInitialised(committed);
        assert!(matches!(again, Err(ImportError::Kernel(Failure::Kernel(error))) if error == expected));
    }
}

#[test]
fn a_file_that_is_not_the_state_is_refused_and_leaves_none() {
    for kind in chain::backends() {
        let mut nub = handle(kind);
        let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
        let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
        let file = exported(&mut chain);
        let mut nub = handle(kind);
        for end in [0, 1, 43, 44, 47, 48, 300, file.len() - 1] {
            assert_eq!(refusal(&mut nub, root, &file[..end]), StateImportError::Truncated, "{end}");
        }
        let other = Hash([1; 32]);
        let expected = StateImportError::AnotherRoot { expected: other, got: root };
        assert_eq!(refusal(&mut nub, other, &file), expected);
        let mut flips = file.clone();
        for at in [0, 9, 60, 400, file.len() - 2] {
            flips[at] ^= 1;
            let error = refusal(&mut nub, root, &flips);
            assert!(matches!(error, StateImportError::Malformed(_)), "{at}: {error}");
            flips[at] ^= 1;
        }
        let long = [&file[..44], &u32::MAX.to_le_bytes()].concat();
        assert_eq!(refusal(&mut nub, root, &long), StateImportError::TooLong(u32::MAX.into()));
        for after in [&[0][..], &file] {
            let error = refusal(&mut nub, root, &[&file, after].concat());
            assert!(matches!(error, StateImportError::Malformed(_)), "{error}");
        }
        // A file that fails is forgotten: the right one is taken.
        nub.import(root, &mut &file[..]).unwrap();
        assert_eq!(nub.state_root().unwrap(), Some(root));
    }
}
