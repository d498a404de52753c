//! The token, from its checked-in Image, deployed by an event and used in blocks.

mod chain;

use chain::{TestChain, on_both};
use nub::{Badge, Event, InstanceId, Receipt, Status};

const ALICE: Badge = Badge([1; 32]);
const BOB: Badge = Badge([2; 32]);
const SUPPLY: u128 = 1_000;

const MINT: u16 = 1;
const TRANSFER: u16 = 2;
const BALANCE_OF: u16 = 3;
const TOTAL_SUPPLY: u16 = 4;

/// Deploys a token owned by Alice; gives its receipt.
fn deploy(chain: &mut TestChain, image: &[u8], init_endpoint: u16, init_args: &[u8]) -> Receipt {
    let mut args = (image.len() as u32).to_le_bytes().to_vec();
    args.extend(image);
    args.push(1);
    args.extend(init_endpoint.to_le_bytes());
    args.extend(init_args);
    let target = chain::deployer();
    chain.run(Event { target, endpoint: 0, args, gas_limit: chain::GAS, origin: ALICE, ..Event::default() })
}

fn token(chain: &mut TestChain) -> InstanceId {
    let receipt = deploy(chain, chain::TOKEN_IMAGE, 0, &SUPPLY.to_le_bytes());
    assert_eq!(receipt.status, Status::Success, "{:?}", String::from_utf8_lossy(&receipt.output));
    InstanceId(receipt.output.try_into().unwrap())
}

fn call(chain: &mut TestChain, token: InstanceId, origin: Badge, endpoint: u16, args: &[u8]) -> Receipt {
    let gas_limit = 1_000_000;
    chain.run(Event { target: token, endpoint, args: args.to_vec(), gas_limit, origin, ..Event::default() })
}

fn pay(chain: &mut TestChain, token: InstanceId, from: Badge, to: Badge, amount: u128) -> Receipt {
    call(chain, token, from, TRANSFER, &[&to.0[..], &amount.to_le_bytes()].concat())
}

fn balance(chain: &mut TestChain, token: InstanceId, account: Badge) -> u128 {
    let receipt = call(chain, token, BOB, BALANCE_OF, &account.0);
    u128::from_le_bytes(receipt.output.try_into().unwrap())
}

fn reverts(receipt: &Receipt, message: &str) {
    assert_eq!(receipt.status, Status::Reverted);
    let said = String::from_utf8_lossy(&receipt.output);
    assert!(said.contains(message), "{said}");
}

on_both! {
    transfers_move_balances_and_are_logged => |chain| {
        let token = token(chain);
        assert_eq!((balance(chain, token, ALICE), balance(chain, token, BOB)), (SUPPLY, 0));
        let receipt = pay(chain, token, ALICE, BOB, 30);
        assert_eq!((receipt.status, receipt.logs.len()), (Status::Success, 1));
        assert_eq!(receipt.logs[0].instance, token);
        assert_eq!((balance(chain, token, ALICE), balance(chain, token, BOB)), (SUPPLY - 30, 30));
        let receipt = call(chain, token, BOB, TOTAL_SUPPLY, &[]);
        assert_eq!(receipt.output, SUPPLY.to_le_bytes());
    };

    nobody_spends_what_they_do_not_have => |chain| {
        let token = token(chain);
        reverts(&pay(chain, token, BOB, ALICE, 1), "balance");
        reverts(&pay(chain, token, ALICE, BOB, SUPPLY + 1), "balance");
        assert_eq!((balance(chain, token, ALICE), balance(chain, token, BOB)), (SUPPLY, 0));
    };

    only_the_deployer_mints => |chain| {
        let token = token(chain);
        let args = [&BOB.0[..], &5u128.to_le_bytes()].concat();
        assert_eq!(call(chain, token, BOB, MINT, &args).status, Status::Reverted);
        assert_eq!(call(chain, token, ALICE, MINT, &args).status, Status::Success);
        assert_eq!(balance(chain, token, BOB), 5);
        let overflow = [&BOB.0[..], &u128::MAX.to_le_bytes()].concat();
        assert_eq!(call(chain, token, ALICE, MINT, &overflow).status, Status::Reverted);
    };

    a_token_is_initialised_once => |chain| {
        let token = token(chain);
        let again = [&BOB.0[..], &9u128.to_le_bytes()].concat();
        assert_eq!(call(chain, token, BOB, 0, &again).status, Status::Reverted);
        assert_eq!(balance(chain, token, BOB), 0);
    };

    malformed_arguments_revert => |chain| {
        let token = token(chain);
        for args in [&[][..], &[0; 47], &[0; 49]] {
            assert_eq!(call(chain, token, ALICE, TRANSFER, args).status, Status::Reverted);
        }
    };

    a_deployment_that_fails_leaves_nothing => |chain| {
        reverts(&deploy(chain, b"not an image", 0xffff, &[]), "image");
        let receipt = deploy(chain, chain::TOKEN_IMAGE, 77, &[]);
        reverts(&receipt, "endpoint");
        let id = InstanceId::derive(chain::CHAIN_ID, chain::deployer(), 0);
        assert_eq!(call(chain, id, ALICE, TOTAL_SUPPLY, &[]).status, Status::NoTarget);
        // The id goes to the next that succeeds.
        assert_eq!(token(chain), id);
    };
}
