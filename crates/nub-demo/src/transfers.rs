//! How long blocks of token transfers take on one guest, and a request that does nothing.

use crate::chain;
use crate::exit::CommandError;
use nub::hyperlight::{GuestConfig, Privilege};
use nub::{BackendKind, EnginePolicy, Event, Hash, InstanceId, Nub, Status, Summary};
use std::time::{Duration, Instant};

/// A chain with a token on a guest of its own.
pub struct Transfers {
    nub: Nub,
    root: Hash,
    height: u64,
    token: InstanceId,
    made: u64,
}

/// Enough for all transfers.
const SUPPLY: u128 = 1 << 100;

impl Transfers {
    /// Boots a guest, deploys the token, and makes one transfer, after which the recompiler has compiled it.
    ///
    /// # Errors
    /// [`CommandError`] if there is no guest, or a block fails.
    pub fn start(privilege: Privilege, engine: EnginePolicy) -> Result<Self, CommandError> {
        let config = GuestConfig { privilege, ..GuestConfig::default() };
        let builder = Nub::builder().backend(BackendKind::Hyperlight).guest(config).engine(engine);
        let mut nub = builder.build()?;
        let root = nub.genesis(&chain::genesis())?;
        let mut chain = Self { nub, root, height: 0, token: InstanceId::ZERO, made: 0 };
        let deployed = chain.apply(vec![chain::deploy_token(SUPPLY)])?;
        let output = &deployed.receipts[0].output;
        chain.token = InstanceId(output.as_slice().try_into().map_err(|_| CommandError::Unexpected {
            what: "the deployer's output",
            found: format!("{output:?}"),
        })?);
        chain.block(1)?;
        Ok(chain)
    }

    /// Applies and commits a block of so many transfers; gives how long applying it took.
    ///
    /// # Errors
    /// [`CommandError`] if a transfer fails.
    pub fn block(&mut self, count: u64) -> Result<Duration, CommandError> {
        let events =
            (self.made..self.made + count).map(|number| chain::transfer(self.token, number)).collect();
        self.made += count;
        let start = Instant::now();
        self.apply(events)?;
        let taken = start.elapsed();
        self.nub.commit(self.root)?;
        Ok(taken)
    }

    /// Asks the kernel how it is; gives how long that took.
    ///
    /// # Errors
    /// [`CommandError::Backend`].
    pub fn health_check(&mut self) -> Result<Duration, CommandError> {
        let start = Instant::now();
        self.nub.health_check()?;
        Ok(start.elapsed())
    }

    fn apply(&mut self, events: Vec<Event>) -> Result<Summary, CommandError> {
        let block = chain::block(self.root, self.height + 1, events);
        let (root, summary) = self.nub.apply_block(self.root, &block.to_bytes())?;
        (self.root, self.height) = (root, self.height + 1);
        match summary.receipts.iter().enumerate().find(|(_, receipt)| receipt.status != Status::Success) {
            None => Ok(summary),
            Some((index, receipt)) => Err(CommandError::Event {
                block: self.height,
                index,
                status: receipt.status,
                message: String::from_utf8_lossy(&receipt.output).into_owned(),
            }),
        }
    }
}
