//! The rules: who sends an event, and what it pays.
//!
//! An account is the hash of a public key. Its events are signed, each with the number of those before it. What an
//! event may use is paid ahead; what it did not use is given back when it is over. Balances, fees and what is paid
//! ahead sum to the same at all times, as long as that fits 64 bits.

use crate::ledger::{Entry, FEES_KEY, HELD_KEY, Ledger, PRICE_KEY};

/// An account: blake2b of its key.
pub type Account = [u8; 32];

/// Why the rules refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Only the kernel asks and reports.
    NotTheKernel,
    /// Another Instance called.
    NotAnEvent,
    /// There is no such account.
    NoAccount,
    /// The key is not the account's.
    WrongKey,
    /// The number is not the account's next.
    WrongNonce,
    /// The signature is not the key's, or of something else.
    BadSignature,
    /// The account cannot pay for any gas.
    CannotPay,
    /// The balance is below the amount.
    InsufficientBalance,
    /// The receiver would have too much.
    Overflow,
    /// The admission would be longer than an output may be.
    ArgumentsTooLong,
    /// Not the governor.
    NotTheGovernor,
    /// Storage failed.
    Storage,
}

impl Error {
    /// The message of the revert.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NotTheKernel => "chain: only the kernel asks",
            Self::NotAnEvent => "chain: only an event may do that",
            Self::NoAccount => "chain: no such account",
            Self::WrongKey => "chain: not the account's key",
            Self::WrongNonce => "chain: not the account's next number",
            Self::BadSignature => "chain: the signature is not valid",
            Self::CannotPay => "chain: the account cannot pay",
            Self::InsufficientBalance => "chain: insufficient balance",
            Self::Overflow => "chain: the balance would overflow",
            Self::ArgumentsTooLong => "chain: the arguments are too long",
            Self::NotTheGovernor => "chain: only the governor may do that",
            Self::Storage => "chain: storage failed",
        }
    }
}

/// The rules over a ledger.
pub struct Bank<L>(pub L);

impl<L: Ledger> Bank<L> {
    /// Checks the number, then the signature, which costs most; counts the event; takes the price of all the gas it
    /// may use. Gives how much that is: what it asks for, or less if the account cannot pay that.
    pub fn admit(
        &mut self,
        account: &Account,
        nonce: u64,
        gas_limit: u64,
        is_signed: impl FnOnce() -> bool,
    ) -> Result<u64, Error> {
        let entry = self.0.entry(account)?.ok_or(Error::NoAccount)?;
        let next = nonce.checked_add(1).filter(|_| nonce == entry.nonce).ok_or(Error::WrongNonce)?;
        let affordable = entry.balance.checked_div(self.price()?).unwrap_or(u64::MAX);
        let gas_limit = gas_limit.min(affordable);
        if gas_limit == 0 {
            return Err(Error::CannotPay);
        }
        // What [`settle`](Self::settle) reads: what it cannot read must fail here, before the event runs.
        let _ = (self.fees()?, self.0.number(HELD_KEY)?);
        if !is_signed() {
            return Err(Error::BadSignature);
        }
        let balance = entry.balance - self.cost(gas_limit)?;
        self.0.set_entry(account, Entry { balance, nonce: next })?;
        self.0.set_number(HELD_KEY, gas_limit)?;
        Ok(gas_limit)
    }

    /// Gives back what was not used, and counts the rest as fees. Nothing that an event did makes it fail, for that would
    /// make its block invalid: what it reads was read by [`admit`](Self::admit), and sums end at the greatest number. Only
    /// a genesis that gives more than that in sum can come so far; the units beyond are gone.
    pub fn settle(&mut self, account: &Account, gas_used: u64) -> Result<(), Error> {
        let held = self.0.number(HELD_KEY)?;
        let entry = self.0.entry(account)?.ok_or(Error::NoAccount)?;
        let gas_used = gas_used.min(held);
        let balance = entry.balance.saturating_add(self.cost(held - gas_used)?);
        let fees = self.fees()?.saturating_add(self.cost(gas_used)?);
        self.0.set_entry(account, Entry { balance, ..entry })?;
        self.0.set_number(FEES_KEY, fees)?;
        self.0.set_number(HELD_KEY, 0)
    }

