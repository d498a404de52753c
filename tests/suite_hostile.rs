//! A contract that tries everything (`contracts/hostile`). Each attack stands in a block between two honest events;
//! the block is compared with one that has the honest events alone. What an attack may change is its own Instance, if
//! it succeeds, and nothing if it fails.

mod chain;

use chain::{GAS, ORIGIN, SharedCells, TestChain, instance, number, numbers, on_both, probe};
use nub::host_call::{
    BAD_ARGUMENT, BAD_IMAGE, BUSY, HostCall, NO_CAPABILITY, NO_RIGHT, TOO_HIGH, TOO_LONG, UNKNOWN,
};
use nub::proof::{Claim, Verdict, verify};
use nub::{
    BackendKind, Badge, Event, Genesis, GenesisInstance, GenesisRef, Hash, InstanceId, Params, Receipt,
    Status,
};
use nub_state::Object;
use parity_scale_codec::Encode;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::MutexGuard;

const HOSTILE_IMAGE: &[u8] = include_bytes!("../contracts/hostile/hostile.image");
/// Endpoints of `contracts/hostile`; its README has their arguments.
mod attack {
    pub const GREET: u16 = 0;
    pub const REENTER: u16 = 1;
    pub const DIVE: u16 = 3;
    pub const SPIN: u16 = 4;
    pub const STORM: u16 = 5;
    pub const RECURSE: u16 = 6;
    pub const SMASH: u16 = 7;
    pub const STORAGE_BOMB: u16 = 8;
    pub const FILL_SLOTS: u16 = 9;
    pub const BURN_PAGES: u16 = 10;
    pub const LOG_BOMB: u16 = 11;
    pub const HUGE_RETURN: u16 = 12;
    pub const HASH_BOMB: u16 = 13;
    pub const DATA_BOMB: u16 = 14;
    pub const VIEW_BOMB: u16 = 15;
    pub const INSTANCE_BOMB: u16 = 16;
    pub const ENDLESS_ITERATION: u16 = 17;
    pub const REVERT_AFTER_MISCHIEF: u16 = 18;
    pub const SEIZE: u16 = 19;
    pub const MANAGE_OTHERS: u16 = 20;
    pub const DESTROY_ITSELF: u16 = 21;
    pub const UPGRADE_ITSELF: u16 = 22;
    pub const GARBAGE: u16 = 23;
    pub const WILD_HOST_CALL: u16 = 24;
    pub const WILD_JUMP: u16 = 25;
    pub const WILD_LOAD: u16 = 26;
    pub const WILD_STORE: u16 = 27;
    pub const CNODE_BOMB: u16 = 28;
}

/// The attacker. Slot 10: itself; 11: the accomplice, both with all rights; 12: the stranger, only to be called.
const HOSTILE: u64 = 0;
/// The same Image, with a Ref back in slot 11.
const ACCOMPLICE: u64 = 1;
/// A public probe, which does the honest work, and calls the attacker by slot 1.
const STRANGER: u64 = 2;
/// A probe that nobody has to do with.
const BYSTANDER: u64 = 3;
/// Who signs the honest events.
const HONEST: Badge = Badge([0x11; 32]);

fn hostile(kind: BackendKind) -> Option<MutexGuard<'static, TestChain>> {
    static CELLS: SharedCells = SharedCells::new();
    chain::shared_in(&CELLS, kind, genesis)
}

fn genesis() -> Genesis {
    let make = |image: &[u8], public, refs| GenesisInstance {
        image: image.to_vec(),
        public,
        storage: vec![(b"greeting".to_vec(), b"hello".to_vec())],
        refs,
    };
    let to = |slot, instance: u64, rights| GenesisRef {
        slot,
        instance: instance as u32,
        rights,
        badge: Badge([0x77; 32]),
    };
    Genesis {
        chain_id: chain::CHAIN_ID,
        timestamp: chain::GENESIS_TIME,
        params: Params::default(),
        instances: vec![
            make(HOSTILE_IMAGE, true, vec![to(10, HOSTILE, 7), to(11, ACCOMPLICE, 7), to(12, STRANGER, 1)]),
            make(HOSTILE_IMAGE, true, vec![to(10, ACCOMPLICE, 7), to(11, HOSTILE, 7), to(12, STRANGER, 1)]),
            make(chain::PROBE_IMAGE, true, vec![to(1, HOSTILE, 7)]),
            make(chain::PROBE_IMAGE, false, vec![]),
        ],
    }
}

