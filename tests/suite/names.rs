//! The name registry, by the blocks' timestamps.

use crate::chain::on_both;
use crate::*;

const REGISTER: u16 = 0;
const RENEW: u16 = 1;
const TRANSFER: u16 = 2;
const CHANGE: u16 = 3;
const RESOLVE: u16 = 4;

const DAY: u64 = 24 * 60 * 60 * 1000;
const TERM: u64 = 365 * DAY;

fn register(by: Badge, name: &str) -> Event {
    event(by, names(), REGISTER, (name, by.0))
}

fn resolve(chain: &mut TestChain, time: u64, name: &str) -> Option<[u8; 32]> {
    output(&at(chain, time, event(CAROL, names(), RESOLVE, name)))
}

on_both! { with crate::suite;
    a_name_is_registered_for_a_term => |chain| {
        let start = GENESIS_TIME + 100;
        assert_eq!(output::<u64>(&at(chain, start, register(ALICE, "alice"))), start + TERM);
        assert_eq!(resolve(chain, start, "alice"), Some(ALICE.0));
        assert_eq!(resolve(chain, start, "bob"), None);
        assert_eq!(at(chain, start, register(BOB, "alice")).status, Status::Reverted);
        assert_eq!(resolve(chain, start + TERM, "alice"), None);
        assert_eq!(at(chain, start + TERM + 29 * DAY, register(BOB, "alice")).status, Status::Reverted);
        output::<u64>(&at(chain, start + TERM + 30 * DAY, register(BOB, "alice")));
        assert_eq!(resolve(chain, start + TERM + 30 * DAY, "alice"), Some(BOB.0));
    };

    its_owner_renews_changes_and_gives_it_away => |chain| {
        let start = GENESIS_TIME + 100;
        output::<u64>(&at(chain, start, register(ALICE, "alice")));
        let renew = event(ALICE, names(), RENEW, "alice");
        assert_eq!(output::<u64>(&at(chain, start + TERM + DAY, renew)), start + 2 * TERM);
        let now = start + TERM + DAY;
        let change = |by| event(by, names(), CHANGE, ("alice", [9u8; 32]));
        assert_eq!(at(chain, now, change(BOB)).status, Status::Reverted);
        output::<()>(&at(chain, now, event(ALICE, names(), TRANSFER, ("alice", BOB.0))));
        assert_eq!(at(chain, now, change(ALICE)).status, Status::Reverted);
        output::<()>(&at(chain, now, change(BOB)));
        assert_eq!(resolve(chain, now, "alice"), Some([9; 32]));
    };

    bad_names_revert => |chain| {
        for name in ["ab", "Alice", "-alice", "a_b", "aaaaaaaaaaaaaaaaaaaaaaaaa"] {
            refused(chain, register(ALICE, name), "names: 3 to 24");
        }
        refused(chain, event(ALICE, names(), REGISTER, (vec![0xffu8; 4], ALICE.0)), "");
    };
}