    /// Moves an amount. A receiver that does not exist is made.
    pub fn transfer(&mut self, from: &Account, to: &Account, amount: u64) -> Result<(), Error> {
        let source = self.0.entry(from)?.ok_or(Error::NoAccount)?;
        let balance = source.balance.checked_sub(amount).ok_or(Error::InsufficientBalance)?;
        self.0.set_entry(from, Entry { balance, ..source })?;
        let target = self.0.entry(to)?.unwrap_or(Entry { balance: 0, nonce: 0 });
        let balance = target.balance.checked_add(amount).ok_or(Error::Overflow)?;
        self.0.set_entry(to, Entry { balance, ..target })
    }

    /// What an account has; 0 if it does not exist.
    pub fn balance_of(&self, account: &Account) -> Result<u64, Error> {
        Ok(self.0.entry(account)?.map_or(0, |entry| entry.balance))
    }

    /// What was taken for gas.
    pub fn fees(&self) -> Result<u64, Error> {
        self.0.number(FEES_KEY)
    }

    /// Only the governor goes on.
    pub fn check_governor(&self, account: &Account) -> Result<(), Error> {
        if self.0.governor()? == Some(*account) { Ok(()) } else { Err(Error::NotTheGovernor) }
    }

    fn price(&self) -> Result<u64, Error> {
        self.0.number(PRICE_KEY)
    }