fn honest() -> Event {
    let put = Event { target: instance(STRANGER), ..chain::event(probe::COUNT, vec![]) };
    Event { origin: HONEST, ..put }
}

fn attack(endpoint: u16, args: impl Into<Vec<u8>>) -> Event {
    Event {
        target: instance(HOSTILE),
        endpoint,
        args: args.into(),
        gas_limit: GAS,
        origin: ORIGIN,
        ..Event::default()
    }
}

/// The encoded Instance `index` of a state.
fn state_of(chain: &mut TestChain, root: Hash, index: u64) -> Vec<u8> {
    let claim = Claim::Instance { id: instance(index) };
    let proof = chain.nub.prove(root, &claim).unwrap();
    match verify(&root, &claim, &proof).unwrap() {
        Verdict::Present(octets) => octets,
        Verdict::Absent => panic!("instance {index} is gone"),
    }
}

/// The encodings of a state's parts that no block changes by being one: all Instances, and the parameters.
fn parts(chain: &mut TestChain, root: Hash) -> (String, Vec<u8>) {
    let claim = Claim::Instance { id: instance(HOSTILE) };
    let proof = chain.nub.prove(root, &claim).unwrap();
    let Ok(Object::System(system)) = Object::decode(&proof.objects[0]) else { panic!("not a state") };
    let params = (system.params, system.next_params).encode();
    (format!("{:?}", system.instances), params)
}

/// Runs an attack between two honest events, and compares with these alone. Gives the attack's receipt.
fn attacked(chain: &mut TestChain, event: Event) -> Receipt {
    let control = chain.block(vec![honest(), honest()]).to_bytes();
    let (control_root, control) = chain.nub.apply_block(chain.root, &control).unwrap();
    let receipts = chain.apply(vec![honest(), event, honest()]).receipts;
    assert_eq!(
        [&receipts[0].output, &receipts[2].output],
        [&control.receipts[0].output, &control.receipts[1].output]
    );
    assert_eq!([receipts[0].status, receipts[2].status], [Status::Success; 2]);
    for index in [ACCOMPLICE, STRANGER, BYSTANDER] {
        let (with, without) = (state_of(chain, chain.root, index), state_of(chain, control_root, index));
        assert_eq!(with, without, "instance {index} is not what it would be");
    }
    let (with, without) = (parts(chain, chain.root), parts(chain, control_root));
    assert_eq!(with.1, without.1, "the parameters changed");
    if receipts[1].status != Status::Success {
        assert_eq!(with.0, without.0, "a call that failed changed something");
        assert!(receipts[1].logs.is_empty());
    }
    receipts[1].clone()
}

fn succeeds(chain: &mut TestChain, event: Event) -> Vec<u8> {
    let receipt = attacked(chain, event);
    assert_eq!(receipt.status, Status::Success, "{}", String::from_utf8_lossy(&receipt.output));
    receipt.output
}

fn fails(chain: &mut TestChain, event: Event, status: Status) {
    assert_eq!(attacked(chain, event).status, status);
}

/// `count` numbers of an output.
fn answers(output: &[u8]) -> Vec<u64> {
    (0..output.len() / 8).map(|index| number(output, index)).collect()
}

fn level_and_image() -> Vec<u8> {
    [&[0; 8], HOSTILE_IMAGE].concat()
}

/// Addresses in and about everything a program has and has not.
const ADDRESSES: [u64; 18] = [
    0,
    1,
    0xffff,
    0x1_0000,
    0x1_0000 - 4,
    0x2_0000,
    0x3_0000,
    0x4000_0000,
    0x8000_0000,
    0xfefd_fff0,
    0xfefe_0000,
    0xfeff_0000,
    0xffff_0000,
    0xffff_fff8,
    0x1_0000_0000,
    0x1_feff_0000,
    0xffff_8000_0000_0000,
    u64::MAX,
];

/// A number that no host call has.
const UNKNOWN_HOST_CALL: u8 = 250;

