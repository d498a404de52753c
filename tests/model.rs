//! The kernel against plain maps: long random sequences of token transfers and storage operations, with
//! commits, rollbacks, restarts and hardly any cache.

mod chain;
mod stored;

use chain::{CHAIN_ID, TestChain, deployer, event, number, probe, put_args};
use nub::{
    BackendKind, Badge, Event, Growth, InstanceId, Nub, Params, Receipt, SharedBlobs, Status, host_call,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use stored::Stored;

const SUPPLY: u128 = 1 << 40;
const OWNER: u8 = 0;
const MINT: u16 = 1;
const TRANSFER: u16 = 2;
const BALANCE_OF: u16 = 3;
const TOTAL_SUPPLY: u16 = 4;

/// Something an event does.
#[derive(Clone, Debug)]
enum Operation {
    Mint { by: u8, to: u8, amount: u128 },
    Transfer { from: u8, to: u8, amount: u128 },
    Balance(u8),
    Supply,
    Put(Vec<u8>, Vec<u8>),
    Get(Vec<u8>),
    Remove(Vec<u8>),
}

/// What happens after a block.
#[derive(Clone, Copy, Debug)]
enum After {
    Nothing,
    Commit,
    Rollback,
    /// Commits, and goes on with a new handle over the same store.
    Restart,
}

fn account(number: u8) -> Badge {
    Badge([number.wrapping_add(1); 32])
}

fn token() -> InstanceId {
    InstanceId::derive(CHAIN_ID, deployer(), 0)
}

/// The state as plain maps.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    balances: BTreeMap<u8, u128>,
    supply: u128,
    storage: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Model {
    fn new() -> Self {
        let storage = [(b"greeting".to_vec(), b"hello".to_vec())].into();
        Self { balances: [(OWNER, SUPPLY)].into(), supply: SUPPLY, storage }
    }

    fn balance(&self, account: u8) -> u128 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    fn credit(&mut self, account: u8, balance: u128) {
        match balance {
            0 => self.balances.remove(&account),
            _ => self.balances.insert(account, balance),
        };
    }

    /// Does it, and checks the receipt.
    fn run(&mut self, operation: &Operation, receipt: &Receipt) {
        match operation {
            Operation::Mint { by, to, amount } => {
                let supply = self.supply.checked_add(*amount).filter(|_| *by == OWNER);
                let Some(supply) = supply else { return reverted(receipt, "token: ") };
                succeeded(receipt, &[]);
                self.supply = supply;
                self.credit(*to, self.balance(*to) + amount);
            }
            Operation::Transfer { from, to, amount } => {
                let Some(rest) = self.balance(*from).checked_sub(*amount) else {
                    return reverted(receipt, "token: insufficient balance");
                };
                succeeded(receipt, &[]);
                self.credit(*from, rest);
                self.credit(*to, self.balance(*to) + amount);
            }
            Operation::Balance(account) => succeeded(receipt, &self.balance(*account).to_le_bytes()),
            Operation::Supply => succeeded(receipt, &self.supply.to_le_bytes()),
            Operation::Put(key, value) => {
                let previous = self.storage.insert(key.clone(), value.clone());
                succeeded(receipt, &0u64.to_le_bytes());
                let keys = i64::from(previous.is_none());
                let bytes = value.len() as i64 - previous.map_or(0, |value| value.len() as i64);
                assert_eq!(receipt.growth, Growth { keys, bytes, pages: 0 });
            }
            Operation::Get(key) => match self.storage.get(key) {
                Some(value) => {
                    assert_eq!(
                        (number(&receipt.output, 0), &receipt.output[8..]),
                        (value.len() as u64, &value[..])
                    );
                }
                None => assert_eq!(number(&receipt.output, 0), host_call::NONE),
            },
            Operation::Remove(key) => {
                let removed = self.storage.remove(key);
                succeeded(receipt, &u64::from(removed.is_some()).to_le_bytes());
                let bytes = removed.as_ref().map_or(0, |value| -(value.len() as i64));
                assert_eq!(receipt.growth, Growth { keys: -i64::from(removed.is_some()), bytes, pages: 0 });
            }
        }
    }

    /// What the token must hold, by key.
    fn token_storage(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let balances = self.balances.iter();
        let mut storage: BTreeMap<_, _> = balances
            .map(|(number, balance)| (account(*number).0.to_vec(), balance.to_le_bytes().to_vec()))
            .collect();
        storage.insert(b"supply".to_vec(), self.supply.to_le_bytes().to_vec());
        storage.insert(b"owner".to_vec(), account(OWNER).0.to_vec());
        storage.insert(b"\0init".to_vec(), vec![1]);
        storage
    }
}

fn succeeded(receipt: &Receipt, output: &[u8]) {
    assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, output));
}

fn reverted(receipt: &Receipt, message: &str) {
    assert_eq!(receipt.status, Status::Reverted);
    assert!(String::from_utf8_lossy(&receipt.output).contains(message), "{receipt:?}");
    assert_eq!((receipt.logs.len(), receipt.growth), (0, Growth::default()));
}

