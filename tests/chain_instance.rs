//! The Chain Instance: what it is asked before and after each event, and what it may change.

mod chain;

use chain::script::Script;
use chain::{SharedCells, TestChain, event, number, on_both, probe};
use nub::error::{ApplyError, QueryError};
use nub::host_call::{BAD_ARGUMENT, NO_RIGHT, TOO_LONG};
use nub::{
    BackendKind, Badge, Event, Failure, Genesis, GenesisInstance, InstanceId, Params, Receipt, Status,
    blake2b_256,
};
use parity_scale_codec::Encode;
use std::sync::MutexGuard;

/// The Chain Instance of [`obedient`]: the second probe.
const CHAIN: u64 = 1;
/// The origin that `before` gives events.
const ADMITTED: Badge = Badge([0x5c; 32]);
/// What the probe does as a Chain Instance.
const ADMIT: u8 = 0;
const REFUSE: u8 = 1;
const FAIL_AFTER: u8 = 2;

/// A chain whose Chain Instance does what the events' authentication says.
fn obedient(kind: BackendKind) -> Option<MutexGuard<'static, TestChain>> {
    static CELLS: SharedCells = SharedCells::new();
    chain::shared_in(&CELLS, kind, obedient_genesis)
}

fn obedient_genesis() -> Genesis {
    chain::genesis(obedient_params())
}

fn obedient_params() -> Params {
    Params { chain: Some(chain::instance(CHAIN)), ..Params::default() }
}

/// An event that the Chain Instance treats in this way.
fn told(how: u8, admission: impl Encode, event: Event) -> Event {
    Event { authentication: [&[how][..], &admission.encode()].concat(), ..event }
}

/// An event that is admitted as it is, with [`ADMITTED`] as origin.
fn admitted(event: Event) -> Event {
    told(ADMIT, (ADMITTED, event.target, &event.args, event.gas_limit), event.clone())
}

/// The value under a key of the Chain Instance, by a query, which asks no Chain Instance.
fn kept(chain: &mut TestChain, key: &[u8]) -> Vec<u8> {
    queried(chain, probe::STORAGE_GET, key).split_off(8)
}

fn queried(chain: &mut TestChain, endpoint: u16, args: &[u8]) -> Vec<u8> {
    let query = nub::Query {
        root: chain.root,
        instance: chain::instance(CHAIN),
        endpoint,
        args: args.to_vec(),
        gas_limit: chain::GAS,
    };
    let receipt = chain.nub.query(&query).unwrap();
    assert_eq!(receipt.status, Status::Success);
    receipt.output
}

/// How often `before` and `after` succeeded.
fn asked(chain: &mut TestChain) -> (u64, u64) {
    let count = |octets: Vec<u8>| if octets.is_empty() { 0 } else { number(&octets, 0) };
    (count(kept(chain, b"before")), count(kept(chain, b"after")))
}

/// A block that the Chain Instance refuses: which event, and how `after` ended.
fn refused_block(chain: &mut TestChain, events: Vec<Event>) -> (u32, Status) {
    let block = chain.block(events).to_bytes();
    match chain.nub.apply_block(chain.root, &block) {
        Err(Failure::Kernel(ApplyError::ChainAfterFailed { index, status })) => (index, status),
        other => panic!("not refused by the Chain Instance: {other:?}"),
    }
}

/// A script on the Chain Instance that sets parameters.
fn setting(params: &[u8], height: u64) -> (Script, Event) {
    let mut script = Script::new();
    let address = script.data(params);
    script.step(32, &[address, params.len() as u64, height]);
    let event = admitted(Event { target: chain::instance(CHAIN), ..script.event() });
    (script, event)
}

