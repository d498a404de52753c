//! A chain that a test makes blocks on.

use std::collections::BTreeMap;
use std::rc::Rc;

use nub::{
    Badge, Block, Event, Genesis, GenesisInstance, Hash, InstanceId, Nub, PROTOCOL_VERSION, Params, Query,
    Receipt,
};
use parity_scale_codec::Encode;

use crate::replay::{Last, Replay};
use crate::{Backend, Contract, Outcome};

/// The chain's id.
const CHAIN_ID: u64 = 7;
/// When it starts, in milliseconds since the Unix epoch.
const START_MS: u64 = 1_700_000_000_000;
/// Milliseconds between blocks.
const BLOCK_MS: u64 = 6_000;
/// Gas of a call of which a test says nothing else.
const GAS: u64 = 50_000_000;
/// The deployer's Image.
const DEPLOYER: &[u8] = include_bytes!("../../../contracts/deployer/deployer.image");
/// What a call's origin is without a word about it.
const NOBODY: Badge = Badge([0xEE; 32]);

/// A state, and the blocks that led to it.
pub struct Chain {
    nub: Nub,
    backend: Backend,
    genesis: Rc<Genesis>,
    contracts: BTreeMap<InstanceId, Rc<Contract>>,
    at: Mark,
}

/// A state that a chain was in.
#[derive(Clone, Debug)]
pub struct Mark {
    root: Hash,
    height: u64,
    timestamp: u64,
    blocks: Vec<Rc<[u8]>>,
}

impl Chain {
    /// A chain with a deployer and nothing else.
    pub fn new(backend: Backend) -> Chain {
        let genesis =
            Genesis { chain_id: CHAIN_ID, timestamp: START_MS, params: Params::default(), instances: vec![] };
        Chain::with_genesis(backend, genesis, &[])
    }

    /// A chain with these Instances, and a deployer after them. `contracts` are those of the Instances, in order, as far
    /// as a test wants to speak to them by name.
    ///
    /// # Panics
    /// If the genesis is refused.
    pub fn with_genesis(backend: Backend, mut genesis: Genesis, contracts: &[Contract]) -> Chain {
        let deployer =
            GenesisInstance { image: DEPLOYER.to_vec(), public: true, storage: vec![], refs: vec![] };
        genesis.instances.push(deployer);
        let mut nub = backend.start();
        let root = nub.genesis(&genesis).unwrap_or_else(|error| panic!("the genesis: {error}"));
        let id = |index: usize| InstanceId::derive(genesis.chain_id, InstanceId::ZERO, index as u64);
        let named = contracts.iter().enumerate().map(|(index, one)| (id(index), Rc::new(one.clone())));
        let contracts = named.chain([(
            id(genesis.instances.len() - 1),
            Rc::new(Contract::new("deployer", DEPLOYER.to_vec(), None)),
        )]);
        let at = Mark { root, height: 0, timestamp: genesis.timestamp, blocks: vec![] };
        Chain { nub, backend, contracts: contracts.collect(), genesis: Rc::new(genesis), at }
    }

    /// Where it runs.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The handle, for what is not here.
    pub fn nub(&mut self) -> &mut Nub {
        &mut self.nub
    }

    /// The state's root.
    pub fn root(&self) -> Hash {
        self.at.root
    }

    /// The state's height.
    pub fn height(&self) -> u64 {
        self.at.height
    }

    /// The state's timestamp, in milliseconds.
    pub fn timestamp(&self) -> u64 {
        self.at.timestamp
    }

    /// The state, to come back to.
    pub fn mark(&self) -> Mark {
        self.at.clone()
    }

    /// Goes to a state that the chain was in; what comes next is a fork.
    pub fn back_to(&mut self, mark: &Mark) {
        self.at = mark.clone();
    }