/// Every host call with every address, and lengths that wrap, in `registers` of its choice.
fn wild_host_calls() -> Vec<Event> {
    let numbered = HostCall::ALL.into_iter().map(|call| call as u8).chain([UNKNOWN_HOST_CALL]);
    let mut events = Vec::new();
    for call in numbered {
        for (index, address) in ADDRESSES.into_iter().enumerate() {
            let next = ADDRESSES[(index * 7 + 5) % ADDRESSES.len()];
            let length = [32, 1 << 20, u64::MAX, 0x1_0000_0001][index % 4];
            for registers in [
                [address, length, next, length, address, next],
                [12, address, next, 8, 1_000, address],
                [length, next, address, 4, address, length],
            ] {
                let args = [&[call][..], &numbers(&registers)].concat();
                events.push(Event { gas_limit: 60_000, ..attack(attack::WILD_HOST_CALL, args) });
            }
        }
    }
    events
}

/// Every attack once, with arguments that let it come as far as it can.
fn catalogue() -> Vec<Event> {
    let up = |octet: u8| vec![octet];
    let with_count = |endpoint, count: u32| attack(endpoint, count.to_le_bytes());
    let long = |len: u32, count: u32| [len.to_le_bytes(), count.to_le_bytes()].concat();
    vec![
        attack(attack::REENTER, [0, 0, 0]),
        attack(attack::REENTER, [1, 0, 0]),
        attack(attack::DIVE, level_and_image()),
        attack(attack::SPIN, []),
        attack(attack::STORM, attack::GREET.to_le_bytes()),
        attack(attack::RECURSE, []),
        attack(attack::SMASH, up(0)),
        attack(attack::SMASH, up(1)),
        with_count(attack::STORAGE_BOMB, 40),
        with_count(attack::STORAGE_BOMB, u32::MAX),
        attack(attack::FILL_SLOTS, []),
        with_count(attack::BURN_PAGES, 100),
        with_count(attack::BURN_PAGES, 5_000),
        attack(attack::LOG_BOMB, long(4096, 8)),
        attack(attack::LOG_BOMB, long(u32::MAX, 1)),
        attack(attack::HUGE_RETURN, numbers(&[64 << 10])),
        attack(attack::HUGE_RETURN, numbers(&[1 << 20])),
        attack(attack::HASH_BOMB, []),
        with_count(attack::DATA_BOMB, 20),
        attack(attack::CNODE_BOMB, []),
        attack(attack::VIEW_BOMB, []),
        attack(attack::INSTANCE_BOMB, HOSTILE_IMAGE),
        attack(attack::ENDLESS_ITERATION, []),
        attack(attack::REVERT_AFTER_MISCHIEF, probe::COUNT.to_le_bytes()),
        attack(attack::SEIZE, []),
        attack(attack::MANAGE_OTHERS, HOSTILE_IMAGE),
        attack(attack::DESTROY_ITSELF, []),
        attack(attack::UPGRADE_ITSELF, [&[1], chain::PROBE_IMAGE].concat()),
        attack(attack::GARBAGE, [0; 100]),
    ]
}

#[test]
fn the_catalogue_gives_the_same_roots_everywhere() {
    let mut all = Vec::new();
    for kind in chain::backends() {
        let mut chain = TestChain::start(kind, &genesis(), [3; 32]);
        let mut seen = Vec::new();
        for event in catalogue() {
            let receipt = attacked(&mut chain, event);
            seen.push((receipt.status, receipt.gas_used, chain.root));
        }
        // All of them in one block too; the honest events between them do what they would do alone.
        let events = catalogue().into_iter().flat_map(|event| [event, honest()]);
        let events: Vec<Event> = events.map(|event| Event { gas_limit: 1_500_000, ..event }).collect();
        let summary = chain.apply(events);
        let kept = summary.receipts.iter().skip(1).step_by(2);
        assert!(kept.clone().all(|receipt| receipt.status == Status::Success));
        assert_eq!(kept.count(), catalogue().len());
        seen.push((Status::Success, summary.gas_used, chain.root));
        all.push(seen);
    }
    assert!(all.iter().all(|seen| *seen == all[0]));
}