    fn cost(&self, gas: u64) -> Result<u64, Error> {
        gas.checked_mul(self.price()?).ok_or(Error::Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::GOVERNOR_KEY;
    use std::collections::BTreeMap;

    /// Storage in memory.
    #[derive(Default)]
    struct Memory {
        entries: BTreeMap<Account, Entry>,
        numbers: BTreeMap<Vec<u8>, u64>,
        /// A key whose value has another length.
        unreadable: Option<&'static [u8]>,
    }

    impl Ledger for Memory {
        fn entry(&self, account: &Account) -> Result<Option<Entry>, Error> {
            Ok(self.entries.get(account).copied())
        }

        fn set_entry(&mut self, account: &Account, entry: Entry) -> Result<(), Error> {
            self.entries.insert(*account, entry);
            Ok(())
        }

        fn number(&self, key: &[u8]) -> Result<u64, Error> {
            if self.unreadable == Some(key) {
                return Err(Error::Storage);
            }
            Ok(self.numbers.get(key).copied().unwrap_or(0))
        }

        fn set_number(&mut self, key: &[u8], number: u64) -> Result<(), Error> {
            self.numbers.insert(key.to_vec(), number);
            Ok(())
        }

        fn governor(&self) -> Result<Option<Account>, Error> {
            Ok(self.numbers.get(GOVERNOR_KEY).map(|&number| [number as u8; 32]))
        }
    }

    const ALICE: Account = [100; 32];
    const BOB: Account = [50; 32];

    fn bank() -> Bank<Memory> {
        let mut memory = Memory::default();
        memory.set_entry(&ALICE, Entry { balance: 1000, nonce: 0 }).unwrap();
        memory.set_number(PRICE_KEY, 2).unwrap();
        Bank(memory)
    }

    fn signed() -> bool {
        true
    }

    #[test]
    fn a_number_works_once_and_in_order() {
        let mut bank = bank();
        assert_eq!(bank.admit(&ALICE, 1, 1, signed), Err(Error::WrongNonce));
        assert_eq!(bank.admit(&BOB, 0, 1, signed), Err(Error::NoAccount));
        assert_eq!(bank.admit(&ALICE, 0, 1, || false), Err(Error::BadSignature));
        assert_eq!(bank.admit(&ALICE, 0, 1, signed), Ok(1));
        assert_eq!(bank.admit(&ALICE, 0, 1, signed), Err(Error::WrongNonce));
        assert_eq!(bank.admit(&ALICE, 1, 1, signed), Ok(1));
        bank.0.set_entry(&ALICE, Entry { balance: 10, nonce: u64::MAX }).unwrap();
        assert_eq!(bank.admit(&ALICE, u64::MAX, 1, signed), Err(Error::WrongNonce));
    }

    #[test]
    fn a_signature_is_not_looked_at_for_nothing() {
        let mut bank = bank();
        let unseen = || panic!("it costs most");
        assert_eq!(bank.admit(&BOB, 0, 1, unseen), Err(Error::NoAccount));
        assert_eq!(bank.admit(&ALICE, 7, 1, unseen), Err(Error::WrongNonce));
        assert_eq!(bank.admit(&ALICE, 0, 0, unseen), Err(Error::CannotPay));
    }

    #[test]
    fn gas_is_paid_ahead_and_given_back() {
        let mut bank = bank();
        assert_eq!(bank.admit(&ALICE, 0, 300, signed), Ok(300));
        assert_eq!(bank.balance_of(&ALICE), Ok(400));
        assert_eq!(bank.settle(&ALICE, 100), Ok(()));
        assert_eq!((bank.balance_of(&ALICE), bank.fees()), (Ok(800), Ok(200)));
        assert_eq!(bank.admit(&ALICE, 1, u64::MAX, signed), Ok(400));
        assert_eq!(bank.settle(&ALICE, 400), Ok(()));
        assert_eq!((bank.balance_of(&ALICE), bank.fees()), (Ok(0), Ok(1000)));
        assert_eq!(bank.admit(&ALICE, 2, 1, signed), Err(Error::CannotPay));
    }

    /// The regression: a sum above 64 bits failed `after`, and with it the whole block.
    #[test]
    fn a_settlement_cannot_fail() {
        let mut bank = bank();
        bank.0.set_entry(&ALICE, Entry { balance: u64::MAX, nonce: 0 }).unwrap();
        bank.0.set_entry(&BOB, Entry { balance: u64::MAX, nonce: 0 }).unwrap();
        bank.0.set_number(FEES_KEY, u64::MAX - 1).unwrap();
        assert_eq!(bank.admit(&ALICE, 0, 300, signed), Ok(300));
        // In the event, as much as fits comes to who pays for it.
        assert_eq!(bank.transfer(&BOB, &ALICE, 601), Err(Error::Overflow));
        assert_eq!(bank.transfer(&BOB, &ALICE, 600), Ok(()));
        assert_eq!(bank.settle(&ALICE, 100), Ok(()));
        assert_eq!((bank.balance_of(&ALICE), bank.fees()), (Ok(u64::MAX), Ok(u64::MAX)));
        assert_eq!(bank.admit(&ALICE, 1, u64::MAX, signed), Ok(u64::MAX / 2));
        assert_eq!(bank.settle(&ALICE, u64::MAX), Ok(()), "more than was paid ahead");
    }

    #[test]
    fn what_cannot_be_settled_is_not_admitted() {
        for key in [FEES_KEY, HELD_KEY, PRICE_KEY] {
            let mut bank = bank();
            bank.0.unreadable = Some(key);
            assert_eq!(bank.admit(&ALICE, 0, 300, signed), Err(Error::Storage));
        }
    }

    #[test]
    fn a_transfer_makes_its_receiver_and_keeps_the_sum() {
        let mut bank = bank();
        assert_eq!(bank.transfer(&ALICE, &BOB, 1001), Err(Error::InsufficientBalance));
        assert_eq!(bank.transfer(&ALICE, &BOB, 300), Ok(()));
        assert_eq!((bank.balance_of(&ALICE), bank.balance_of(&BOB)), (Ok(700), Ok(300)));
        assert_eq!(bank.transfer(&ALICE, &ALICE, 700), Ok(()));
        assert_eq!(bank.balance_of(&ALICE), Ok(700));
        assert_eq!(bank.admit(&BOB, 0, 1, signed), Ok(1));
    }

    #[test]
    fn only_the_governor_governs() {
        let mut bank = bank();
        assert_eq!(bank.check_governor(&ALICE), Err(Error::NotTheGovernor));
        bank.0.set_number(GOVERNOR_KEY, 100).unwrap();
        assert_eq!(bank.check_governor(&ALICE), Ok(()));
        assert_eq!(bank.check_governor(&BOB), Err(Error::NotTheGovernor));
    }
}