    /// Lets so many blocks and milliseconds pass.
    ///
    /// # Panics
    /// If a block is refused.
    pub fn advance(&mut self, blocks: u64, milliseconds: u64) {
        for index in 0..blocks {
            let step = milliseconds / blocks + if index == 0 { milliseconds % blocks } else { 0 };
            self.apply(step, vec![]);
        }
    }

    /// Deploys a contract, public, without calling it; gives its id.
    ///
    /// # Panics
    /// If it is not deployed.
    #[track_caller]
    pub fn deploy(&mut self, contract: &Contract) -> InstanceId {
        self.deploy_by(contract, 0xFFFF, NOBODY, &[])
    }

    /// Deploys a contract and calls an endpoint of it in the same event, with the deploying badge before the arguments.
    ///
    /// # Panics
    /// If it is not deployed.
    #[track_caller]
    pub fn deploy_with(
        &mut self,
        contract: &Contract,
        from: Badge,
        init: &str,
        args: impl Encode,
    ) -> InstanceId {
        self.deploy_by(contract, contract.number(init), from, &args.encode())
    }

    #[track_caller]
    fn deploy_by(&mut self, contract: &Contract, init: u16, from: Badge, args: &[u8]) -> InstanceId {
        let deployer = InstanceId::derive(
            self.genesis.chain_id,
            InstanceId::ZERO,
            self.genesis.instances.len() as u64 - 1,
        );
        let length = (contract.image.len() as u32).to_le_bytes();
        let args = [&length[..], &contract.image, &[1], &init.to_le_bytes(), args].concat();
        let event = Event { target: deployer, args, gas_limit: GAS, origin: from, ..Event::default() };
        let outcome = self.run_one(event, "0").succeeds();
        let id = InstanceId(outcome.value());
        self.contracts.insert(id, Rc::new(contract.clone()));
        id
    }

    /// Says what contract an Instance is of that another contract made.
    pub fn know(&mut self, instance: InstanceId, contract: &Contract) {
        self.contracts.insert(instance, Rc::new(contract.clone()));
    }

    /// To speak to an Instance.
    pub fn on(&mut self, instance: InstanceId) -> On<'_> {
        On { chain: self, instance, from: NOBODY, gas: GAS, refs: vec![], authentication: vec![] }
    }

    /// Applies a block of these events.
    ///
    /// # Panics
    /// If the block is refused.
    #[track_caller]
    pub fn block(&mut self, events: Vec<Event>) -> Vec<Outcome> {
        let before = self.at.clone();
        let kinds: Vec<_> = events.iter().map(|event| (event.target, event.endpoint.to_string())).collect();
        let receipts = self.apply(BLOCK_MS, events);
        let block = self.at.blocks.last().cloned();
        let outcomes = receipts.into_iter().zip(kinds).map(|(receipt, (target, name))| {
            let last = block.clone().map(Last::Event);
            self.outcome(receipt, target, &name, &before, last)
        });
        outcomes.collect()
    }

    #[track_caller]
    fn run_one(&mut self, event: Event, endpoint: &str) -> Outcome {
        let (before, target) = (self.at.clone(), event.target);
        let receipt = self.apply(BLOCK_MS, vec![event]).swap_remove(0);
        let last = self.at.blocks.last().cloned().map(Last::Event);
        self.outcome(receipt, target, endpoint, &before, last)
    }

    fn outcome(
        &self,
        receipt: Receipt,
        target: InstanceId,
        endpoint: &str,
        before: &Mark,
        last: Option<Last>,
    ) -> Outcome {
        let endpoint = self.contracts.get(&target).and_then(|contract| contract.endpoint(endpoint)).cloned();
        let mut contracts: Vec<_> = self.contracts.values().cloned().collect();
        contracts.sort_by(|a, b| a.name.cmp(&b.name));
        contracts.dedup_by(|a, b| a.image == b.image);
        let replay = last.map(|last| Replay {
            genesis: self.genesis.clone(),
            blocks: before.blocks.clone(),
            contracts,
            last,
        });
        Outcome::new(receipt, endpoint, replay)
    }

    #[track_caller]
    fn apply(&mut self, step_ms: u64, events: Vec<Event>) -> Vec<Receipt> {
        let block = Block {
            version: PROTOCOL_VERSION,
            chain_id: self.genesis.chain_id,
            prior_root: self.at.root,
            height: self.at.height + 1,
            timestamp: self.at.timestamp + step_ms,
            randomness: nub::blake2b_256(&self.at.root.0).0,
            events,
        };
        let octets = block.to_bytes();
        let applied = self.nub.apply_block(self.at.root, &octets);
        let (root, summary) = applied.unwrap_or_else(|error| panic!("the block is refused: {error}"));
        self.at.root = root;
        self.at.height = block.height;
        self.at.timestamp = block.timestamp;
        self.at.blocks.push(octets.into());
        summary.receipts
    }
}

