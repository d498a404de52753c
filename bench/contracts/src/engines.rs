//! Nub's backends and engines.

use std::time::Instant;

use nub::hyperlight::{HyperlightError, is_required, unavailable};
use nub::{
    BackendKind, Badge, Block, EnginePolicy, Event, Genesis, GenesisInstance, Hash, InstanceId, Nub,
    PROTOCOL_VERSION, Params, Status,
};
use parity_scale_codec::Encode;

use crate::{Failure, Round, Side};

/// The token as it is checked in.
const TOKEN_IMAGE: &[u8] = include_bytes!("../../../contracts/token/token.image");
const CHAIN_ID: u64 = 1;
const INIT: u16 = 0;
const TRANSFER: u16 = 2;
/// What every account has at first.
const BALANCE: u128 = 1_000_000;
/// The most gas a transfer may use.
const TRANSFER_GAS: u64 = 40_000;

/// A handle with the token's state, and a block of transfers.
struct Engine {
    name: &'static str,
    nub: Nub,
    root: Hash,
    block: Vec<u8>,
    transfers: u32,
    input_bytes: u64,
}

/// Sides, and why others are not there.
type Found = (Vec<Box<dyn Side>>, Option<String>);

/// Those that can run here, and why others cannot.
///
/// # Errors
/// [`Failure`] if one could run and does not.
pub fn all(transfers: u32) -> Result<Found, Failure> {
    if std::env::var_os("NUB_ENGINE").is_some_and(|value| !value.is_empty()) {
        return Err("NUB_ENGINE is set and would decide which engine every micro-VM has, whatever a row says: unset it".into());
    }
    let mut wanted = vec![("Local, interpreter", BackendKind::Local, EnginePolicy::Interpreter)];
    let mut skipped = None;
    match unavailable() {
        Some(missing) if matches!(missing, HyperlightError::NoKvm { .. }) && !is_required(&missing) => {
            skipped = Some(format!("SKIPPED: the micro-VM: {missing}"));
        }
        Some(missing) => return Err(missing.into()),
        None => wanted.extend([
            ("micro-VM, interpreter", BackendKind::Hyperlight, EnginePolicy::Interpreter),
            ("micro-VM, recompiled", BackendKind::Hyperlight, EnginePolicy::Recompiler),
        ]),
    }
    let sides = wanted.into_iter().map(|(name, backend, policy)| {
        let nub = Nub::builder().backend(backend).engine(policy).seed([7; 32]).build()?;
        Ok(Box::new(Engine::new(name, nub, transfers)?) as Box<dyn Side>)
    });
    Ok((sides.collect::<Result<_, Failure>>()?, skipped))
}

impl Engine {
    fn new(name: &'static str, mut nub: Nub, transfers: u32) -> Result<Self, Failure> {
        let rich = Badge([0xff; 32]);
        let storage = vec![(b"\0init".to_vec(), rich.0.to_vec())];
        let token = GenesisInstance { image: TOKEN_IMAGE.to_vec(), public: true, storage, refs: vec![] };
        let genesis =
            Genesis { chain_id: CHAIN_ID, timestamp: 0, params: Params::default(), instances: vec![token] };
        let mut root = nub.genesis(&genesis)?;
        let init = event(rich, INIT, (rich.0, BALANCE * u128::from(transfers)).encode());
        let mut start = vec![init];
        start.extend(
            (0..transfers).map(|number| event(rich, TRANSFER, (account(number).0, BALANCE).encode())),
        );
        for (index, events) in start.chunks(1_000).enumerate() {
            let (candidate, summary) =
                nub.apply_block(root, &block(root, index as u64 + 1, events.to_vec()).to_bytes())?;
            if summary.receipts.iter().any(|receipt| receipt.status != Status::Success) {
                return Err("a balance could not be given".into());
            }
            nub.commit(candidate)?;
            root = candidate;
        }
        let height = start.chunks(1_000).count() as u64 + 1;
        let events: Vec<Event> = (0..transfers)
            .map(|number| {
                let to = account((number + 1) % transfers);
                event(account(number), TRANSFER, (to.0, 1 + u128::from(number % 7)).encode())
            })
            .collect();
        let input_bytes = events[0].encode().len() as u64;
        let block = block(root, height, events).to_bytes();
        Ok(Self { name, nub, root, block, transfers, input_bytes })
    }
}

impl Side for Engine {
    fn name(&self) -> &str {
        self.name
    }

    fn round(&mut self) -> Result<Round, Failure> {
        self.nub.rollback()?;
        let start = Instant::now();
        let (_, summary) = self.nub.apply_block(self.root, &self.block)?;
        let time = start.elapsed();
        let fine = |receipt: &nub::Receipt| receipt.status == Status::Success && receipt.logs.len() == 1;
        if summary.receipts.len() != self.transfers as usize || !summary.receipts.iter().all(fine) {
            return Err("a transfer did not succeed".into());
        }
        let receipt_bytes = summary.receipts.last().map(|receipt| receipt.encode().len() as u64);
        Ok(Round { time, gas: summary.gas_used, input_bytes: self.input_bytes, receipt_bytes })
    }

    fn counters(&mut self) -> Vec<(&'static str, u64)> {
        match self.nub.health_check() {
            Ok(health) => vec![
                ("page faults", health.page_faults),
                ("exits", health.vm_exits),
                ("uses of the gate", health.gate_calls),
            ],
            Err(_) => Vec::new(),
        }
    }
}

fn event(origin: Badge, endpoint: u16, args: Vec<u8>) -> Event {
    let target = InstanceId::derive(CHAIN_ID, InstanceId::ZERO, 0);
    Event { target, endpoint, args, gas_limit: TRANSFER_GAS, origin, ..Event::default() }
}

fn block(prior_root: Hash, height: u64, events: Vec<Event>) -> Block {
    let (version, timestamp, randomness) = (PROTOCOL_VERSION, height, [0; 32]);
    Block { version, chain_id: CHAIN_ID, prior_root, height, timestamp, randomness, events }
}

fn account(number: u32) -> Badge {
    let mut octets = [0xac; 32];
    octets[..4].copy_from_slice(&number.to_be_bytes());
    Badge(octets)
}
