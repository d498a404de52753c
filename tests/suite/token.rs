//! The token's allowances. The rest is in `tests/token.rs`.

use crate::chain::on_both;
use crate::token_endpoint::{ALLOWANCE, TOTAL_SUPPLY, TRANSFER_FROM};
use crate::*;

on_both! { with crate::suite;
    an_allowance_lets_another_take => |chain| {
        start_tokens(chain);
        let token = token_a();
        approve(chain, token, ALICE, BOB, 50);
        let receipt = chain.run(event(BOB, token, TRANSFER_FROM, (ALICE.0, CAROL.0, 30u128)));
        output::<()>(&receipt);
        let data = [&ALICE.0[..], &CAROL.0, &30u128.to_le_bytes()].concat();
        assert!(receipt.logs[0].topic.starts_with(b"token.transfer\0"));
        assert_eq!((receipt.logs.len(), &receipt.logs[0].data), (1, &data));
        assert_eq!(balance(chain, token, CAROL), 30);
        assert_eq!(ok::<u128>(chain, BOB, token, ALLOWANCE, (ALICE.0, BOB.0)), 20);
        refused(chain, event(BOB, token, TRANSFER_FROM, (ALICE.0, CAROL.0, 21u128)), "insufficient allowance");
        refused(chain, event(CAROL, token, TRANSFER_FROM, (ALICE.0, CAROL.0, 1u128)), "insufficient allowance");
        approve(chain, token, ALICE, BOB, u128::MAX);
        refused(chain, event(BOB, token, TRANSFER_FROM, (ALICE.0, CAROL.0, SUPPLY)), "insufficient balance");
        // The other token knows nothing of it.
        refused(chain, event(BOB, token_b(), TRANSFER_FROM, (ALICE.0, CAROL.0, 1u128)), "insufficient allowance");
        assert_eq!(ok::<u128>(chain, BOB, token, TOTAL_SUPPLY, ()), SUPPLY);
    };
}
