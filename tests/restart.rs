//! The store under a handle: a new handle goes on from the last commit, and a store that fails is never a verdict.

mod chain;

use chain::{TestChain, event, number, probe, put_args};
use nub::error::{Abort, ApplyError, CommitError, OpenError, QueryError};
use nub::{BackendKind, Blobs, Failure, Hash, Nub, Params, Query, SharedBlobs};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A store that a test can look into and break.
#[derive(Clone, Default)]
struct Breakable(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    objects: HashMap<Hash, Vec<u8>>,
    reads: u64,
    /// Reads fail from this one on, in this way.
    fail_from: Option<(u64, Fault)>,
    refuse_commits: bool,
}

#[derive(Clone, Copy)]
enum Fault {
    Missing,
    Corrupt,
    Error,
}

impl Blobs for Breakable {
    fn get(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, Abort> {
        let mut inner = self.0.lock().unwrap();
        inner.reads += 1;
        let mut object = inner.objects.get(hash).cloned();
        match inner.fail_from.filter(|(from, _)| inner.reads > *from) {
            None => {}
            Some((_, Fault::Missing)) => object = None,
            Some((_, Fault::Corrupt)) => object.iter_mut().for_each(|bytes| bytes[9] ^= 1),
            Some((_, Fault::Error)) => return Err(Abort::Store("the disk is gone".into())),
        }
        Ok(object)
    }

    fn commit(&mut self, _: Hash, _: u64, objects: &[(Hash, Vec<u8>)]) -> Result<(), Abort> {
        let mut inner = self.0.lock().unwrap();
        if inner.refuse_commits {
            return Err(Abort::Store("the disk is full".into()));
        }
        inner.objects.extend(objects.iter().cloned());
        Ok(())
    }
}

fn handle(kind: BackendKind, blobs: &SharedBlobs) -> Nub {
    Nub::builder().backend(kind).blobs(blobs.clone()).build().unwrap()
}

/// A committed chain of two blocks over a breakable store: the store, and the committed root.
fn committed(kind: BackendKind) -> (Breakable, SharedBlobs, Hash) {
    let store = Breakable::default();
    let blobs = SharedBlobs::new(store.clone(), None);
    let mut nub = handle(kind, &blobs);
    let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
    let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
    chain.apply(vec![event(probe::COUNT, vec![])]);
    chain.apply((0..20u8).map(|n| event(probe::STORAGE_PUT, put_args(&[n, n, n], &[n; 200]))).collect());
    chain.nub.commit(chain.root).unwrap();
    (store, blobs, chain.root)
}

fn count_query(root: Hash) -> Query {
    Query { root, instance: chain::probe(), endpoint: probe::COUNT, args: vec![], gas_limit: chain::GAS }
}

fn goes_on(kind: BackendKind) {
    let (store, blobs, root) = committed(kind);
    // The other backend opens the same store.
    for opener in chain::backends() {
        store.0.lock().unwrap().reads = 0;
        let mut nub = handle(opener, &blobs);
        assert_eq!(nub.state_root().unwrap(), Some(root));
        assert_eq!(number(&nub.query(&count_query(root)).unwrap().output, 0), 1002);
        let inner = store.0.lock().unwrap();
        assert!(inner.reads < inner.objects.len() as u64, "objects are loaded as needed");
    }
    let nub = handle(kind, &blobs);
    let mut chain = TestChain { nub, genesis_root: root, root, height: 2 };
    assert_eq!(number(&chain.ok(probe::COUNT, vec![]), 0), 1002);
}

#[test]
fn a_new_handle_goes_on_from_the_last_commit() {
    chain::backends().into_iter().for_each(goes_on);
}

#[test]
fn a_read_that_fails_aborts_the_block_at_any_depth_and_nothing_else() {
    for kind in chain::backends() {
        let (store, blobs, root) = committed(kind);
        let gets: Vec<_> = (0..20u8).map(|n| event(probe::STORAGE_GET, vec![n, n, n])).collect();
        let call = event(probe::CALL, chain::call_args(1, probe::COUNT, 1_000_000, &[], &[]));
        let events = [gets, vec![call]].concat();
        let expected = {
            let mut chain = TestChain { nub: handle(kind, &blobs), genesis_root: root, root, height: 2 };
            chain.apply(events.clone());
            chain.root
        };
        let reads_needed = store.0.lock().unwrap().reads;
        let step = if kind == BackendKind::Local { 1 } else { 5 };
        let mut aborted = 0;
        for at in (0..reads_needed).step_by(step) {
            let fault = [Fault::Missing, Fault::Corrupt, Fault::Error][at as usize % 3];
            let mut nub = handle(kind, &blobs);
            store.0.lock().unwrap().reads = 0;
            store.0.lock().unwrap().fail_from = Some((at, fault));
            let mut chain = TestChain { nub, genesis_root: root, root, height: 2 };
            let block = chain.block(events.clone()).to_bytes();
            let failed = chain.nub.apply_block(root, &block);
            match (fault, failed) {
                (_, Ok((new_root, _))) => {
                    assert_eq!(new_root, expected);
                    store.0.lock().unwrap().fail_from = None;
                    continue;
                }
                (Fault::Missing, Err(Failure::Kernel(ApplyError::Abort(Abort::MissingObject(_))))) => {}
                (Fault::Corrupt, Err(Failure::Kernel(ApplyError::Abort(Abort::CorruptObject { .. })))) => {}
                (Fault::Error, Err(Failure::Kernel(ApplyError::Abort(Abort::Store(_))))) => {}
                (_, Err(other)) => panic!("{other}"),
            }
            aborted += 1;
            // The same handle, once the store works again, gives the right result.
            store.0.lock().unwrap().fail_from = None;
            nub = chain.nub;
            assert_eq!(nub.apply_block(root, &block).unwrap().0, expected);
        }
        assert!(aborted >= 3, "{aborted} of {reads_needed}");
    }
}

#[test]
fn a_commit_that_fails_leaves_the_candidate_and_the_committed_root() {
    for kind in chain::backends() {
        let (store, blobs, root) = committed(kind);
        let mut chain = TestChain { nub: handle(kind, &blobs), genesis_root: root, root, height: 2 };
        chain.apply(vec![event(probe::COUNT, vec![])]);
        store.0.lock().unwrap().refuse_commits = true;
        let failed = chain.nub.commit(chain.root);
        assert!(matches!(failed, Err(Failure::Kernel(CommitError::Abort(Abort::Store(_))))), "{failed:?}");
        assert_eq!(chain.nub.state_root().unwrap(), Some(root));
        assert_eq!(blobs.committed(), Some(root));
        store.0.lock().unwrap().refuse_commits = false;
        chain.nub.commit(chain.root).unwrap();
        assert_eq!(blobs.committed(), Some(chain.root));
    }
}

#[test]
fn a_root_that_is_no_state_is_not_opened() {
    for kind in chain::backends() {
        let (store, _, _) = committed(kind);
        let other_object =
            *store.0.lock().unwrap().objects.iter().find(|(_, bytes)| bytes[0] != 1).unwrap().0;
        let open =
            |root| Nub::builder().backend(kind).blobs(SharedBlobs::new(store.clone(), Some(root))).build();
        let refused = open(other_object).err().unwrap().kernel();
        assert!(matches!(refused, Some(OpenError::NotASystem { .. })), "{refused:?}");
        let refused = open(Hash([1; 32])).err().unwrap().kernel();
        assert!(matches!(refused, Some(OpenError::Abort(Abort::MissingObject(_)))), "{refused:?}");
    }
}

#[test]
fn a_handle_without_a_state_says_so() {
    for kind in chain::backends() {
        let mut nub = Nub::builder().backend(kind).build().unwrap();
        assert_eq!(nub.state_root().unwrap(), None);
        let applied = nub.apply_block(Hash::ZERO, &[]);
        assert!(matches!(applied, Err(Failure::Kernel(ApplyError::Uninitialised))));
        let queried = nub.query(&count_query(Hash::ZERO));
        assert!(matches!(queried, Err(Failure::Kernel(QueryError::Uninitialised))));
        assert!(matches!(nub.commit(Hash::ZERO), Err(Failure::Kernel(CommitError::UnknownRoot(_)))));
        assert_eq!(nub.rollback().unwrap(), 0);
    }
}

/// A store whose objects verify but break the rules of embedding: it was written by somebody else's code.
#[test]
fn objects_that_embed_what_should_be_hashed_are_corrupt() {
    use parity_scale_codec::Encode;
    for kind in chain::backends() {
        let (store, blobs, root) = committed(kind);
        let system = store.0.lock().unwrap().objects[&root].clone();
        // The System's last field is its instances, a child by hash: tag 1 and 32 octets.
        let (body, child) = system.split_at(system.len() - 33);
        assert_eq!(child[0], 1);
        let instances = Hash(child[1..].try_into().unwrap());
        let cnode = store.0.lock().unwrap().objects[&instances].clone();
        let embedded = [body, &[0], &cnode.encode()].concat();
        // And a child by hash that is short enough to be embedded: an empty CNode.
        let short = [&[0x05][..], &Vec::<u32>::new().encode(), &[0]].concat();
        let by_hash = [body, &[1], &nub::blake2b_256(&short).0].concat();
        for (bytes, opens) in [(embedded, false), (by_hash, true)] {
            let bad_root = nub::blake2b_256(&bytes);
            store.0.lock().unwrap().objects.insert(bad_root, bytes);
            store.0.lock().unwrap().objects.insert(nub::blake2b_256(&short), short.clone());
            let opened =
                Nub::builder().backend(kind).blobs(SharedBlobs::new(store.clone(), Some(bad_root))).build();
            match opened {
                Err(failure) => {
                    assert!(!opens);
                    let error = failure.kernel();
                    assert!(
                        matches!(error, Some(OpenError::Abort(Abort::CorruptObject { .. }))),
                        "{error:?}"
                    );
                }
                Ok(mut nub) => {
                    assert!(opens);
                    let error = nub.query(&count_query(bad_root)).unwrap_err().kernel();
                    assert!(
                        matches!(error, Some(QueryError::Abort(Abort::CorruptObject { .. }))),
                        "{error:?}"
                    );
                }
            }
        }
        drop(blobs);
    }
}
