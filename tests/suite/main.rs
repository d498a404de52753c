//! The contracts of `contracts/` together on one chain, from their checked-in Images: tokens that an exchange, a vesting
//! contract and a wallet call through Refs; registries; signatures.

#[path = "../chain/mod.rs"]
mod chain;
mod crypto;
mod exchange;
mod faults;
mod init;
mod kvstore;
mod multisig;
mod names;
mod token;
mod vesting;

use chain::{GENESIS_TIME, SharedCells, TestChain, instance};
use nub::{
    BackendKind, Badge, Event, Genesis, GenesisInstance, GenesisRef, InstanceId, Params, Receipt, Status,
};
use parity_scale_codec::{Decode, DecodeAll, Encode};
use std::sync::MutexGuard;

const ALICE: Badge = Badge([1; 32]);
const BOB: Badge = Badge([2; 32]);
const CAROL: Badge = Badge([3; 32]);
/// The accounts of contracts at the tokens: the badges of their Refs.
const EXCHANGE_ACCOUNT: Badge = Badge([0xe1; 32]);
const VESTING_ACCOUNT: Badge = Badge([0xe2; 32]);
const WALLET_ACCOUNT: Badge = Badge([0xe3; 32]);
/// What Alice has of either token.
const SUPPLY: u128 = 1_000_000;

fn token_a() -> InstanceId {
    instance(0)
}

fn token_b() -> InstanceId {
    instance(1)
}

fn exchange() -> InstanceId {
    instance(2)
}

fn vesting() -> InstanceId {
    instance(3)
}

fn wallet() -> InstanceId {
    instance(4)
}

fn names() -> InstanceId {
    instance(5)
}

fn kvstore() -> InstanceId {
    instance(6)
}

fn crypto() -> InstanceId {
    instance(7)
}

/// Panics that are told, with messages of all kinds, and not at all.
fn faults(mode: u64) -> InstanceId {
    instance(8 + mode)
}

fn orphan() -> InstanceId {
    instance(11)
}

fn deployer() -> InstanceId {
    instance(12)
}

fn relay() -> InstanceId {
    instance(13)
}

/// Endpoints of the token.
mod token_endpoint {
    pub const INIT: u16 = 0;
    pub const TRANSFER: u16 = 2;
    pub const BALANCE_OF: u16 = 3;
    pub const TOTAL_SUPPLY: u16 = 4;
    pub const APPROVE: u16 = 5;
    pub const TRANSFER_FROM: u16 = 6;
    pub const ALLOWANCE: u16 = 7;
}

fn suite(kind: BackendKind) -> Option<MutexGuard<'static, TestChain>> {
    static CELLS: SharedCells = SharedCells::new();
    chain::shared_in(&CELLS, kind, genesis)
}

fn genesis() -> Genesis {
    let make =
        |image: &[u8], storage, refs| GenesisInstance { image: image.to_vec(), public: true, storage, refs };
    // Who may initialise those that are to be.
    let alices = || vec![(b"\0init".to_vec(), ALICE.0.to_vec())];
    let call = |slot, instance, badge| GenesisRef { slot, instance, rights: 1, badge };
    Genesis {
        chain_id: chain::CHAIN_ID,
        timestamp: GENESIS_TIME,
        params: Params::default(),
        instances: vec![
            make(chain::TOKEN_IMAGE, alices(), vec![]),
            make(chain::TOKEN_IMAGE, alices(), vec![]),
            make(
                include_bytes!("../../contracts/exchange/exchange.image"),
                alices(),
                vec![call(1, 0, EXCHANGE_ACCOUNT), call(2, 1, EXCHANGE_ACCOUNT)],
            ),
            make(
                include_bytes!("../../contracts/vesting/vesting.image"),
                alices(),
                vec![call(1, 0, VESTING_ACCOUNT)],
            ),
            make(
                include_bytes!("../../contracts/multisig/multisig.image"),
                alices(),
                vec![call(1, 0, WALLET_ACCOUNT)],
            ),
            make(include_bytes!("../../contracts/names/names.image"), vec![], vec![]),
            make(include_bytes!("../../contracts/kvstore/kvstore.image"), vec![], vec![]),
            make(include_bytes!("../../contracts/crypto/crypto.image"), vec![], vec![]),
            make(include_bytes!("../../contracts/faults/faults.image"), vec![], vec![]),
            make(include_bytes!("../../contracts/faults-format/faults-format.image"), vec![], vec![]),
            make(include_bytes!("../../contracts/faults-trap/faults-trap.image"), vec![], vec![]),
            // Nobody may initialise this one, and the deployer is for those that come later.
            make(chain::TOKEN_IMAGE, vec![], vec![]),
            make(include_bytes!("../../contracts/deployer/deployer.image"), vec![], vec![]),
            // Calls whatever is passed to it.
            make(chain::PROBE_IMAGE, vec![], vec![]),
        ],
    }
}

