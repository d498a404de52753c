//! Who may initialise an Instance: its creator, or whom genesis names; once.

use crate::chain::{CHAIN_ID, on_both, probe};
use crate::token_endpoint::{INIT, TOTAL_SUPPLY};
use crate::*;

const NOT_ALLOWED: &str = "init: only for who made the instance, or whom genesis names";
const DONE: &str = "init: already initialised";

fn init_token(by: Badge, token: InstanceId) -> Event {
    event(by, token, INIT, (by.0, SUPPLY))
}

/// Calls the `init` of a token that the event names, from a contract that was lent the Ref.
fn through_the_relay(by: Badge, token: InstanceId) -> Event {
    let call = (256u16, INIT, u64::MAX, 0u8, BOB.0, SUPPLY);
    Event { refs: vec![token], ..event(by, relay(), probe::CALL, call) }
}

fn nobody_initialises(chain: &mut TestChain, token: InstanceId) {
    for by in [ALICE, BOB, Badge(token.0), Badge::default()] {
        refused(chain, init_token(by, token), NOT_ALLOWED);
        let receipt = chain.run(through_the_relay(by, token));
        assert_eq!((receipt.status, receipt.output[0]), (Status::Success, Status::Reverted as u8));
        assert_eq!(String::from_utf8_lossy(&receipt.output[16..]), NOT_ALLOWED);
    }
    assert_eq!(ok::<u128>(chain, ALICE, token, TOTAL_SUPPLY, ()), 0);
}

fn deploy(by: Badge, endpoint: u16, args: impl Encode) -> Event {
    let image = chain::TOKEN_IMAGE;
    let args = [&(image.len() as u32, ()).encode(), image, &(true, endpoint, args).encode()].concat();
    Event { args, ..event(by, deployer(), 0, ()) }
}

on_both! { with crate::suite;
    whom_genesis_names_comes_first => |chain| {
        for target in [token_a(), exchange(), vesting(), wallet()] {
            refused(chain, event(BOB, target, INIT, (BOB.0, SUPPLY)), NOT_ALLOWED);
        }
        ok::<()>(chain, ALICE, token_a(), INIT, (BOB.0, SUPPLY));
        for by in [ALICE, BOB] {
            refused(chain, init_token(by, token_a()), DONE);
        }
        assert_eq!(balance(chain, token_a(), BOB), SUPPLY);
        // What was refused is not done: malformed arguments leave it as it was.
        refused(chain, event(ALICE, exchange(), INIT, ALICE.0[0]), "too short");
        ok::<()>(chain, ALICE, exchange(), INIT, EXCHANGE_ACCOUNT.0);
        refused(chain, event(ALICE, exchange(), INIT, BOB.0), DONE);
    };

    an_instance_of_genesis_that_names_nobody_is_nobodys => |chain| {
        nobody_initialises(chain, orphan());
    };

    a_creator_initialises_what_it_makes => |chain| {
        let receipt = chain.run(deploy(BOB, INIT, SUPPLY));
        let made = InstanceId(output(&receipt));
        assert_eq!(made, InstanceId::derive(CHAIN_ID, deployer(), 0));
        assert_eq!(balance(chain, made, BOB), SUPPLY);
        refused(chain, init_token(BOB, made), DONE);
        let bare = InstanceId(ok(chain, BOB, deployer(), 0, Raw(deploy(BOB, 0xffff, ()).args)));
        nobody_initialises(chain, bare);
    };
}

/// Octets as they are.
struct Raw(Vec<u8>);

impl Encode for Raw {
    fn encode(&self) -> Vec<u8> {
        self.0.clone()
    }
}