/// Output and logs of `before` and `after` once used up what a block's receipts may have.
#[test]
fn before_may_answer_with_any_arguments_there_may_be() {
    let mut params = obedient_params();
    params.limits.argument_bytes = 20_000;
    params.limits.authentication_bytes = 30_000;
    (params.limits.output_bytes, params.limits.receipts_bytes) = (100, 200);
    for kind in chain::backends() {
        let mut chain = TestChain::start(kind, &chain::genesis(params.clone()), [7; 32]);
        let args = |length: usize| vec![3u8; length];
        let event = event(probe::PASSED_COUNT, vec![]);
        let with =
            |length| told(ADMIT, (ADMITTED, event.target, args(length), event.gas_limit), event.clone());
        let statuses = [20_000, 20_001].map(|length| chain.run(with(length)).status);
        assert_eq!(statuses, [Status::Success, Status::Rejected]);
        // What `after` says is no receipt's either, but has the limit of others.
        assert_eq!(asked(&mut chain), (2, 1));
    }
}

#[test]
fn what_the_chain_instance_says_does_not_count_as_receipts() {
    let mut params = obedient_params();
    params.limits.receipts_bytes = 1_000;
    let genesis = chain::genesis(params);
    for kind in chain::backends() {
        let mut chain = TestChain::start(kind, &genesis, [6; 32]);
        // Each Admission has more than 100 octets, each receipt 40.
        let echo = Event { gas_limit: 1_000_000, ..event(probe::ECHO, vec![7; 40]) };
        let receipts = chain.apply(vec![admitted(echo); 26]).receipts;
        let statuses: Vec<Status> = receipts.iter().map(|receipt| receipt.status).collect();
        assert_eq!(statuses[..25], [Status::Success; 25]);
        assert_eq!(statuses[25], Status::LimitExceeded);
    }
}