/// An event with enough gas for two signatures.
fn event(from: Badge, target: InstanceId, endpoint: u16, args: impl Encode) -> Event {
    Event { target, endpoint, args: args.encode(), gas_limit: 50_000_000, origin: from, ..Event::default() }
}

/// The same in a block of its own, which must succeed; gives its output.
fn ok<T: Decode>(
    chain: &mut TestChain,
    from: Badge,
    target: InstanceId,
    endpoint: u16,
    args: impl Encode,
) -> T {
    let receipt = chain.run(event(from, target, endpoint, args));
    output(&receipt)
}

/// The output of a receipt, which must be a success.
fn output<T: Decode>(receipt: &Receipt) -> T {
    assert_eq!(receipt.status, Status::Success, "{}", String::from_utf8_lossy(&receipt.output));
    T::decode_all(&mut &receipt.output[..]).unwrap()
}

/// The same, which must revert with a message that contains this.
fn refused(chain: &mut TestChain, event: Event, message: &str) {
    let receipt = chain.run(event);
    let said = String::from_utf8_lossy(&receipt.output);
    assert_eq!(receipt.status, Status::Reverted, "{said}");
    assert!(said.contains(message), "{said}");
}

/// Runs an event in a block of this timestamp.
fn at(chain: &mut TestChain, timestamp: u64, event: Event) -> Receipt {
    let mut block = chain.block(vec![event]);
    block.timestamp = timestamp;
    let (root, mut summary) = chain.nub.apply_block(chain.root, &block.to_bytes()).unwrap();
    chain.root = root;
    chain.height += 1;
    summary.receipts.remove(0)
}

/// Both tokens are Alice's.
fn start_tokens(chain: &mut TestChain) {
    for token in [token_a(), token_b()] {
        ok::<()>(chain, ALICE, token, token_endpoint::INIT, (ALICE.0, SUPPLY));
    }
}

fn balance(chain: &mut TestChain, token: InstanceId, account: Badge) -> u128 {
    ok(chain, account, token, token_endpoint::BALANCE_OF, account.0)
}

fn pay(chain: &mut TestChain, token: InstanceId, from: Badge, to: Badge, amount: u128) {
    ok::<()>(chain, from, token, token_endpoint::TRANSFER, (to.0, amount));
}

fn approve(chain: &mut TestChain, token: InstanceId, owner: Badge, spender: Badge, amount: u128) {
    ok::<()>(chain, owner, token, token_endpoint::APPROVE, (spender.0, amount));
}

/// What a test of every contract does, on every backend: the same roots.
#[test]
fn every_backend_comes_to_the_same_roots() {
    let mut roots = Vec::new();
    for kind in chain::backends() {
        let Some(mut chain) = suite(kind) else { continue };
        start_tokens(&mut chain);
        exchange::open(&mut chain);
        let vests = vesting::granted(&mut chain);
        let signed = multisig::paid(&mut chain);
        let kept = kvstore::filled(&mut chain);
        let hashed = crypto::verified(&mut chain);
        roots.push((chain.root, vests, signed, kept, hashed));
    }
    assert!(roots.iter().all(|root| *root == roots[0]));
}