/// A call in the making.
pub struct On<'c> {
    chain: &'c mut Chain,
    instance: InstanceId,
    from: Badge,
    gas: u64,
    refs: Vec<InstanceId>,
    authentication: Vec<u8>,
}

impl On<'_> {
    /// By whom; the badge that the contract reads.
    #[must_use]
    pub fn from(mut self, badge: Badge) -> Self {
        self.from = badge;
        self
    }

    /// With at most so much gas.
    #[must_use]
    pub fn gas(mut self, limit: u64) -> Self {
        self.gas = limit;
        self
    }

    /// With Refs to these Instances passed.
    #[must_use]
    pub fn passing(mut self, instances: &[InstanceId]) -> Self {
        self.refs = instances.to_vec();
        self
    }

    /// With what a Chain Instance wants to see.
    #[must_use]
    pub fn authenticated(mut self, octets: &[u8]) -> Self {
        self.authentication = octets.to_vec();
        self
    }

    /// Calls an endpoint, by name or number, in a block of its own. Arguments are a value or a tuple of them.
    #[must_use = "say what the test expects: `succeeds()`, `reverts(…)`, `returns(…)`"]
    #[track_caller]
    pub fn call(self, endpoint: &str, args: impl Encode) -> Outcome {
        let chain = self.chain;
        let event = Event {
            target: self.instance,
            endpoint: number(chain, &self.instance, endpoint),
            args: args.encode(),
            gas_limit: self.gas,
            refs: self.refs,
            origin: self.from,
            authentication: self.authentication,
        };
        chain.run_one(event, endpoint)
    }

    /// The event of such a call, for [`Chain::block`].
    #[track_caller]
    pub fn event(self, endpoint: &str, args: impl Encode) -> Event {
        Event {
            target: self.instance,
            endpoint: number(self.chain, &self.instance, endpoint),
            args: args.encode(),
            gas_limit: self.gas,
            refs: self.refs,
            origin: self.from,
            authentication: self.authentication,
        }
    }

    /// Runs an endpoint and drops every change. The caller is nobody.
    #[must_use = "say what the test expects: `succeeds()`, `reverts(…)`, `returns(…)`"]
    #[track_caller]
    pub fn query(self, endpoint: &str, args: impl Encode) -> Outcome {
        let chain = self.chain;
        let query = Query {
            root: chain.at.root,
            instance: self.instance,
            endpoint: number(chain, &self.instance, endpoint),
            args: args.encode(),
            gas_limit: self.gas,
        };
        let receipt = chain.nub.query(&query).unwrap_or_else(|error| panic!("the query is refused: {error}"));
        chain.outcome(receipt, self.instance, endpoint, &chain.at, Some(Last::Query(query)))
    }
}

#[track_caller]
fn number(chain: &Chain, instance: &InstanceId, endpoint: &str) -> u16 {
    match chain.contracts.get(instance) {
        Some(contract) => contract.number(endpoint),
        None => endpoint.parse().unwrap_or_else(|_| {
            panic!("nothing is known of the instance; name the endpoint by number, or `Chain::know` it")
        }),
    }
}
