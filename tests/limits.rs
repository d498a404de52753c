//! The limits that decide verdicts, at their edges, on every backend.

mod chain;

use chain::{TestChain, event, number, probe};
use nub::error::{ApplyError, LimitedField, QueryError};
use nub::{Event, Failure, Params, Query, Status};

/// A chain with changed parameters on each backend, and what to do with it.
fn on_each(change: impl Fn(&mut Params), body: impl Fn(&mut TestChain)) {
    let mut params = Params::default();
    change(&mut params);
    let genesis = chain::genesis(params);
    for kind in chain::backends() {
        body(&mut TestChain::start(kind, &genesis, [6; 32]));
    }
}

fn store_pages(count: u32) -> Event {
    event(probe::STORE_PAGES, [&1u32.to_le_bytes()[..], &count.to_le_bytes(), &[1]].concat())
}

#[test]
fn live_pages_are_those_of_all_frames_on_the_stack() {
    let statuses =
        |chain: &mut TestChain, counts: [u32; 2]| counts.map(|count| chain.run(store_pages(count)).status);
    let mut needed = None;
    // How many pages a call that stores to one page needs: the least limit it succeeds under.
    on_each(
        |params| params.limits.live_pages = 5,
        |chain| assert_eq!(statuses(chain, [1, 40]), [Status::Success, Status::LimitExceeded]),
    );
    for limit in 2..20 {
        let mut params = Params::default();
        params.limits.live_pages = limit;
        let mut chain = TestChain::start(nub::BackendKind::Local, &chain::genesis(params), [6; 32]);
        if chain.run(store_pages(1)).status == Status::Success {
            needed = Some(limit);
            break;
        }
    }
    let needed = needed.unwrap();
    on_each(
        |params| params.limits.live_pages = needed + 9,
        |chain| {
            assert_eq!(statuses(chain, [10, 11]), [Status::Success, Status::LimitExceeded]);
            // The caller's pages count while it waits.
            let args = [&1u32.to_le_bytes()[..], &10u32.to_le_bytes(), &[1]].concat();
            let output =
                chain.ok(probe::CALL, chain::call_args(1, probe::STORE_PAGES, 1_000_000, &[], &args));
            assert_eq!(chain::call_result(&output).0, Status::LimitExceeded as u64);
        },
    );
}

#[test]
fn receipts_of_a_block_have_a_limit() {
    on_each(
        |params| params.limits.receipts_bytes = 1_000,
        |chain| {
            let emit = |length: usize| event(probe::EMIT, vec![7; 32 + length]);
            // An emit outputs eight octets, and a log counts 64 beside its data.
            let summary = chain.apply(vec![emit(928), emit(0)]);
            assert_eq!(
                summary.receipts.iter().map(|r| r.status).collect::<Vec<_>>(),
                [Status::Success, Status::LimitExceeded]
            );
            let summary =
                chain.apply(vec![emit(929), event(probe::ECHO, vec![1; 1_000]), event(probe::ECHO, vec![1])]);
            let statuses: Vec<Status> = summary.receipts.iter().map(|receipt| receipt.status).collect();
            assert_eq!(statuses, [Status::LimitExceeded, Status::Success, Status::LimitExceeded]);
        },
    );
}

#[test]
fn receipts_that_are_as_large_as_allowed_cross_every_boundary() {
    // Found by review: a block whose receipts exceeded a message was applied by one backend only.
    let output = Event { gas_limit: 1_000_000, ..event(probe::OUTPUT, chain::numbers(&[64 << 10])) };
    let events = vec![output; 34];
    let roots = std::cell::RefCell::new(Vec::new());
    on_each(
        |_| {},
        |chain| {
            let summary = chain.apply(events.clone());
            let fitting = summary.receipts.iter().filter(|receipt| receipt.status == Status::Success).count();
            assert_eq!(fitting, 32);
            assert!(summary.receipts[32..].iter().all(|receipt| receipt.status == Status::LimitExceeded));
            roots.borrow_mut().push(chain.root);
        },
    );
    let roots = roots.into_inner();
    assert!(roots.iter().all(|root| *root == roots[0]));
}

