//! The rules, against the kernel's stand-in.

use std::cell::RefCell;
use std::rc::Rc;

use nub_sdk::mock;

use super::*;

const GRANTOR: Address = [1; 32];
const BENEFICIARY: Address = [2; 32];
const ACCOUNT: Address = [3; 32];

/// What was paid: endpoint and arguments.
type Calls = Rc<RefCell<Vec<(u16, Vec<u8>)>>>;

fn vesting() -> (Vesting, Calls) {
    let calls = Calls::default();
    let seen = calls.clone();
    mock::on_call(move |call| {
        seen.borrow_mut().push((call.endpoint, call.args.clone()));
        (0, Vec::new())
    });
    mock::set_badge(GRANTOR);
    let mut vesting = Vesting::default();
    vesting.init(&ACCOUNT);
    (vesting, calls)
}

fn transfer(to: Address, amount: u128) -> (u16, Vec<u8>) {
    (2, [&to[..], &amount.to_le_bytes()].concat())
}

#[test]
fn tokens_are_taken_first_and_paid_as_they_vest() {
    let (mut vesting, calls) = vesting();
    assert_eq!(vesting.grant(&BENEFICIARY, 1_000, 100, 10, 100, false), Ok(0));
    let taken = [&GRANTOR[..], &ACCOUNT, &1_000u128.to_le_bytes()].concat();
    assert_eq!(calls.borrow_mut().pop(), Some((6, taken)));
    mock::set_block(1, 109);
    assert_eq!(vesting.release(0), Err(VestingError::NothingVested));
    mock::set_block(2, 150);
    assert_eq!(vesting.release(0), Ok(500));
    assert_eq!(calls.borrow_mut().pop(), Some(transfer(BENEFICIARY, 500)));
    assert_eq!(vesting.release(0), Err(VestingError::NothingVested));
    mock::set_block(3, 1_000);
    assert_eq!(vesting.releasable(0), Ok(500));
    assert_eq!((vesting.release(0), vesting.release(0)), (Ok(500), Err(VestingError::NothingVested)));
}

#[test]
fn a_revocation_leaves_what_has_vested() {
    let (mut vesting, calls) = vesting();
    vesting.grant(&BENEFICIARY, 1_000, 100, 10, 100, true).unwrap();
    mock::set_block(1, 130);
    assert_eq!(vesting.release(0), Ok(300));
    mock::set_block(2, 140);
    mock::set_badge(BENEFICIARY);
    assert_eq!(vesting.revoke(0), Err(VestingError::NotGrantor));
    mock::set_badge(GRANTOR);
    assert_eq!(vesting.revoke(0), Ok(600));
    assert_eq!(calls.borrow_mut().pop(), Some(transfer(GRANTOR, 600)));
    assert_eq!(vesting.revoke(0), Err(VestingError::NotRevocable));
    mock::set_block(3, 10_000);
    assert_eq!((vesting.release(0), vesting.releasable(0)), (Ok(100), Ok(0)));
}

#[test]
fn a_revocation_before_the_cliff_takes_all_back() {
    let (mut vesting, _) = vesting();
    vesting.grant(&BENEFICIARY, 1_000, 100, 10, 100, true).unwrap();
    assert_eq!((vesting.revoke(0), vesting.releasable(0)), (Ok(1_000), Ok(0)));
}

#[test]
fn what_is_not_right_is_refused() {
    let (mut vesting, calls) = vesting();
    assert_eq!(vesting.grant(&BENEFICIARY, 0, 0, 0, 0, true), Err(VestingError::BadGrant));
    assert_eq!(vesting.grant(&BENEFICIARY, 1, 0, 2, 1, true), Err(VestingError::BadGrant));
    assert_eq!(vesting.release(0), Err(VestingError::NoSuchGrant));
    vesting.grant(&BENEFICIARY, 1, 0, 0, 1, false).unwrap();
    assert_eq!(vesting.revoke(0), Err(VestingError::NotRevocable));
    assert_eq!(calls.borrow().len(), 1);
}
