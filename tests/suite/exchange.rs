//! The exchange, with two tokens.

use crate::chain::on_both;
use crate::*;

const INIT: u16 = 0;
const SWAP: u16 = 1;
const ADD: u16 = 2;
const REMOVE: u16 = 3;
const TRANSFER_SHARES: u16 = 4;
const SHARES_OF: u16 = 5;
const POOL: u16 = 6;
const QUOTE: u16 = 7;

type Pool = (u128, u128, u128);

/// An exchange in which Alice put 100 000 of A and 400 000 of B; Bob has 10 000 of A.
pub fn open(chain: &mut TestChain) {
    ok::<()>(chain, ALICE, exchange(), INIT, EXCHANGE_ACCOUNT.0);
    for token in [token_a(), token_b()] {
        approve(chain, token, ALICE, EXCHANGE_ACCOUNT, SUPPLY);
        approve(chain, token, BOB, EXCHANGE_ACCOUNT, SUPPLY);
    }
    let shares: u128 = ok(chain, ALICE, exchange(), ADD, (100_000u128, 400_000u128, 1u128));
    assert_eq!(shares, 199_000);
    pay(chain, token_a(), ALICE, BOB, 10_000);
}

fn pool(chain: &mut TestChain) -> Pool {
    ok(chain, CAROL, exchange(), POOL, ())
}

/// What the exchange counts is what it has.
fn holds_what_it_counts(chain: &mut TestChain) {
    let (a, b, _) = pool(chain);
    assert_eq!(
        (balance(chain, token_a(), EXCHANGE_ACCOUNT), balance(chain, token_b(), EXCHANGE_ACCOUNT)),
        (a, b)
    );
}

on_both! { with crate::suite;
    a_swap_gives_what_was_quoted_and_leaves_more => |chain| {
        start_tokens(chain);
        open(chain);
        let before = pool(chain);
        let quote: u128 = ok(chain, BOB, exchange(), QUOTE, (true, 10_000u128));
        let receipt = chain.run(event(BOB, exchange(), SWAP, (true, 10_000u128, quote)));
        assert_eq!(output::<u128>(&receipt), quote);
        // Two transfers and the swap, in that order, each from its own contract.
        let from: Vec<InstanceId> = receipt.logs.iter().map(|log| log.instance).collect();
        assert_eq!(from, [token_a(), token_b(), exchange()]);
        assert_eq!((balance(chain, token_a(), BOB), balance(chain, token_b(), BOB)), (0, quote));
        let after = pool(chain);
        assert!(after.0 * after.1 > before.0 * before.1);
        holds_what_it_counts(chain);
        // And back, at a loss.
        let back: u128 = ok(chain, BOB, exchange(), SWAP, (false, quote, 0u128));
        assert!(back < 10_000 && back > 9_900);
        holds_what_it_counts(chain);
    };

    less_than_asked_for_undoes_all => |chain| {
        start_tokens(chain);
        open(chain);
        let before = pool(chain);
        let quote: u128 = ok(chain, BOB, exchange(), QUOTE, (true, 1_000u128));
        refused(chain, event(BOB, exchange(), SWAP, (true, 1_000u128, quote + 1)), "less than the least");
        refused(chain, event(ALICE, exchange(), ADD, (1_000u128, 4_000u128, 2_001u128)), "less than the least");
        refused(chain, event(ALICE, exchange(), REMOVE, (1_000u128, 501u128, 0u128)), "less than the least");
        // Bob has not that much of A: the token refuses, and nothing stays of the call.
        refused(chain, event(BOB, exchange(), SWAP, (true, 10_001u128, 0u128)), "callee failed");
        refused(chain, event(CAROL, exchange(), SWAP, (true, 10u128, 0u128)), "callee failed");
        assert_eq!((pool(chain), balance(chain, token_a(), BOB)), (before, 10_000));
        holds_what_it_counts(chain);
    };

    liquidity_earns_the_fees => |chain| {
        start_tokens(chain);
        open(chain);
        let shares: u128 = ok(chain, ALICE, exchange(), ADD, (50_000u128, 999_999u128 - 400_000, 0u128));
        assert_eq!(shares, 100_000);
        assert_eq!(pool(chain), (150_000, 600_000, 300_000));
        ok::<()>(chain, ALICE, exchange(), TRANSFER_SHARES, (CAROL.0, 100_000u128));
        for _ in 0..3 {
            let out: u128 = ok(chain, BOB, exchange(), SWAP, (true, 10_000u128, 0u128));
            ok::<u128>(chain, BOB, exchange(), SWAP, (false, out, 0u128));
            pay(chain, token_a(), ALICE, BOB, 100);
        }
        // A third of the shares: more than a third of what was put in, of A and B together.
        let (a, b): (u128, u128) = ok(chain, CAROL, exchange(), REMOVE, (100_000u128, 50_000u128, 200_000u128));
        assert!(a > 50_000 && b >= 200_000);
        assert_eq!(balance(chain, token_a(), CAROL), a);
        assert_eq!(ok::<u128>(chain, CAROL, exchange(), SHARES_OF, CAROL.0), 0);
        refused(chain, event(CAROL, exchange(), REMOVE, (1u128, 0u128, 0u128)), "not enough");
        holds_what_it_counts(chain);
    };

    what_is_sent_unasked_is_not_counted => |chain| {
        start_tokens(chain);
        open(chain);
        let before = pool(chain);
        pay(chain, token_b(), ALICE, EXCHANGE_ACCOUNT, 5_000);
        assert_eq!(pool(chain), before);
        refused(chain, event(BOB, exchange(), INIT, BOB.0), "already initialised");
    };
}
