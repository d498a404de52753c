//! A small chain: a deployer in genesis, a token deployed by the first block, transfers after it.

use nub::{
    Badge, Block, Event, Genesis, GenesisInstance, Hash, InstanceId, PROTOCOL_VERSION, Params, blake2b_256,
};

/// The chain's id.
pub const CHAIN_ID: u64 = 7;
/// Milliseconds between blocks.
const BLOCK_TIME_MS: u64 = 6_000;
/// When the chain starts, in milliseconds since the Unix epoch.
const GENESIS_TIME_MS: u64 = 1_700_000_000_000;
/// Gas for one transfer.
const TRANSFER_GAS: u64 = 1_000_000;
/// Gas for one deployment.
const DEPLOY_GAS: u64 = 100_000_000;
/// Accounts that transfers go between.
const ACCOUNTS: u64 = 8;

/// The deployer's Image, as built from `contracts/deployer`.
pub const DEPLOYER_IMAGE: &[u8] = include_bytes!("../../../contracts/deployer/deployer.image");
/// The token's Image, as built from `contracts/token`.
pub const TOKEN_IMAGE: &[u8] = include_bytes!("../../../contracts/token/token.image");

/// The token's endpoints.
pub mod token {
    /// `owner: 32 ‖ supply: u128`
    pub const INIT: u16 = 0;
    /// `to: 32 ‖ amount: u128`
    pub const TRANSFER: u16 = 2;
    /// `account: 32`
    pub const BALANCE_OF: u16 = 3;
}

/// The deployer's one endpoint.
const DEPLOY: u16 = 0;

/// The first state: nothing but a public deployer.
pub fn genesis() -> Genesis {
    let deployer = GenesisInstance {
        image: DEPLOYER_IMAGE.to_vec(),
        public: true,
        storage: Vec::new(),
        refs: Vec::new(),
    };
    Genesis {
        chain_id: CHAIN_ID,
        timestamp: GENESIS_TIME_MS,
        params: Params::default(),
        instances: vec![deployer],
    }
}

/// The deployer of [`genesis`].
pub fn deployer() -> InstanceId {
    InstanceId::derive(CHAIN_ID, InstanceId::ZERO, 0)
}

/// An account: thirty-two octets that the author of a block vouches for.
pub fn account(number: u64) -> Badge {
    let Hash(octets) = blake2b_256(format!("account {number}").as_bytes());
    Badge(octets)
}

/// A block on `prior_root` at `height`.
pub fn block(prior_root: Hash, height: u64, events: Vec<Event>) -> Block {
    Block {
        version: PROTOCOL_VERSION,
        chain_id: CHAIN_ID,
        prior_root,
        height,
        timestamp: GENESIS_TIME_MS + height * BLOCK_TIME_MS,
        randomness: blake2b_256(&height.to_le_bytes()).0,
        events,
    }
}

/// Deploys the token; account 0 owns it and its whole supply.
pub fn deploy_token(supply: u128) -> Event {
    let mut args = (TOKEN_IMAGE.len() as u32).to_le_bytes().to_vec();
    args.extend(TOKEN_IMAGE);
    args.push(1); // public
    args.extend(token::INIT.to_le_bytes());
    args.extend(supply.to_le_bytes());
    Event {
        target: deployer(),
        endpoint: DEPLOY,
        args,
        gas_limit: DEPLOY_GAS,
        origin: account(0),
        ..Event::default()
    }
}

/// Transfer number `number`: account 0 pays the others in turn, more each time.
pub fn transfer(token: InstanceId, number: u64) -> Event {
    let to = account(1 + number % (ACCOUNTS - 1));
    let mut args = to.0.to_vec();
    args.extend(u128::from(number + 1).to_le_bytes());
    Event {
        target: token,
        endpoint: token::TRANSFER,
        args,
        gas_limit: TRANSFER_GAS,
        origin: account(0),
        ..Event::default()
    }
}

/// All accounts that hold tokens.
pub fn accounts() -> impl Iterator<Item = Badge> {
    (0..ACCOUNTS).map(account)
}