#[test]
fn images_of_a_block_have_a_limit() {
    // Room for the probe, not for the deployer beside it.
    on_each(
        |params| params.limits.block_image_bytes = chain::PROBE_IMAGE.len() as u32 + 100,
        |chain| {
            let deploy = Event { target: chain::deployer(), ..event(0, vec![]) };
            let summary =
                chain.apply(vec![event(probe::ECHO, vec![]), deploy.clone(), event(probe::ECHO, vec![])]);
            let outcomes: Vec<(Status, bool)> =
                summary.receipts.iter().map(|receipt| (receipt.status, receipt.gas_used == 0)).collect();
            assert_eq!(
                outcomes,
                [(Status::Success, false), (Status::LimitExceeded, true), (Status::Success, false)]
            );
            assert_eq!(chain.run(deploy).status, Status::Reverted); // in a block of its own it fits
        },
    );
}

chain::on_both! {
    queries_and_invokes_are_limited_as_events_are => |chain| {
        let root = chain.root;
        let query = |args: Vec<u8>, gas_limit| Query {
            root, instance: chain::probe(), endpoint: probe::ECHO, args, gas_limit,
        };
        let too_large = |field| move |error: QueryError| matches!(error, QueryError::TooLarge { field: f, .. } if f == field);
        let block_gas = Params::default().block_gas;
        let long = chain.nub.query(&query(vec![0; (1 << 20) + 1], 1)).unwrap_err().kernel().unwrap();
        assert!(too_large(LimitedField::ArgumentBytes)(long));
        let dear = chain.nub.query(&query(vec![], block_gas + 1)).unwrap_err().kernel().unwrap();
        assert!(too_large(LimitedField::BlockGas)(dear));
        assert_eq!(chain.nub.query(&query(vec![], block_gas)).unwrap().status, Status::Success);
        let dear = Event { gas_limit: block_gas + 1, ..event(probe::ECHO, vec![]) };
        assert!(too_large(LimitedField::BlockGas)(chain.nub.invoke(root, &dear).unwrap_err().kernel().unwrap()));
    };
}

#[test]
fn gas_limits_that_overflow_a_sum_are_refused() {
    // Found by review: with an unbounded block_gas the sum of gas used overflowed.
    on_each(
        |params| params.block_gas = nub::params::BLOCK_GAS_MAX,
        |chain| {
            let dear = Event { gas_limit: u64::MAX - 1, ..event(probe::ECHO, vec![]) };
            let block = chain.block(vec![dear.clone(), dear]).to_bytes();
            match chain.nub.apply_block(chain.root, &block) {
                Err(Failure::Kernel(ApplyError::TooLarge { field: LimitedField::BlockGas, .. })) => {}
                other => panic!("{other:?}"),
            }
        },
    );
}

#[test]
fn creating_from_one_image_many_times_in_a_block_hashes_its_memory_once() {
    // Found by review: every creation copied and hashed the Image's whole initial memory.
    let mut image = nub_state::Image::from_bytes(chain::PROBE_IMAGE).unwrap();
    image.rw_data.resize(100_000, 0xab);
    let image = image.to_bytes();
    let create =
        |slot: u8, image: &[u8]| event(probe::CREATE, [&[10, slot, 0][..], &[1; 32], image].concat());
    // What is counted does not depend on the backend, and hashing so much takes minutes where ring 0 is emulated.
    let mut chain = TestChain::start(nub::BackendKind::Local, &chain::genesis(Params::default()), [6; 32]);
    let one = chain.apply(vec![create(11, &image)]).objects_hashed;
    chain.rewind();
    let mut events = vec![create(11, &image)];
    events.extend((0..20).map(|slot| create(20 + slot, &[])));
    let summary = chain.apply(events);
    assert!(summary.receipts.iter().all(|receipt| number(&receipt.output, 1) == 0));
    assert!(summary.objects_hashed < one + 80, "{} {one}", summary.objects_hashed);
}
