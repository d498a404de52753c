//! Candidates: forks from one parent, candidates on candidates, commit, rollback.

mod chain;

use chain::{TestChain, event, number, probe};
use nub::error::{ApplyError, CommitError, QueryError};
use nub::{Failure, Hash, Params, Query, Status};

fn count_at(chain: &mut TestChain, root: Hash) -> u64 {
    let query =
        Query { root, instance: chain::probe(), endpoint: probe::COUNT, args: vec![], gas_limit: chain::GAS };
    let receipt = chain.nub.query(&query).unwrap();
    assert_eq!(receipt.status, Status::Success);
    number(&receipt.output, 0)
}

/// Forks share a parent, live side by side, and a commit keeps what descends from it.
fn forks_and_commit(kind: nub::BackendKind) {
    let mut chain = TestChain::start(kind, &chain::genesis(Params::default()), [2; 32]);
    let genesis = chain.root;
    chain.apply(vec![event(probe::COUNT, vec![])]);
    let (left, left_height) = (chain.root, chain.height);
    (chain.root, chain.height) = (genesis, 0);
    chain.apply(vec![event(probe::COUNT, vec![]), event(probe::COUNT, vec![])]);
    let right = chain.root;
    (chain.root, chain.height) = (left, left_height);
    chain.apply(vec![event(probe::COUNT, vec![])]);
    let left_child = chain.root;
    assert_eq!([count_at(&mut chain, genesis), count_at(&mut chain, left)], [1001, 1002]);
    assert_eq!([count_at(&mut chain, right), count_at(&mut chain, left_child)], [1003, 1003]);
    assert_eq!(chain.nub.health_check().unwrap().candidates, 3);
    assert_eq!(chain.nub.state_root().unwrap(), Some(genesis));

    chain.nub.commit(left).unwrap();
    assert_eq!(chain.nub.state_root().unwrap(), Some(left));
    assert_eq!(chain.nub.health_check().unwrap().candidates, 1);
    assert_eq!(count_at(&mut chain, left_child), 1003);
    for gone in [right, genesis] {
        let query = Query { root: gone, instance: chain::probe(), endpoint: 0, args: vec![], gas_limit: 0 };
        assert!(
            matches!(chain.nub.query(&query), Err(Failure::Kernel(QueryError::UnknownRoot(root))) if root == gone)
        );
        assert!(matches!(chain.nub.commit(gone), Err(Failure::Kernel(CommitError::UnknownRoot(_)))));
    }
    chain.nub.commit(left).unwrap();
    chain.nub.commit(left_child).unwrap();
    let health = chain.nub.health_check().unwrap();
    assert_eq!((health.candidates, health.pending_objects, health.height), (0, 0, 2));
    assert_eq!(count_at(&mut chain, left_child), 1003);
}

#[test]
fn forks_live_side_by_side_and_commit_prunes() {
    chain::backends().into_iter().for_each(forks_and_commit);
}

chain::on_both! {
    a_block_applied_again_gives_the_same_candidate => |chain| {
        let block = chain.block(vec![event(probe::COUNT, vec![])]).to_bytes();
        let first = chain.nub.apply_block(chain.root, &block).unwrap();
        assert_eq!(chain.nub.apply_block(chain.root, &block).unwrap(), first);
        assert_eq!(chain.nub.health_check().unwrap().candidates, 1);
    };

    a_block_applied_again_after_rollback_gives_the_same_root_and_all_its_objects => |chain| {
        // What a candidate made goes with it, so the same block must make it all again.
        let image = chain::PROBE_IMAGE;
        let create = [&[4, 5, 1][..], &[7; 32], image].concat();
        let block = chain.block(vec![event(probe::CREATE, create), event(probe::COUNT, vec![])]).to_bytes();
        let first = chain.nub.apply_block(chain.root, &block).unwrap();
        let objects = chain.nub.health_check().unwrap().pending_objects;
        assert!(objects > 0);
        assert_eq!(chain.nub.rollback().unwrap(), 1);
        assert_eq!(chain.nub.health_check().unwrap().pending_objects, 0);
        assert_eq!(chain.nub.apply_block(chain.root, &block).unwrap(), first);
        assert_eq!(chain.nub.health_check().unwrap().pending_objects, objects);
    };

    queries_and_invokes_change_nothing => |chain| {
        let root = chain.root;
        for _ in 0..2 {
            assert_eq!(count_at(chain, root), 1001);
            let outcome = chain.nub.invoke(root, &event(probe::COUNT, vec![])).unwrap();
            assert_eq!(number(&outcome.receipt.output, 0), 1001);
            assert_eq!(outcome.changed, [chain::probe()]);
        }
        let outcome = chain.nub.invoke(root, &event(probe::PANIC, vec![])).unwrap();
        assert_eq!((outcome.receipt.status, outcome.changed.len()), (Status::Panicked, 0));
        let health = chain.nub.health_check().unwrap();
        assert_eq!((health.candidates, health.pending_objects, health.state_root), (0, 0, Some(root)));
    };

    a_query_may_read_what_is_not_public => |chain| {
        let query = |instance| Query {
            root: chain.genesis_root, instance, endpoint: probe::BADGE, args: vec![], gas_limit: chain::GAS,
        };
        let (private, unknown) = (query(chain::private()), query(nub::InstanceId([5; 32])));
        let receipt = chain.nub.query(&private).unwrap();
        assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, &[0; 32][..]));
        let refused = chain.nub.query(&unknown);
        assert!(matches!(refused, Err(Failure::Kernel(QueryError::UnknownInstance(_)))));
    };
}

#[test]
fn there_is_a_limit_on_candidates() {
    for kind in chain::backends() {
        let mut nub = nub::Nub::builder().backend(kind).candidates_max(2).build().unwrap();
        let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
        let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
        chain.apply(vec![]);
        chain.apply(vec![]);
        let block = chain.block(vec![]).to_bytes();
        let refused = chain.nub.apply_block(chain.root, &block);
        assert!(matches!(refused, Err(Failure::Kernel(ApplyError::TooManyCandidates(2)))));
        chain.nub.commit(chain.root).unwrap();
        chain.nub.apply_block(chain.root, &block).unwrap();
    }
}
