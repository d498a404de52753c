//! The peer: revm with an ERC-20.

use std::time::Instant;

use revm::bytecode::Bytecode;
use revm::context::TxEnv;
use revm::database::{CacheDB, EmptyDB};
use revm::primitives::{Address, Bytes, TxKind, U256};
use revm::state::AccountInfo;
use revm::{Context, ExecuteCommitEvm, MainBuilder, MainContext};

use crate::{Failure, Round, Side, erc20};

/// What every account has at first.
const BALANCE: u64 = 1_000_000;
/// Where the token is.
const TOKEN: Address = Address::new([0x70; 20]);

/// revm, a state, and a block of transactions.
pub struct Revm {
    state: CacheDB<EmptyDB>,
    transactions: Vec<TxEnv>,
}

impl Revm {
    /// Accounts in a ring.
    pub fn new(transfers: u32) -> Self {
        let mut state = CacheDB::new(EmptyDB::default());
        let code = Bytecode::new_legacy(erc20::code().into());
        let token =
            AccountInfo { code_hash: code.hash_slow(), code: Some(code), nonce: 1, ..AccountInfo::default() };
        state.insert_account_info(TOKEN, token);
        for number in 0..transfers {
            state.insert_account_info(account(number), AccountInfo::default());
            let place = erc20::place(account(number));
            state
                .insert_account_storage(TOKEN, place, U256::from(BALANCE))
                .unwrap_or_else(|never| match never {});
        }
        let transactions = (0..transfers).map(|number| {
            let data = erc20::transfer(account((number + 1) % transfers), 1 + u64::from(number % 7));
            TxEnv {
                caller: account(number),
                gas_limit: 100_000,
                kind: TxKind::Call(TOKEN),
                data: Bytes::from(data),
                ..TxEnv::default()
            }
        });
        Self { state, transactions: transactions.collect() }
    }
}

impl Side for Revm {
    fn name(&self) -> &str {
        "revm 43.0.3"
    }

    fn round(&mut self) -> Result<Round, Failure> {
        let (state, transactions) = (self.state.clone(), self.transactions.clone());
        let mut evm = Context::mainnet().with_db(state).build_mainnet();
        let mut gas = 0;
        let mut fine = true;
        let start = Instant::now();
        for transaction in transactions {
            let result = evm.transact_commit(transaction)?;
            fine &= result.is_success() && result.logs().len() == 1;
            gas += result.tx_gas_used();
        }
        let time = start.elapsed();
        if !fine {
            return Err("a transfer on revm did not succeed".into());
        }
        let input_bytes = self.transactions.first().map_or(0, |first| first.data.len() as u64);
        Ok(Round { time, gas, input_bytes, receipt_bytes: None })
    }
}

fn account(number: u32) -> Address {
    let mut octets = [0xac; 20];
    octets[..4].copy_from_slice(&number.to_be_bytes());
    octets.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use revm::context_interface::result::ExecutionResult;

    fn call(state: CacheDB<EmptyDB>, caller: Address, data: Vec<u8>) -> (ExecutionResult, CacheDB<EmptyDB>) {
        let mut evm = Context::mainnet().with_db(state).build_mainnet();
        let transaction = TxEnv {
            caller,
            gas_limit: 100_000,
            kind: TxKind::Call(TOKEN),
            data: data.into(),
            ..TxEnv::default()
        };
        let result = evm.transact_commit(transaction).unwrap();
        (result, evm.ctx.journaled_state.database)
    }

    fn balance(state: &CacheDB<EmptyDB>, of: Address) -> U256 {
        let data = [&[0x70, 0xa0, 0x82, 0x31][..], &[0; 12], of.as_slice()].concat();
        let (result, _) = call(state.clone(), account(9), data);
        U256::from_be_slice(result.output().unwrap())
    }

    #[test]
    fn the_token_moves_balances_and_checks_them() {
        let state = Revm::new(4).state;
        let (result, state) = call(state, account(0), erc20::transfer(account(1), 30));
        assert!(result.is_success());
        let log = &result.logs()[0];
        assert_eq!(log.data.topics()[1], account(0).into_word());
        assert_eq!(log.data.topics()[2], account(1).into_word());
        assert_eq!(U256::from_be_slice(&log.data.data), U256::from(30));
        assert_eq!(balance(&state, account(0)), U256::from(BALANCE - 30));
        assert_eq!(balance(&state, account(1)), U256::from(BALANCE + 30));
        let (result, state) = call(state, account(2), erc20::transfer(account(1), BALANCE + 1));
        assert!(!result.is_success());
        assert_eq!(balance(&state, account(2)), U256::from(BALANCE));
        // To itself: all stays.
        let (result, state) = call(state, account(3), erc20::transfer(account(3), 5));
        assert!(result.is_success());
        assert_eq!(balance(&state, account(3)), U256::from(BALANCE));
    }

    #[test]
    fn a_round_starts_from_the_same_state() {
        let mut side = Revm::new(8);
        assert_eq!(side.round().unwrap().gas, side.round().unwrap().gas);
    }
}