on_both! { with crate::hostile;
    nobody_is_entered_twice => |chain| {
        for endpoint in 0..28u16 {
            let again = [&[0], &endpoint.to_le_bytes()[..]].concat();
            assert_eq!(succeeds(chain, attack(attack::REENTER, again)), numbers(&[Status::Busy as u64]));
            let through = [&[1], &endpoint.to_le_bytes()[..]].concat();
            assert_eq!(succeeds(chain, attack(attack::REENTER, through)), numbers(&[Status::Busy as u64]));
        }
        assert_eq!(number(&succeeds(chain, attack(attack::GREET, [])), 0), 1);
    };

    calls_end_at_the_depth_limit => |chain| {
        let dive = Event { gas_limit: 90_000_000, ..attack(attack::DIVE, level_and_image()) };
        let depth = u64::from(Params::default().limits.call_depth);
        assert_eq!(answers(&succeeds(chain, dive)), [depth - 1, Status::LimitExceeded as u64]);
        // Who gives a callee all its gas fails with it.
        fails(chain, Event { gas_limit: 350_000, ..attack(attack::DIVE, level_and_image()) }, Status::OutOfGas);
    };

    a_caller_keeps_the_gas_it_did_not_give => |chain| {
        for (endpoint, args, status) in [
            (attack::SPIN, vec![], Status::OutOfGas),
            (attack::STORM, vec![0, 0], Status::OutOfGas),
            (attack::HASH_BOMB, vec![], Status::OutOfGas),
            (attack::STORAGE_BOMB, vec![0xff; 4], Status::OutOfGas),
            (attack::RECURSE, vec![], Status::Faulted),
            (attack::SMASH, vec![1], Status::Faulted),
            (attack::WILD_JUMP, numbers(&[3]), Status::Panicked),
            (attack::HUGE_RETURN, numbers(&[1 << 20]), Status::LimitExceeded),
        ] {
            let given = 200_000;
            let call = chain::call_args(1, endpoint, given, &[], &args);
            let event = Event { target: instance(STRANGER), ..chain::event(probe::CALL, call) };
            let receipts = chain.apply(vec![honest(), event, honest()]).receipts;
            assert_eq!(receipts[1].status, Status::Success);
            assert_eq!(number(&receipts[1].output, 0), status as u64);
            assert!(receipts[1].gas_used < given + 50_000, "{}", receipts[1].gas_used);
            assert_eq!(number(&receipts[2].output, 0), number(&receipts[0].output, 0) + 1);
        }
        // A callee's output costs its caller nothing until it is read: 4096 octets here, of 64 KiB.
        let call = chain::call_args(1, attack::HUGE_RETURN, 1_000_000, &[], &numbers(&[64 << 10]));
        let receipt = chain.run(Event { target: instance(STRANGER), ..chain::event(probe::CALL, call) });
        assert_eq!((number(&receipt.output, 0), number(&receipt.output, 1)), (0, 64 << 10));
    };

    gas_is_the_end_of_everything_endless => |chain| {
        for (endpoint, args) in [
            (attack::SPIN, vec![]),
            (attack::STORM, vec![0, 0]),
            (attack::STORM, vec![attack::RECURSE as u8, 0]),
            (attack::STORAGE_BOMB, vec![0xff; 4]),
            (attack::HASH_BOMB, vec![]),
            (attack::INSTANCE_BOMB, HOSTILE_IMAGE.to_vec()),
            (attack::ENDLESS_ITERATION, vec![]),
            (attack::DATA_BOMB, vec![0xff; 4]),
        ] {
            let receipt = attacked(chain, attack(endpoint, args));
            assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, GAS), "{endpoint}");
        }
    };

    a_stack_has_two_ends => |chain| {
        fails(chain, attack(attack::RECURSE, []), Status::Faulted);
        fails(chain, attack(attack::SMASH, [0]), Status::Faulted);
        fails(chain, attack(attack::SMASH, [1]), Status::Faulted);
    };

    pages_have_a_limit => |chain| {
        let burn = |count: u32| attack(attack::BURN_PAGES, count.to_le_bytes());
        assert_eq!(attacked(chain, burn(4_000)).growth.pages, 4_000);
        fails(chain, burn(4_500), Status::LimitExceeded);
    };

    what_is_too_large_fails_alone => |chain| {
        fails(chain, attack(attack::HUGE_RETURN, numbers(&[(64 << 10) + 1])), Status::LimitExceeded);
        fails(chain, attack(attack::HUGE_RETURN, numbers(&[u64::MAX])), Status::LimitExceeded);
        let log = |len: u32, count: u32| attack(attack::LOG_BOMB, [len.to_le_bytes(), count.to_le_bytes()].concat());
        for len in [4097, u32::MAX] {
            assert_eq!(answers(&succeeds(chain, log(len, 1))), [TOO_LONG]);
        }
        // More logs than a block's receipts hold; the honest events' receipts fit before and after.
        fails(chain, log(4096, 600), Status::LimitExceeded);
        assert_eq!(attacked(chain, log(4096, 100)).logs.len(), 100);
    };

    slots_are_256 => |chain| {
        assert_eq!(answers(&succeeds(chain, attack(attack::FILL_SLOTS, []))), [256, BAD_ARGUMENT]);
        // Full of other things now; a call through a slot says so, and nothing else is wrong.
        fails(chain, attack(attack::REVERT_AFTER_MISCHIEF, probe::COUNT.to_le_bytes()), Status::Reverted);
        assert_eq!(answers(&succeeds(chain, attack(attack::REENTER, [0, 0, 0]))), [NO_CAPABILITY]);
    };

    storage_that_is_paid_for_is_kept => |chain| {
        let bomb = attack(attack::STORAGE_BOMB, 100u32.to_le_bytes());
        let growth = attacked(chain, Event { gas_limit: 10_000_000, ..bomb }).growth;
        assert_eq!((growth.keys, growth.bytes), (100, 100 * 4096));
        let huge = attack(attack::DATA_BOMB, 20u32.to_le_bytes());
        assert_eq!(answers(&succeeds(chain, huge)), [0, 0]);
        assert_eq!(answers(&succeeds(chain, attack(attack::VIEW_BOMB, []))), [64]);
        assert_eq!(answers(&succeeds(chain, attack(attack::CNODE_BOMB, []))), [15, TOO_HIGH]);
    };

    a_revert_takes_back_what_a_callee_did => |chain| {
        let receipt = attacked(chain, attack(attack::REVERT_AFTER_MISCHIEF, probe::COUNT.to_le_bytes()));
        assert_eq!((receipt.status, &receipt.output[..]), (Status::Reverted, &b"mischief done"[..]));
    };

    rights_cannot_be_made => |chain| {
        let seize = Event { refs: vec![instance(STRANGER)], ..attack(attack::SEIZE, []) };
        assert_eq!(
            answers(&succeeds(chain, seize)),
            [
                NO_RIGHT, NO_RIGHT, BAD_ARGUMENT, NO_RIGHT, NO_RIGHT, NO_RIGHT, NO_CAPABILITY, NO_CAPABILITY,
                NO_RIGHT,
            ]
        );
        let manage = attack(attack::MANAGE_OTHERS, HOSTILE_IMAGE);
        assert_eq!(answers(&succeeds(chain, manage)), [NO_RIGHT; 3]);
    };

    nobody_is_destroyed_while_it_runs => |chain| {
        let said = succeeds(chain, attack(attack::DESTROY_ITSELF, []));
        assert_eq!(answers(&said), [BUSY, BUSY, NO_CAPABILITY]);
        // It has no capability any more, and still answers.
        assert_eq!(number(&succeeds(chain, attack(attack::GREET, [])), 0), 1);
    };

    an_upgrade_in_a_call_acts_if_the_call_succeeds => |chain| {
        let become_probe = |fail: u8| attack(attack::UPGRADE_ITSELF, [&[fail], chain::PROBE_IMAGE].concat());
        fails(chain, become_probe(1), Status::Reverted);
        assert_eq!(number(&succeeds(chain, attack(attack::GREET, [])), 0), 1);
        assert_eq!(answers(&succeeds(chain, become_probe(0))), [0]);
        assert_eq!(succeeds(chain, attack(probe::ECHO, *b"a probe now")), b"a probe now");
    };

    wild_addresses_fail_the_call => |chain| {
        let mut statuses = std::collections::BTreeSet::new();
        for endpoint in [attack::WILD_LOAD, attack::WILD_STORE, attack::WILD_JUMP] {
            for address in ADDRESSES {
                let receipt = attacked(chain, Event { gas_limit: 100_000, ..attack(endpoint, numbers(&[address])) });
                statuses.insert((endpoint, receipt.status as u8));
            }
        }
        let seen = |endpoint, status: Status| statuses.contains(&(endpoint, status as u8));
        assert!(seen(attack::WILD_LOAD, Status::Success) && seen(attack::WILD_LOAD, Status::Faulted));
        assert!(seen(attack::WILD_STORE, Status::Panicked) && seen(attack::WILD_STORE, Status::Faulted));
        assert!(seen(attack::WILD_JUMP, Status::Panicked));
    };

    wild_host_calls_fail_the_call => |chain| {
        // Against the stranger's own count, block by block.
        let mut unknown = 0;
        let events = wild_host_calls();
        for some in events.chunks(400) {
            let mut block = some.to_vec();
            block.push(honest());
            let before = state_of(chain, chain.root, BYSTANDER);
            let (_, params) = parts(chain, chain.root);
            let receipts = chain.apply(block).receipts;
            assert_eq!(receipts.last().unwrap().status, Status::Success);
            assert_eq!(state_of(chain, chain.root, BYSTANDER), before);
            assert_eq!(parts(chain, chain.root).1, params);
            unknown += receipts.iter().filter(|receipt| receipt.output.starts_with(&UNKNOWN.to_le_bytes())).count();
        }
        assert!(unknown >= ADDRESSES.len());
        assert_eq!(chain.run(honest()).status, Status::Success);
    };

    garbage_is_no_image => |chain| {
        let zeros = vec![0; 5_000];
        let cut = &HOSTILE_IMAGE[..HOSTILE_IMAGE.len() - 1];
        let longer = [HOSTILE_IMAGE, &[0]].concat();
        for octets in [&[][..], &zeros, cut, &longer] {
            let output = succeeds(chain, attack(attack::GARBAGE, [&[0, 0], octets].concat()));
            assert_eq!(number(&output, 0), BAD_IMAGE);
        }
    };
}

