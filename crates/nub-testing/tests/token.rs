//! The token, as a test of a contract's author would have it, and what a test is told that fails.

use nub_testing::{Badge, Chain, Contract, InstanceId, Status};

const ALICE: Badge = Badge([1; 32]);
const BOB: Badge = Badge([2; 32]);

fn contract() -> Contract {
    Contract::load(concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/token"))
}

fn token(chain: &mut Chain) -> InstanceId {
    chain.deploy_with(&contract(), ALICE, "init", 1000u128)
}

#[nub_testing::test(all)]
fn a_transfer_moves_and_says_so(chain: &mut Chain) {
    let token = token(chain);
    let moved = chain.on(token).from(ALICE).call("transfer", (BOB, 300u128)).succeeds();
    let moved = moved.emits("Transfer", (ALICE, BOB, 300u128)).gas(3_000..15_000);
    println!("a transfer: {} gas", moved.receipt.gas_used);
    chain.on(token).query("balance_of", BOB).returns(300u128);
    assert_eq!(chain.on(token).query("total_supply", ()).value::<u128>(), 1000);
    chain
        .on(token)
        .from(BOB)
        .call("transfer", (ALICE, 301u128))
        .reverts("token: insufficient balance")
        .emits_nothing();
    chain.on(token).gas(500).call("transfer", (BOB, 1u128)).ends(Status::OutOfGas);
}

#[nub_testing::test]
fn time_goes_back(chain: &mut Chain) {
    let token = token(chain);
    let before = chain.mark();
    chain.on(token).from(ALICE).call("transfer", (BOB, 1u128)).succeeds();
    let (there, height) = (chain.root(), chain.height());
    chain.back_to(&before);
    chain.on(token).query("balance_of", BOB).returns(0u128);
    chain.on(token).from(ALICE).call("transfer", (BOB, 1u128)).succeeds();
    assert_eq!((chain.root(), chain.height()), (there, height), "the same calls give the same state");
    let now = chain.timestamp();
    chain.advance(3, 10_000);
    assert_eq!((chain.height(), chain.timestamp()), (height + 3, now + 10_000));
}

#[nub_testing::test]
fn a_block_has_several_events(chain: &mut Chain) {
    let token = token(chain);
    let first = chain.on(token).from(ALICE).event("transfer", (BOB, 5u128));
    let second = chain.on(token).from(BOB).event("transfer", (ALICE, 6u128));
    let mut outcomes = chain.block(vec![first, second]).into_iter();
    outcomes.next().unwrap().succeeds();
    outcomes.next().unwrap().reverts("token: insufficient balance");
}

#[nub_testing::test]
fn deploying_may_call(chain: &mut Chain) {
    let token = chain.deploy_with(&contract(), ALICE, "init", 7u128);
    chain.on(token).query("balance_of", ALICE).returns(7u128);
    chain.on(token).from(ALICE).call("init", (ALICE, 9u128)).reverts("init: already initialised");
    let bare = chain.deploy(&contract());
    chain
        .on(bare)
        .from(ALICE)
        .call("init", (ALICE, 9u128))
        .reverts("init: only for who made the instance, or whom genesis names");
}

#[test]
fn a_test_that_fails_is_told_what_happened() {
    let told = std::panic::catch_unwind(|| {
        nub_testing::run(nub_testing::Backend::Local, |chain| {
            let token = token(chain);
            chain.on(token).from(BOB).call("transfer", (ALICE, 5u128)).succeeds();
        });
    });
    let told = told.unwrap_err().downcast::<String>().unwrap();
    println!("{told}");
    for part in [
        "should end with Success",
        "Reverted",
        "token: insufficient balance",
        "token.transfer(to: 0x0101",
        "amount: 5)",
        "storage_get 0x0202",
        "→ none",
        "reverts \"token: insufficient balance\"",
        "read: 0x0202",
    ] {
        assert!(told.contains(part), "{part} is missing");
    }
}

#[test]
#[should_panic(
    expected = "token has no endpoint `transfr`; there are: init, mint, transfer, balance_of, total_supply"
)]
fn a_name_that_is_none_is_told_with_those_there_are() {
    nub_testing::run(nub_testing::Backend::Local, |chain| {
        let token = chain.deploy(&contract());
        let _ = chain.on(token).call("transfr", ());
    });
}
