//! The rules, against the kernel's stand-in.

use std::cell::RefCell;
use std::rc::Rc;

use nub_sdk::{Selector, mock};

use super::*;

const ALICE: Address = [1; 32];
const BOB: Address = [2; 32];

fn token() -> Token {
    mock::set_badge(ALICE);
    let mut token = Token::default();
    token.init(&ALICE, 100);
    token
}

#[test]
fn the_first_supply_is_the_owners() {
    let token = token();
    assert_eq!((token.balance_of(&ALICE), token.balance_of(&BOB), token.total_supply()), (100, 0, 100));
}

#[test]
fn only_the_owner_mints() {
    assert_eq!(Token::default().mint(&ALICE, 1), Err(TokenError::NotInitialised));
    let mut token = token();
    token.mint(&BOB, 7).unwrap();
    assert_eq!((token.balance_of(&BOB), token.total_supply()), (7, 107));
    mock::set_badge(BOB);
    assert_eq!(token.mint(&BOB, 1), Err(TokenError::NotOwner));
}

#[test]
fn the_supply_does_not_overflow() {
    let mut token = token();
    token.mint(&BOB, u128::MAX - 100).unwrap();
    assert_eq!(token.mint(&BOB, 1), Err(TokenError::SupplyOverflow));
    assert_eq!(token.total_supply(), u128::MAX);
    token.transfer(&BOB, 100).unwrap();
    assert_eq!(token.balance_of(&BOB), u128::MAX);
}

#[test]
fn a_transfer_moves_what_there_is_and_says_so() {
    let mut token = token();
    token.transfer(&BOB, 60).unwrap();
    assert!(mock::logs().last().unwrap().is(&Transfer { from: &ALICE, to: &BOB, amount: 60 }));
    assert_eq!((token.balance_of(&ALICE), token.balance_of(&BOB)), (40, 60));
    assert_eq!(token.transfer(&BOB, 41), Err(TokenError::InsufficientBalance));
    token.transfer(&BOB, 40).unwrap();
    assert!(!mock::storage().contains_key(&ALICE[..]), "an empty account keeps no key");
    mock::set_badge([3; 32]);
    assert_eq!(token.transfer(&BOB, 1), Err(TokenError::InsufficientBalance));
}

#[test]
fn a_transfer_to_oneself_changes_nothing() {
    let mut token = token();
    token.transfer(&ALICE, 100).unwrap();
    assert_eq!(token.balance_of(&ALICE), 100);
    assert_eq!(token.transfer(&ALICE, 101), Err(TokenError::InsufficientBalance));
}

#[test]
fn zero_is_an_amount_that_changes_nothing() {
    let mut token = token();
    let before = mock::storage();
    token.mint(&BOB, 0).unwrap();
    mock::set_badge([3; 32]);
    token.transfer(&BOB, 0).unwrap();
    assert_eq!(mock::storage(), before);
    assert_eq!(mock::logs().len(), 3);
}

#[test]
fn storage_is_where_the_readme_says() {
    token();
    let keys: Vec<_> = mock::storage().into_keys().collect();
    assert_eq!(keys, [ALICE.to_vec(), b"owner".to_vec(), b"supply".to_vec()]);
}

#[test]
fn an_allowance_is_taken_from_and_no_further() {
    const CAROL: Address = [3; 32];
    let mut token = token();
    token.approve(&BOB, 50);
    assert!(mock::logs().last().unwrap().is(&Approval { owner: &ALICE, spender: &BOB, amount: 50 }));
    mock::set_badge(BOB);
    token.transfer_from(&ALICE, &CAROL, 30).unwrap();
    assert!(mock::logs().last().unwrap().is(&Transfer { from: &ALICE, to: &CAROL, amount: 30 }));
    assert_eq!(
        (token.balance_of(&ALICE), token.balance_of(&CAROL), token.allowance(&ALICE, &BOB)),
        (70, 30, 20)
    );
    assert_eq!(token.transfer_from(&ALICE, &CAROL, 21), Err(TokenError::InsufficientAllowance));
    assert_eq!(token.transfer_from(&CAROL, &BOB, 1), Err(TokenError::InsufficientAllowance));
    mock::set_badge(ALICE);
    token.approve(&BOB, 5);
    assert_eq!((token.allowance(&ALICE, &BOB), token.allowance(&BOB, &ALICE)), (5, 0));
    token.approve(&BOB, 0);
    assert_eq!(mock::storage().len(), 4, "an allowance of zero keeps no key");
}

#[test]
fn an_allowance_is_no_balance() {
    let mut token = token();
    token.approve(&BOB, u128::MAX);
    mock::set_badge(BOB);
    let taken = mock::run(|| token.transfer_from(&ALICE, &BOB, 101));
    assert_eq!(taken, Err("token: insufficient balance".into()));
    assert_eq!(token.allowance(&ALICE, &BOB), u128::MAX);
}

/// Calls every endpoint through a client, and gives what was called.
macro_rules! called_by {
    ($client:ty) => {{
        let calls = Rc::<RefCell<Vec<(u16, Vec<u8>)>>>::default();
        let seen = calls.clone();
        mock::on_call(move |call| {
            seen.borrow_mut().push((call.endpoint, call.args.clone()));
            (1, Vec::new())
        });
        let client = <$client>::new(Selector::slot(1));
        // All fail; only what was asked counts.
        let _ = (client.init(&ALICE, 1), client.mint(&ALICE, 2), client.transfer(&BOB, 3));
        let _ = (client.balance_of(&BOB), client.total_supply(), client.approve(&BOB, 4));
        let _ = (client.transfer_from(&ALICE, &BOB, 5), client.allowance(&ALICE, &BOB));
        calls.take()
    }};
}

#[test]
fn the_interface_is_the_contracts() {
    let (own, shared) = (called_by!(TokenRef), called_by!(token_interface::TokenRef));
    assert_eq!(own, shared);
    assert_eq!(own.iter().map(|call| call.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
}