/// An Image with octets changed, and an endpoint to call.
fn altered() -> impl Strategy<Value = (Vec<u8>, u16)> {
    let image = prop_oneof![Just(HOSTILE_IMAGE), Just(chain::TOKEN_IMAGE)];
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    (image, changes, 0..5u16).prop_map(|(image, changes, endpoint)| {
        let mut octets = image.to_vec();
        for (index, octet) in changes {
            let place = index.index(octets.len());
            octets[place] = octet;
        }
        (octets, endpoint)
    })
}

/// Programs that nobody wrote: Images with octets changed, those that are accepted run. Blocks of them stay valid, and
/// every backend agrees.
#[test]
fn altered_images_hurt_nobody() {
    let cases = |variable: &str, default: u32| {
        std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let cases = if chain::hyperlight_runs() {
        cases("NUB_PROPTEST_HYPERLIGHT_CASES", 12)
    } else {
        cases("NUB_PROPTEST_CASES", 48)
    };
    let chains: Vec<_> = chain::backends().into_iter().filter_map(hostile).collect();
    let chains = std::cell::RefCell::new(chains);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let blocks = prop::collection::vec(altered(), 1..8);
    runner
        .run(&blocks, |images| {
            let mut chains = chains.borrow_mut();
            let roots = chains.iter_mut().map(|chain| {
                chain.rewind();
                let events = images.iter().map(|(octets, endpoint)| {
                    let args = [&endpoint.to_le_bytes(), &octets[..]].concat();
                    Event { gas_limit: 8_000_000, ..attack(attack::GARBAGE, args) }
                });
                let receipts = chain.apply(events.chain([honest()]).collect()).receipts;
                assert_eq!(receipts.last().unwrap().status, Status::Success);
                chain.root
            });
            let roots: Vec<Hash> = roots.collect();
            prop_assert!(roots.iter().all(|root| *root == roots[0]));
            Ok(())
        })
        .unwrap();
}

/// An Instance that is not there, for a target.
#[test]
fn instances_of_a_failed_call_do_not_exist() {
    for kind in chain::backends() {
        let Some(mut chain) = hostile(kind) else { continue };
        fails(&mut chain, attack(attack::INSTANCE_BOMB, HOSTILE_IMAGE), Status::OutOfGas);
        let id = InstanceId::derive(chain::CHAIN_ID, instance(HOSTILE), 0);
        assert_eq!(chain.run(Event { target: id, ..attack(attack::GREET, []) }).status, Status::NoTarget);
    }
}