impl Operation {
    fn event(&self) -> Event {
        let token_call = |origin: u8, endpoint, args| {
            let (target, origin, gas_limit) = (token(), account(origin), 1_000_000);
            Event { target, endpoint, args, gas_limit, origin, ..Event::default() }
        };
        let to = |to: u8, amount: u128| [&account(to).0[..], &amount.to_le_bytes()].concat();
        match self {
            Self::Mint { by, to: account, amount } => token_call(*by, MINT, to(*account, *amount)),
            Self::Transfer { from, to: account, amount } => {
                token_call(*from, TRANSFER, to(*account, *amount))
            }
            Self::Balance(number) => token_call(1, BALANCE_OF, account(*number).0.to_vec()),
            Self::Supply => token_call(1, TOTAL_SUPPLY, vec![]),
            Self::Put(key, value) => event(chain::probe::STORAGE_PUT, put_args(key, value)),
            Self::Get(key) => event(chain::probe::STORAGE_GET, key.clone()),
            Self::Remove(key) => event(chain::probe::STORAGE_REMOVE, key.clone()),
        }
    }
}

fn operations() -> impl Strategy<Value = Operation> {
    let account = || 0u8..6;
    let amount = || prop_oneof![6 => 0u128..1_000, 2 => 0..SUPPLY, 1 => any::<u128>()];
    let key = || prop::collection::vec(prop_oneof![4 => 0u8..3, 1 => any::<u8>()], 2..6);
    let value = prop_oneof![3 => prop::collection::vec(any::<u8>(), 0..60), 1 => Just(vec![7; 400])];
    prop_oneof![
        2 => (prop_oneof![4 => Just(OWNER), 1 => account()], account(), amount())
            .prop_map(|(by, to, amount)| Operation::Mint { by, to, amount }),
        8 => (account(), account(), amount())
            .prop_map(|(from, to, amount)| Operation::Transfer { from, to, amount }),
        1 => account().prop_map(Operation::Balance),
        1 => Just(Operation::Supply),
        8 => (key(), value).prop_map(|(key, value)| Operation::Put(key, value)),
        3 => key().prop_map(Operation::Get),
        5 => key().prop_map(Operation::Remove),
    ]
}

type Step = (Vec<Operation>, After);

fn steps(blocks: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let after = prop_oneof![
        5 => Just(After::Nothing),
        3 => Just(After::Commit),
        2 => Just(After::Rollback),
        1 => Just(After::Restart),
    ];
    prop::collection::vec((prop::collection::vec(operations(), 0..12), after), blocks)
}

/// A chain over a store, its committed model, and the model of the root it goes on from.
struct Checked {
    chain: TestChain,
    blobs: SharedBlobs,
    cache_bytes: u64,
    committed: Model,
    model: Model,
}

impl Checked {
    /// With a token deployed and committed.
    fn start(cache_bytes: u64) -> Self {
        let blobs = SharedBlobs::in_memory();
        let mut nub = build(&blobs, cache_bytes);
        let root = nub.genesis(&chain::genesis(Params::default())).unwrap();
        let mut chain = TestChain { nub, genesis_root: root, root, height: 0 };
        let image = chain::TOKEN_IMAGE;
        let mut args = (image.len() as u32).to_le_bytes().to_vec();
        args.extend(image);
        args.extend([1, 0, 0]);
        args.extend(SUPPLY.to_le_bytes());
        let (target, origin) = (deployer(), account(OWNER));
        let receipt =
            chain.run(Event { target, endpoint: 0, args, gas_limit: chain::GAS, origin, ..Event::default() });
        assert_eq!((receipt.status, &receipt.output[..]), (Status::Success, &token().0[..]));
        let mut checked = Self { chain, blobs, cache_bytes, committed: Model::new(), model: Model::new() };
        checked.commit();
        checked
    }

    fn step(&mut self, (operations, after): &Step) {
        let summary = self.chain.apply(operations.iter().map(Operation::event).collect());
        for (operation, receipt) in operations.iter().zip(&summary.receipts) {
            self.model.run(operation, receipt);
        }
        match after {
            After::Nothing => {}
            After::Commit => self.commit(),
            After::Rollback => self.return_to_committed(),
            After::Restart => {
                self.commit();
                self.chain.nub = build(&self.blobs, self.cache_bytes);
                self.return_to_committed();
            }
        }
    }

    /// Commits, and compares the whole of what is stored.
    fn commit(&mut self) {
        self.chain.nub.commit(self.chain.root).unwrap();
        self.committed = self.model.clone();
        let (root, mut stored) = (self.chain.root, Stored(self.blobs.clone()));
        assert_eq!(stored.storage(&root, &token()), self.model.token_storage());
        assert_eq!(stored.storage(&root, &probe()), self.model.storage);
        assert_eq!(self.model.balances.values().sum::<u128>(), self.model.supply);
    }

    fn return_to_committed(&mut self) {
        self.chain.nub.rollback().unwrap();
        self.chain.root = self.chain.nub.state_root().unwrap().unwrap();
        self.chain.height = self.chain.nub.health_check().unwrap().height;
        self.model = self.committed.clone();
    }
}

fn build(blobs: &SharedBlobs, cache_bytes: u64) -> Nub {
    let builder = Nub::builder().backend(BackendKind::Local).seed([9; 32]).blobs(blobs.clone());
    builder.cache_bytes(cache_bytes).candidates_max(1_000).build().unwrap()
}

#[test]
fn the_kernel_does_what_plain_maps_do() {
    let cases = std::env::var("NUB_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let caches = prop_oneof![Just(0u64), Just(20_000), Just(64 << 20)];
    let property = |(cache_bytes, steps): (u64, Vec<Step>)| {
        let mut checked = Checked::start(cache_bytes);
        steps.iter().for_each(|step| checked.step(step));
        checked.commit();
        Ok(())
    };
    TestRunner::new(config).run(&(caches, steps(1..40)), property).unwrap();
}
