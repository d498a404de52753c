//! The checked-in Images do what their READMEs say, on the interpreter.

mod support;

use support::{Ended, World};

const ALICE: [u8; 32] = [1; 32];
const BOB: [u8; 32] = [2; 32];

#[test]
fn the_kernel_accepts_the_images() {
    let contracts =
        nub_link::Contracts::in_directory(&nub_build::repository_root().join("contracts")).unwrap();
    for name in contracts.names() {
        let octets = support::checked_in(name);
        let image = nub_state::Image::from_bytes(&octets).unwrap();
        assert_eq!(nub_kernel::validate_image(&image), Ok(()), "{name}");
        let kib_max = match name.as_ref() {
            // What checks signatures holds the curves.
            "chain" | "crypto" | "multisig" => 256,
            "exchange" => 24,
            "faults" | "hostile" | "kvstore" | "names" | "vesting" => 16,
            _ => 8,
        };
        assert!(octets.len() < kib_max << 10, "{name} has {} bytes", octets.len());
    }
}

#[test]
fn the_token_names_its_types() {
    let image = nub_state::Image::from_bytes(&support::checked_in("token")).unwrap();
    let path = nub_build::repository_root().join("contracts/token/token.types");
    let types = nub_types::file::from_bytes(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(image.type_def, Some(nub_types::file::hash(&types)));
    let endpoints = types.endpoints.iter().map(|endpoint| endpoint.name.as_str());
    let expected =
        ["init", "mint", "transfer", "balance_of", "total_supply", "approve", "transfer_from", "allowance"];
    assert_eq!(endpoints.collect::<Vec<_>>(), expected);
    assert!(
        types
            .events
            .iter()
            .any(|event| event.name == "Transfer" && event.topic.starts_with(b"token.transfer"))
    );
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn amount(value: u128) -> [u8; 16] {
    value.to_le_bytes()
}

fn balance(token: &mut World, account: &[u8; 32]) -> u128 {
    u128::from_le_bytes(token.call(3, account).output().try_into().unwrap())
}

fn token() -> World {
    let mut token = World::new("token");
    // Genesis names who initialises it.
    token.storage.insert(b"\0init".to_vec(), ALICE.to_vec());
    token.badge = ALICE;
    assert_eq!(token.call(0, &join(&[&ALICE, &amount(1000)])), Ended::Returned(vec![]));
    token
}

#[test]
fn a_token_moves_and_says_so() {
    let mut token = token();
    assert_eq!(token.call(2, &join(&[&BOB, &amount(300)])), Ended::Returned(vec![]));
    println!("transfer: {} instructions", token.instructions);
    assert!(token.instructions < 1500, "a transfer runs {} instructions", token.instructions);
    assert_eq!((balance(&mut token, &ALICE), balance(&mut token, &BOB)), (700, 300));
    assert_eq!(token.call(4, &[]).output(), amount(1000));
    let (topic, data) = token.logs.last().unwrap();
    assert_eq!(&topic[..], join(&[b"token.transfer", &[0; 18]]));
    assert_eq!(*data, join(&[&ALICE, &BOB, &amount(300)]));
    assert_eq!(&token.logs[0].0[..10], b"token.mint");
}

#[test]
fn a_token_refuses_with_a_message() {
    let mut token = token();
    let transfer = join(&[&BOB, &amount(1001)]);
    assert_eq!(token.call(2, &transfer).message(), "token: insufficient balance");
    assert_eq!(token.call(0, &join(&[&BOB, &amount(1)])).message(), "init: already initialised");
    assert_eq!(
        token.call(1, &join(&[&BOB, &amount(u128::MAX)])).message(),
        "token: the supply would overflow"
    );
    token.badge = BOB;
    assert_eq!(token.call(1, &join(&[&BOB, &amount(1)])).message(), "token: only the owner may mint");
    assert_eq!(token.call(2, &[0; 47]).message(), "arguments are too short");
    assert_eq!(token.call(2, &[0; 49]).message(), "arguments are too long");
    assert_eq!(World::new("token").call(1, &transfer).message(), "token: not initialised");
}

#[test]
fn a_token_minted_by_its_owner_grows() {
    let mut token = token();
    assert_eq!(token.call(1, &join(&[&BOB, &amount(5)])), Ended::Returned(vec![]));
    assert_eq!(balance(&mut token, &BOB), 5);
    assert_eq!(token.call(4, &[]).output(), amount(1005));
}

/// `image ‖ public ‖ endpoint ‖ init arguments`, as the deployer takes them.
fn deployment(image: &[u8], public: u8, endpoint: u16, init: &[u8]) -> Vec<u8> {
    join(&[&(image.len() as u32).to_le_bytes(), image, &[public], &endpoint.to_le_bytes(), init])
}

#[test]
fn the_deployer_makes_an_instance_and_initialises_it_for_its_caller() {
    let mut deployer = World::new("deployer");
    deployer.badge = ALICE;
    let made = deployer.call(0, &deployment(b"an image", 1, 0, &amount(9)));
    assert_eq!(made.output(), [7; 32]);
    assert_eq!(deployer.created, [(1, b"an image".to_vec())]);
    assert_eq!(deployer.calls, [(2, 0, join(&[&ALICE, &amount(9)]))]);
    let creator = nub_abi::blake2b_256(&join(&[b"nub/creator", &[7; 32]]));
    assert_eq!(deployer.minted, [(2, 2, 7, creator.0)], "it calls as the creator");
    deployer.call(0, &deployment(b"an image", 0, 0xFFFF, &[])).output();
    assert_eq!((deployer.calls.len(), deployer.minted.len()), (1, 1), "0xFFFF means no initialisation");
}

#[test]
fn the_deployer_says_why_not() {
    let mut deployer = World::new("deployer");
    let args = deployment(b"an image", 1, 0, &[]);
    assert_eq!(deployer.call(0, &args[..9]).message(), "arguments are too short");
    assert_eq!(deployer.call(0, &deployment(b"i", 2, 0, &[])).message(), "deploy: public is 0 or 1");
    let long = deployment(b"i", 1, 0, &[0; 1025]);
    assert_eq!(deployer.call(0, &long).message(), "deploy: at most 1024 bytes of init arguments");
    deployer.call_answer = (1, b"token: no".to_vec());
    assert_eq!(deployer.call(0, &args).message(), "deploy: init reverted: token: no");
    deployer.call_answer = (4, vec![]);
    assert_eq!(deployer.call(0, &args).message(), "deploy: init ran out of gas");
    deployer.image_create_answer = nub_abi::host_call::BAD_IMAGE;
    assert_eq!(deployer.call(0, &args).message(), "create: not a valid image");
}

fn u64_of(octets: &[u8]) -> u64 {
    u64::from_le_bytes(octets.try_into().unwrap())
}

#[test]
fn the_probe_ends_in_every_way() {
    let mut probe = World::new("probe");
    assert_eq!(probe.call(0, b"hello"), Ended::Returned(b"hello".to_vec()));
    assert_eq!(probe.call(1, &[]), Ended::Panicked);
    assert_eq!(probe.call(2, b"no"), Ended::Reverted(b"no".to_vec()));
    assert_eq!(probe.call(3, &[]), Ended::OutOfGas);
    assert_eq!(probe.call(29, &1000u64.to_le_bytes()), Ended::Returned(vec![]));
    assert_eq!(
        probe.call(31, &join(&[&0xFEFF_0000u64.to_le_bytes(), &3u64.to_le_bytes()])).output(),
        [0, 0, 0xFF]
    );
    assert_eq!(probe.call(31, &[0; 16]), Ended::Returned(vec![]));
    assert_eq!(probe.call(31, &join(&[&[0; 8], &1u64.to_le_bytes()])), Ended::Faulted);
}

#[test]
fn the_probes_memory_persists() {
    let mut probe = World::new("probe");
    assert_eq!(u64_of(&probe.call(4, &[]).output()), 1001);
    assert_eq!(probe.call(5, &[]), Ended::Reverted(1002u64.to_le_bytes().to_vec()));
    assert_eq!(u64_of(&probe.call(4, &[]).output()), 1002);
    let pages = |first: u32, count: u32| join(&[&first.to_le_bytes(), &count.to_le_bytes()]);
    probe.call(7, &join(&[&pages(3, 4), &[5]])).output();
    assert_eq!(u64_of(&probe.call(6, &pages(0, 256)).output()), 20);
    assert_eq!(probe.call(6, &pages(1, 256)).message(), "there are 256 pages");
}

#[test]
fn the_probes_addresses_are_as_documented() {
    let mut probe = World::new("probe");
    let peek = |address: u64| address.to_le_bytes();
    assert_eq!(probe.call(22, &peek(0x30000)).output(), [0xE8], "the counter");
    probe.call(23, &join(&[&peek(0x30008 + 4096), &[9]])).output();
    assert_eq!(
        u64_of(&probe.call(6, &join(&[&1u32.to_le_bytes(), &1u32.to_le_bytes()])).output()),
        9,
        "the page array"
    );
    assert_eq!(probe.call(22, &peek(0xFFFF)), Ended::Panicked);
    assert_eq!(probe.call(22, &peek(0x20000)), Ended::Faulted);
    assert_eq!(probe.call(23, &join(&[&peek(0x10000), &[9]])), Ended::Faulted);
    assert_eq!(probe.call(8, &40u32.to_le_bytes()).output(), 40u64.to_le_bytes());
    assert_eq!(probe.call(8, &100u32.to_le_bytes()), Ended::Faulted);
}

#[test]
fn the_probe_hands_host_calls_through() {
    let mut probe = World::new("probe");
    assert_eq!(probe.call(9, b"\x02kkvalue").output(), [0; 8]);
    assert_eq!(probe.call(10, b"kk").output(), join(&[&5u64.to_le_bytes(), b"value"]));
    assert_eq!(probe.call(11, b"kk").output(), 1u64.to_le_bytes());
    assert_eq!(probe.call(10, b"kk").output(), u64::MAX.to_le_bytes());
    assert_eq!(probe.call(24, &[1; 8]).output(), nub_abi::host_call::UNKNOWN.to_le_bytes());
    probe.badge = BOB;
    assert_eq!(probe.call(19, &[]).output(), BOB);
    probe.call(14, &join(&[&ALICE, b"data"])).output();
    assert_eq!(probe.logs, [(ALICE, b"data".to_vec())]);
    probe.call_answer = (0, b"out".to_vec());
    let args = join(&[&2u16.to_le_bytes(), &3u16.to_le_bytes(), &9u64.to_le_bytes(), &[0], b"args"]);
    let answer = join(&[&0u64.to_le_bytes(), &3u64.to_le_bytes(), b"out"]);
    assert_eq!(probe.call(12, &args).output(), answer);
    assert_eq!(probe.call(13, &args), Ended::Reverted(answer));
    assert_eq!(probe.calls[0], (2, 3, b"args".to_vec()));
    assert_eq!(probe.call(25, &[0; 32]).output(), [0; 8], "empty ranges are read nowhere");
    assert_eq!(probe.call(25, &[1; 32]), Ended::Faulted);
    let made = probe.call(15, &join(&[&[1, 2, 1], &BOB, b"image"])).output();
    assert_eq!(made, join(&[&[0; 16], &[7; 32]]));
}