on_both! { with crate::obedient;
    before_and_after_surround_each_event => |chain| {
        let receipt = chain.run(admitted(event(probe::BADGE, vec![])));
        assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, &ADMITTED.0[..]));
        assert_eq!(asked(chain), (1, 1));
        let told = [&[Status::Success as u8][..], &receipt.gas_used.to_le_bytes()].concat();
        assert_eq!(kept(chain, b"outcome"), told);
        // Their gas, logs and growth are in no receipt.
        assert_eq!((receipt.growth.keys, receipt.logs.len()), (0, 0));
        // An event sees what `before` did, not yet what `after` will do; so it is not on the stack.
        let receipt = chain.run(admitted(Event {
            target: chain::instance(CHAIN),
            ..event(probe::STORAGE_GET, b"before".to_vec())
        }));
        assert_eq!(number(&receipt.output, 1), 2);
        // Each event of a block.
        chain.apply(vec![admitted(event(probe::COUNT, vec![])); 2]);
        assert_eq!(asked(chain), (4, 4));
    };

    before_decides_target_arguments_origin_and_gas => |chain| {
        // Another target, other arguments; the refs' badge is the origin too.
        let sent = Event { target: InstanceId([9; 32]), args: b"sent".to_vec(), ..event(probe::ECHO, vec![]) };
        let receipt = chain.run(told(ADMIT, (ADMITTED, chain::probe(), b"other".to_vec(), 1_000_000u64), sent));
        assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, &b"other"[..]));
        let call = chain::call_args(256, probe::BADGE, 1_000_000, &[], &[]);
        let receipt = chain.run(admitted(Event { refs: vec![chain::other()], ..event(probe::CALL, call) }));
        assert_eq!(chain::call_result(&receipt.output), (0, &ADMITTED.0[..]));
        // Less gas: the event ends with that.
        let endless = event(probe::ENDLESS, vec![]);
        let receipt = chain.run(told(ADMIT, (ADMITTED, chain::probe(), Vec::<u8>::new(), 60_000u64), endless));
        assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, 60_000));
        // A target that does not exist is the event's fault, and is reported.
        let receipt = chain.run(told(ADMIT, (ADMITTED, [9u8; 32], Vec::<u8>::new(), 0u64), event(0, vec![])));
        assert_eq!((receipt.status, receipt.gas_used), (Status::NoTarget, 0));
        assert_eq!(kept(chain, b"outcome"), [&[Status::NoTarget as u8][..], &[0; 8]].concat());
    };

    a_rejected_event_does_nothing => |chain| {
        let count = event(probe::COUNT, vec![]);
        let whole = (ADMITTED, chain::probe(), Vec::<u8>::new(), chain::GAS);
        let raised = (ADMITTED, chain::probe(), Vec::<u8>::new(), chain::GAS + 1);
        let rejected = [
            told(REFUSE, whole.clone(), count.clone()),
            count.clone(), // no authentication: `before` reverts
            told(ADMIT, (), count.clone()), // an empty answer
            told(ADMIT, (whole.clone(), 0u8), count.clone()), // an octet too many
            told(ADMIT, (ADMITTED, chain::probe(), Vec::<u8>::new()), count.clone()), // no gas limit
            told(ADMIT, raised, count.clone()),
        ];
        let succeeded = 4;
        let receipts = chain.apply(rejected.to_vec()).receipts;
        let refused = Receipt {
            status: Status::Rejected, gas_used: 0, output: vec![], logs: vec![], growth: Default::default(),
        };
        assert_eq!(receipts, vec![refused; 6]);
        // `before` keeps what it did where it succeeded, though its answer was wrong; there is no `after`.
        assert_eq!(asked(chain), (succeeded, 0));
        assert_eq!(number(&chain.run(told(ADMIT, whole, count)).output, 0), 1001);
    };

    what_before_did_stays_when_the_event_fails => |chain| {
        assert_eq!(chain.run(admitted(event(probe::PANIC, vec![]))).status, Status::Panicked);
        assert_eq!(chain.run(admitted(event(probe::COUNT_THEN_REVERT, vec![]))).status, Status::Reverted);
        assert_eq!(asked(chain), (2, 2));
        assert_eq!(kept(chain, b"outcome")[0], Status::Reverted as u8);
    };

    a_failing_after_makes_the_block_invalid => |chain| {
        let good = admitted(event(probe::COUNT, vec![]));
        let bad = Event { authentication: [&[FAIL_AFTER][..], &good.authentication[1..]].concat(), ..good.clone() };
        let before = chain.nub.health_check().unwrap().candidates;
        assert_eq!(refused_block(chain, vec![good.clone(), bad.clone(), good.clone()]), (1, Status::Reverted));
        assert_eq!(chain.nub.health_check().unwrap().candidates, before);
        let invoked = chain.nub.invoke(chain.root, &bad);
        let refused = QueryError::ChainAfterFailed(Status::Reverted);
        assert!(matches!(invoked, Err(Failure::Kernel(error)) if error == refused));
        // Nothing is kept: neither the counter nor what `before` counted.
        assert_eq!(number(&chain.run(good).output, 0), 1001);
        assert_eq!(asked(chain), (1, 1));
    };

    set_params_acts_at_its_height => |chain| {
        let mut params = obedient_params();
        params.gas.host_call = 1_000;
        let (script, event) = setting(&params.encode(), 3);
        let receipt = chain.run(event); // height 1
        assert_eq!(script.played(&receipt.output).codes(), [0]);
        let gas_left = admitted(chain::event(probe::GAS_LEFT, vec![]));
        let cheap = chain.run(gas_left.clone()).gas_used; // height 2
        let dear = chain.run(gas_left.clone()).gas_used; // height 3, from its first event on
        let later = chain.run(gas_left).gas_used;
        let extra = 990 * 2; // `gas_left` and `return`
        assert_eq!((dear, later), (cheap + extra, cheap + extra));
    };

    set_params_is_undone_with_its_call_and_replaced_by_the_next => |chain| {
        let mut params = obedient_params();
        params.gas.host_call = 1_000;
        let (_, event) = setting(&params.encode(), 2);
        let undone = admitted(Event { endpoint: probe::SCRIPT_THEN_REVERT, ..event.clone() });
        assert_eq!(chain.run(undone).status, Status::Reverted); // height 1
        let gas_left = admitted(chain::event(probe::GAS_LEFT, vec![]));
        let cheap = chain.run(gas_left.clone()).gas_used; // height 2
        let (_, first) = setting(&params.encode(), 4);
        params.gas.host_call = 10;
        params.chain = None;
        let (_, second) = setting(&params.encode(), 4);
        chain.apply(vec![first, second]); // height 3
        let receipt = chain.run(chain::event(probe::BADGE, vec![])); // no Chain Instance any more
        assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, &chain::ORIGIN.0[..]));
        // The second's prices; and no `before` touches the Image that both Instances have.
        let touch = params.gas.image_touch + params.gas.image_touch_byte * chain::PROBE_IMAGE.len() as u64;
        assert_eq!(chain.run(gas_left).gas_used, cheap + touch);
    };

    params_that_are_wrong_are_refused => |chain| {
        let good = obedient_params();
        let mut bad = vec![vec![], good.encode()[1..].to_vec(), [good.encode(), vec![0]].concat()];
        let wrong: [fn(&mut Params); 4] = [
            |params| params.limits.call_depth = 0,
            |params| params.limits.call_depth = 65,
            |params| params.limits.argument_bytes = (1 << 24) + 1,
            |params| params.chain = Some(InstanceId([9; 32])),
        ];
        for change in wrong {
            let mut params = good.clone();
            change(&mut params);
            bad.push(params.encode());
        }
        let mut script = Script::new();
        for params in &bad {
            let address = script.data(params);
            script.step(32, &[address, params.len() as u64, 9]);
        }
        let address = script.data(&good.encode());
        let len = good.encoded_size() as u64;
        script.step(32, &[address, len, 1]); // the block's own height
        script.step(32, &[address, len, 0]);
        script.step(32, &[address, (1 << 20) + 1, 9]);
        script.step(32, &[address, len, 2]);
        let receipt = chain.run(admitted(Event { target: chain::instance(CHAIN), ..script.event() }));
        let codes = script.played(&receipt.output).codes();
        assert_eq!(codes[..9], [BAD_ARGUMENT; 9]);
        assert_eq!(codes[9..], [TOO_LONG, 0]);
        // Another Instance may not.
        let (script, event) = setting(&good.encode(), 9);
        let receipt = chain.run(admitted(Event { target: chain::probe(), ..event }));
        assert_eq!(script.played(&receipt.output).codes(), [NO_RIGHT]);
    };

    an_event_after_which_there_is_no_after_makes_the_block_invalid => |chain| {
        // The probe may manage the Chain Instance, and destroys it or gives it an Image without `after`.
        let mut script = Script::new();
        script.step(31, &[1]);
        assert_eq!(refused_block(chain, vec![admitted(script.event())]), (0, Status::NoTarget));
        let mut script = Script::new();
        script.image(10, chain::DEPLOYER_IMAGE);
        script.step(30, &[1, 10]);
        assert_eq!(refused_block(chain, vec![admitted(script.event())]), (0, Status::NoEndpoint));
        assert_eq!(chain.run(admitted(event(probe::COUNT, vec![]))).status, Status::Success);
    };
}

