//! The soak: many blocks on one guest, and whether its memory stays as it was.
//!
//! State keeps its size, so what a guest holds after warm-up it should hold for good. Besides transfers there
//! are forks, rollbacks, failing events, queries, and events that are only tried.

use crate::chain;
use crate::exit::CommandError;
use nub::hyperlight::GuestConfig;
use nub::{BackendKind, Event, Hash, Health, InstanceId, Nub, Query, Status};
use serde::Serialize;

/// What the guest may cache: little, so that warm-up is short and a leak is not taken for a cache.
const CACHE_BYTES: u64 = 256 << 10;
/// Frames of 4 KiB that come and go: what is cached, and as much again.
const SLACK_FRAMES: u64 = 2 * CACHE_BYTES / 4096;
const SUPPLY: u128 = 1 << 60;
const QUERY_GAS: u64 = 1_000_000;
/// So many different amounts are paid.
const AMOUNTS: u64 = 1000;

/// How long to go on.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Blocks to commit.
    pub blocks: u64,
    /// Transfers a block.
    pub transfers: u64,
    /// Blocks between two samples.
    pub sample_every: u64,
    /// How the guest is set up.
    pub guest: GuestConfig,
}

/// How the guest was after so many blocks.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// Blocks committed.
    pub blocks: u64,
    /// Frames free.
    pub frames_free: u64,
    /// Frames in all.
    pub frames_total: u64,
    /// Bytes in use by the guest.
    pub used_bytes: u64,
    /// Bytes of objects cached.
    pub cached_bytes: u64,
    /// Objects of candidates.
    pub pending_objects: u64,
    /// Exits to the host since boot.
    pub vm_exits: u64,
}

impl Sample {
    fn new(blocks: u64, health: &Health) -> Self {
        Self {
            blocks,
            frames_free: health.frames_free,
            frames_total: health.frames_total,
            used_bytes: (health.frames_total - health.frames_free) * 4096,
            cached_bytes: health.cached_bytes,
            pending_objects: health.pending_objects,
            vm_exits: health.vm_exits,
        }
    }
}

/// Whether memory stays: in the last third of the samples never less is free than in the middle third. The
/// first third is warm-up.
pub fn is_flat(samples: &[Sample]) -> bool {
    let third = samples.len() / 3;
    let least = |samples: &[Sample]| samples.iter().map(|sample| sample.frames_free).min();
    let (Some(middle), Some(last)) = (least(&samples[third..2 * third]), least(&samples[2 * third..])) else {
        return false;
    };
    last + SLACK_FRAMES >= middle
}

/// Runs the plan on a micro-VM. Tells `observe` each sample; gives all of them.
///
/// # Errors
/// [`CommandError`] if anything is refused or fails that should not.
pub fn run(plan: &Plan, mut observe: impl FnMut(&Sample)) -> Result<Vec<Sample>, CommandError> {
    let mut soak = Soak::start(plan)?;
    let mut samples = Vec::new();
    for number in 1..=plan.blocks {
        soak.round(number, plan.transfers)?;
        if number % plan.sample_every == 0 || number == plan.blocks {
            let sample = Sample::new(number, &soak.nub.health_check()?);
            observe(&sample);
            samples.push(sample);
        }
    }
    Ok(samples)
}

struct Soak {
    nub: Nub,
    token: InstanceId,
    root: Hash,
    height: u64,
}

impl Soak {
    fn start(plan: &Plan) -> Result<Self, CommandError> {
        let builder = Nub::builder().backend(BackendKind::Hyperlight).guest(plan.guest.clone());
        let mut nub = builder.cache_bytes(CACHE_BYTES).build()?;
        let root = nub.genesis(&chain::genesis())?;
        let token = InstanceId::derive(chain::CHAIN_ID, chain::deployer(), 0);
        let mut soak = Self { nub, token, root, height: 0 };
        let root = soak.apply(soak.root, soak.height, vec![chain::deploy_token(SUPPLY)])?;
        soak.commit(root)?;
        Ok(soak)
    }

    /// One committed block, and now and then what else a node does.
    fn round(&mut self, number: u64, transfers: u64) -> Result<(), CommandError> {
        let first = number * transfers;
        let transfers: Vec<Event> =
            (first..first + transfers).map(|number| chain::transfer(self.token, number % AMOUNTS)).collect();
        if number.is_multiple_of(7) {
            // A fork of two blocks that loses.
            let other = self.apply(self.root, self.height, vec![chain::transfer(self.token, number % 5)])?;
            self.apply(other, self.height + 1, transfers.clone())?;
        }
        if number.is_multiple_of(11) {
            self.apply(self.root, self.height, vec![chain::transfer(self.token, 3)])?;
            self.nub.rollback()?;
        }
        if number.is_multiple_of(13) {
            let too_much = Event { gas_limit: 1000, ..chain::transfer(self.token, 1) };
            self.apply(self.root, self.height, vec![too_much])?;
            self.nub.invoke(self.root, &chain::transfer(self.token, number % 9))?;
        }
        let root = self.apply(self.root, self.height, transfers)?;
        self.commit(root)?;
        if number.is_multiple_of(17) {
            self.check_balance(number)?;
        }
        Ok(())
    }

    fn apply(&mut self, root: Hash, height: u64, events: Vec<Event>) -> Result<Hash, CommandError> {
        let block = chain::block(root, height + 1, events);
        let (root, summary) = self.nub.apply_block(root, &block.to_bytes())?;
        let starved = |gas_limit: u64| gas_limit < QUERY_GAS;
        for (index, (receipt, event)) in summary.receipts.iter().zip(&block.events).enumerate() {
            let expected = if starved(event.gas_limit) { Status::OutOfGas } else { Status::Success };
            if receipt.status != expected {
                let message = String::from_utf8_lossy(&receipt.output).into_owned();
                return Err(CommandError::Event {
                    block: height + 1,
                    index,
                    status: receipt.status,
                    message,
                });
            }
        }
        Ok(root)
    }

    fn commit(&mut self, root: Hash) -> Result<(), CommandError> {
        self.nub.commit(root)?;
        (self.root, self.height) = (root, self.height + 1);
        Ok(())
    }

    fn check_balance(&mut self, number: u64) -> Result<(), CommandError> {
        let account = chain::accounts().nth(number as usize % chain::accounts().count()).unwrap_or_default();
        let query = Query {
            root: self.root,
            instance: self.token,
            endpoint: chain::token::BALANCE_OF,
            args: account.0.to_vec(),
            gas_limit: QUERY_GAS,
        };
        let receipt = self.nub.query(&query)?;
        match receipt.status {
            Status::Success => Ok(()),
            _ => Err(CommandError::Unexpected { what: "a balance", found: format!("{receipt:?}") }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(frames_free: &[u64]) -> Vec<Sample> {
        let health = |&frames_free: &u64| Health { frames_free, frames_total: 100_000, ..Health::default() };
        frames_free.iter().map(|free| Sample::new(1, &health(free))).collect()
    }

    #[test]
    fn warm_up_and_slack_are_flat_and_a_leak_is_not() {
        assert!(is_flat(&samples(&[9000, 8000, 7000, 7000, 6990, 7001])));
        assert!(!is_flat(&samples(&[9000, 8000, 7000, 6900, 6800, 6600])));
        assert!(!is_flat(&samples(&[9000])));
    }
}
