//! Vesting, by the blocks' timestamps.

use crate::chain::on_both;
use crate::*;

const INIT: u16 = 0;
const GRANT: u16 = 1;
const RELEASE: u16 = 2;
const REVOKE: u16 = 3;
const RELEASABLE: u16 = 5;

/// When the grants begin.
const START: u64 = GENESIS_TIME + 1_000_000;

/// Two grants to Bob of 1000 each, of which the second can be revoked. Gives their numbers.
pub fn granted(chain: &mut TestChain) -> Vec<u64> {
    ok::<()>(chain, ALICE, vesting(), INIT, VESTING_ACCOUNT.0);
    approve(chain, token_a(), ALICE, VESTING_ACCOUNT, 2_000);
    [false, true]
        .map(|revocable| {
            ok(chain, ALICE, vesting(), GRANT, (BOB.0, 1_000u128, START, 100u64, 1_000u64, revocable))
        })
        .to_vec()
}

on_both! { with crate::suite;
    a_grant_vests_with_the_blocks => |chain| {
        start_tokens(chain);
        assert_eq!(granted(chain), [0, 1]);
        assert_eq!(balance(chain, token_a(), VESTING_ACCOUNT), 2_000);
        let release = event(CAROL, vesting(), RELEASE, 0u64);
        for (time, amount) in [(START, 0), (START + 99, 0), (START + 100, 100), (START + 100, 0), (START + 550, 450)] {
            let receipt = at(chain, time, release.clone());
            if amount == 0 {
                assert_eq!(receipt.status, Status::Reverted);
            } else {
                assert_eq!(output::<u128>(&receipt), amount);
            }
        }
        assert_eq!(output::<u128>(&at(chain, START + 9_999, event(BOB, vesting(), RELEASABLE, 0u64))), 450);
        assert_eq!(output::<u128>(&at(chain, START + 9_999, release)), 450);
        let asked = event(BOB, token_a(), token_endpoint::BALANCE_OF, BOB.0);
        assert_eq!(output::<u128>(&at(chain, START + 9_999, asked)), 1_000);
    };

    a_revocation_takes_what_has_not_vested => |chain| {
        start_tokens(chain);
        granted(chain);
        let revoke = |by, id: u64| event(by, vesting(), REVOKE, id);
        for (by, id) in [(BOB, 1), (ALICE, 0), (ALICE, 2)] {
            assert_eq!(at(chain, START + 250, revoke(by, id)).status, Status::Reverted);
        }
        assert_eq!(output::<u128>(&at(chain, START + 250, revoke(ALICE, 1))), 750);
        assert_eq!(output::<u128>(&at(chain, START + 260, event(BOB, vesting(), RELEASE, 1u64))), 250);
        let asked = |account: Badge| event(BOB, token_a(), token_endpoint::BALANCE_OF, account.0);
        assert_eq!(output::<u128>(&at(chain, START + 260, asked(ALICE))), SUPPLY - 1_250);
        assert_eq!(output::<u128>(&at(chain, START + 260, asked(VESTING_ACCOUNT))), 1_000);
    };

    what_was_not_allowed_is_not_granted => |chain| {
        start_tokens(chain);
        granted(chain);
        let more = (BOB.0, 1u128, START, 0u64, 0u64, false);
        refused(chain, event(ALICE, vesting(), GRANT, more), "callee failed");
        refused(chain, event(BOB, vesting(), GRANT, more), "callee failed");
    };
}