/// The chain of `contracts/chain`: it, a probe, and two accounts, one of which governs.
mod real {
    use super::*;
    use ed25519_dalek::Signer;
    use k256::ecdsa::signature::hazmat::PrehashSigner;

    const PRICE: u64 = 3;
    const BALANCE: u64 = 100_000_000;
    /// Endpoints.
    const TRANSFER: u16 = 0;
    const BALANCE_OF: u16 = 1;
    const FEES: u16 = 2;
    const SET_RULES: u16 = 3;

    /// An account and how many events it sent.
    struct Account {
        secret: u8,
        nonce: u64,
    }

    impl Account {
        fn new(secret: u8) -> Self {
            Self { secret, nonce: 0 }
        }

        /// The key as the contract has it: ed25519 for odd secrets, secp256k1 for even ones.
        fn key(&self) -> Vec<u8> {
            let secret = [self.secret; 32];
            if self.secret % 2 == 1 {
                let key = ed25519_dalek::SigningKey::from_bytes(&secret);
                [&[0], &key.verifying_key().to_bytes()[..]].concat()
            } else {
                let key = k256::ecdsa::SigningKey::from_slice(&secret).unwrap();
                [&[1], key.verifying_key().to_encoded_point(true).as_bytes()].concat()
            }
        }

        fn id(&self) -> [u8; 32] {
            blake2b_256(&self.key()).0
        }

        fn sign(&self, hash: &[u8; 32]) -> [u8; 64] {
            let secret = [self.secret; 32];
            if self.secret % 2 == 1 {
                ed25519_dalek::SigningKey::from_bytes(&secret).sign(hash).to_bytes()
            } else {
                let key = k256::ecdsa::SigningKey::from_slice(&secret).unwrap();
                let signature: k256::ecdsa::Signature = key.sign_prehash(hash).unwrap();
                signature.to_bytes().into()
            }
        }

        /// The event from this account, with its next number.
        fn signed(&mut self, event: Event) -> Event {
            self.nonce += 1;
            self.signed_with(event, chain::CHAIN_ID, self.nonce - 1)
        }

        /// The same for a chain, with a number.
        fn signed_with(&self, event: Event, chain_id: u64, nonce: u64) -> Event {
            let event = Event { origin: Badge(self.id()), ..event };
            let refs: Vec<u8> = event.refs.iter().flat_map(|id| id.0).collect();
            let message = (
                (
                    b"nub/event/v1\0\0\0\0",
                    chain_id,
                    nonce,
                    event.target,
                    event.endpoint,
                    event.gas_limit,
                    event.origin,
                ),
                (blake2b_256(&event.args), blake2b_256(&refs)),
            );
            let signature = self.sign(&blake2b_256(&message.encode()).0);
            Event { authentication: [self.key(), (nonce, signature).encode()].concat(), ..event }
        }
    }

    fn genesis() -> Genesis {
        let alice = Account::new(1).id();
        let instance = |image: &[u8], storage| GenesisInstance {
            image: image.to_vec(),
            public: true,
            storage,
            refs: vec![],
        };
        let mut storage = vec![
            (b"price".to_vec(), PRICE.to_le_bytes().to_vec()),
            (b"governor".to_vec(), alice.to_vec()),
            (alice.to_vec(), [BALANCE.to_le_bytes(), [0; 8]].concat()),
        ];
        storage.sort();
        let mut genesis = chain::genesis(Params { chain: Some(chain::instance(0)), ..Params::default() });
        genesis.instances = vec![instance(chain::CHAIN_IMAGE, storage), instance(chain::PROBE_IMAGE, vec![])];
        genesis
    }

    fn start(kind: BackendKind) -> Option<MutexGuard<'static, TestChain>> {
        static CELLS: SharedCells = SharedCells::new();
        chain::shared_in(&CELLS, kind, genesis)
    }

    fn on_chain(endpoint: u16, args: Vec<u8>) -> Event {
        Event { target: chain::instance(0), ..event(endpoint, args) }
    }

    fn on_probe(endpoint: u16, args: Vec<u8>) -> Event {
        Event { target: chain::instance(1), ..event(endpoint, args) }
    }

    fn asked(chain: &mut TestChain, endpoint: u16, args: &[u8]) -> u64 {
        let query = nub::Query {
            root: chain.root,
            instance: chain::instance(0),
            endpoint,
            args: args.to_vec(),
            gas_limit: chain::GAS,
        };
        number(&chain.nub.query(&query).unwrap().output, 0)
    }

    /// The regression: sums above 64 bits, or fees that are no number, failed `after`, and so every block with an event.
    #[test]
    fn no_genesis_makes_after_fail() {
        let full = |key: &[u8], value: &[u8]| {
            let mut genesis = genesis();
            let storage = &mut genesis.instances[0].storage;
            let balances = [1, 2].map(|secret| (Account::new(secret).id().to_vec(), balance(u64::MAX)));
            storage.retain(|(key, _)| key.len() != 32);
            storage.extend(balances.into_iter().chain([(key.to_vec(), value.to_vec())]));
            storage.sort();
            TestChain::start(BackendKind::Local, &genesis, [5; 32])
        };
        let (mut alice, mut bob) = (Account::new(1), Account::new(2));
        let mut chain = full(b"fees", &u64::MAX.to_le_bytes());
        // Fees are full before the first event; Bob fills what Alice paid.
        let room = alice.signed(on_chain(BALANCE_OF, alice.id().to_vec()));
        assert_eq!(chain.run(room).status, Status::Success);
        let spent = u64::MAX - asked(&mut chain, BALANCE_OF, &alice.id());
        assert!(spent > 0);
        let fill = on_chain(TRANSFER, [&alice.id()[..], &spent.to_le_bytes()].concat());
        assert_eq!(chain.run(bob.signed(fill)).status, Status::Success);
        assert_eq!(asked(&mut chain, BALANCE_OF, &alice.id()), u64::MAX);
        assert_eq!(asked(&mut chain, FEES, &[]), u64::MAX);
        // What `after` could not read is refused before the event.
        for key in [&b"fees"[..], b"held"] {
            let mut chain = full(key, &[1, 2, 3]);
            let event = Account::new(1).signed(on_probe(probe::ECHO, vec![]));
            assert_eq!(chain.run(event).status, Status::Rejected);
        }
    }

    fn balance(units: u64) -> Vec<u8> {
        [units.to_le_bytes(), [0; 8]].concat()
    }

    on_both! { with crate::real::start;
        a_signature_is_for_one_event_and_gas_is_paid => |chain| {
            let mut alice = Account::new(1);
            let sent = alice.signed(on_probe(probe::BADGE, vec![]));
            let first = chain.run(sent.clone());
            assert_eq!((first.status, &first.output[..]), (Status::Success, &alice.id()[..]));
            let fees = PRICE * first.gas_used;
            assert_eq!(asked(chain, BALANCE_OF, &alice.id()), BALANCE - fees);
            assert_eq!(asked(chain, FEES, &[]), fees);
            // Again, with the number after next, for another chain, by another's key, by nobody, and with anything in
            // it changed: rejected, and free.
            let next = alice.signed_with(sent.clone(), chain::CHAIN_ID, 1);
            let mallory = Account::new(9).signed_with(sent.clone(), chain::CHAIN_ID, 1);
            let rejected = [
                sent.clone(),
                alice.signed_with(sent.clone(), chain::CHAIN_ID, 2),
                alice.signed_with(sent.clone(), chain::CHAIN_ID + 1, 1),
                mallory.clone(),
                Event { origin: next.origin, ..mallory },
                Event { authentication: vec![], ..next.clone() },
                Event { authentication: [&next.authentication[..], &[0]].concat(), ..next.clone() },
                Event { target: chain::instance(0), ..next.clone() },
                Event { endpoint: probe::ECHO, ..next.clone() },
                Event { args: vec![1], ..next.clone() },
                Event { gas_limit: next.gas_limit - 1, ..next.clone() },
                Event { refs: vec![chain::instance(1)], ..next },
            ];
            let receipts = chain.apply(rejected.to_vec()).receipts;
            assert!(receipts.iter().all(|receipt| receipt.status == Status::Rejected), "{receipts:?}");
            assert_eq!(asked(chain, BALANCE_OF, &alice.id()), BALANCE - fees);
            // An event that fails pays all the same.
            let failed = chain.run(alice.signed(on_probe(probe::PANIC, vec![])));
            assert_eq!(failed.status, Status::Panicked);
            let fees = fees + PRICE * failed.gas_used;
            assert_eq!((asked(chain, BALANCE_OF, &alice.id()), asked(chain, FEES, &[])), (BALANCE - fees, fees));
            // Arguments too large for the small buffer.
            let long = vec![7; 3000];
            let echoed = chain.run(alice.signed(on_probe(probe::ECHO, long.clone())));
            assert_eq!((echoed.status, echoed.output), (Status::Success, long));
        };

        the_gas_limit_is_what_the_account_can_pay => |chain| {
            let (mut alice, mut bob) = (Account::new(1), Account::new(2));
            let given = 60_000 * PRICE + 1;
            let args = [&bob.id()[..], &given.to_le_bytes()].concat();
            assert_eq!(chain.run(alice.signed(on_chain(TRANSFER, args))).status, Status::Success);
            let receipt = chain.run(bob.signed(on_probe(probe::ENDLESS, vec![])));
            assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, 60_000));
            assert_eq!(asked(chain, BALANCE_OF, &bob.id()), 1);
            assert_eq!(chain.run(bob.signed(on_probe(probe::ECHO, vec![]))).status, Status::Rejected);
            // Nothing came from nowhere.
            let sum = asked(chain, BALANCE_OF, &alice.id()) + asked(chain, FEES, &[]) + 1;
            assert_eq!(sum, BALANCE);
        };

        what_is_paid_ahead_cannot_be_spent => |chain| {
            // All of the balance but what is held for gas moves away; more does not.
            let mut alice = Account::new(1);
            let held = PRICE * chain::GAS;
            let transfer = |amount: u64| on_chain(TRANSFER, [&[5; 32][..], &amount.to_le_bytes()].concat());
            let receipt = chain.run(alice.signed(transfer(BALANCE - held + 1)));
            assert_eq!((receipt.status, &receipt.output[..]), (Status::Reverted, &b"chain: insufficient balance"[..]));
            let left = asked(chain, BALANCE_OF, &alice.id());
            let receipt = chain.run(alice.signed(transfer(left - held)));
            assert_eq!(receipt.status, Status::Success);
            assert_eq!(asked(chain, BALANCE_OF, &alice.id()), held - PRICE * receipt.gas_used);
        };

        only_the_kernel_asks_and_only_the_governor_governs => |chain| {
            let (mut alice, mut bob) = (Account::new(1), Account::new(2));
            let args = [&bob.id()[..], &10_000_000u64.to_le_bytes()].concat();
            chain.run(alice.signed(on_chain(TRANSFER, args)));
            // An event for `after` would give gas back that was never paid.
            let inner = bob.signed(on_probe(probe::ECHO, vec![])).encode();
            bob.nonce -= 1;
            let report = [inner.clone(), vec![0; 9]].concat();
            for (endpoint, args) in [(0xfffe, inner), (0xffff, report)] {
                let receipt = chain.run(bob.signed(Event { gas_limit: 1_000_000, ..on_chain(endpoint, args) }));
                let message = &b"chain: only the kernel asks"[..];
                assert_eq!((receipt.status, &receipt.output[..]), (Status::Reverted, message));
            }
            let mut params = Params { chain: Some(chain::instance(0)), ..Params::default() };
            params.gas.host_call = 1_000;
            let args = [&9u64.to_le_bytes()[..], &params.encode()].concat();
            let rules = Event { gas_limit: 1_000_000, ..on_chain(SET_RULES, args) };
            assert_eq!(chain.run(bob.signed(rules.clone())).status, Status::Reverted);
            assert_eq!(chain.run(alice.signed(rules)).status, Status::Success);
        };
    }
}
