//! Our recompiler where it is at home: the micro-VM, behind the handle that a validator has.
//!
//! A query crosses into the guest and back, and its pages fault in. Both are the same whatever the kernel's work
//! is, so a long run less a short one leaves the work.

use std::time::{Duration, Instant};

use nub::{
    BackendKind, EnginePolicy, Genesis, GenesisInstance, Hash, InstanceId, Nub, Params, Query, Receipt, Status,
};

use super::{Engine, EngineError, GUEST, Kind, Turn, number};
use crate::workload::{GAS, Workload};

/// How many times the work of a short run a long one does in addition.
const MORE: u32 = 8;
/// Any chain.
const CHAIN_ID: u64 = 1;

/// Our recompiler in the guest.
pub struct Guest {
    nub: Nub,
    root: Hash,
    /// In the order of the genesis.
    names: Vec<&'static str>,
}

impl Guest {
    /// Boots a micro-VM with an Instance of each workload.
    ///
    /// # Errors
    /// [`EngineError::Refused`] if there is none, or it does not take the Images.
    pub fn new(workloads: &[Workload]) -> Result<Guest, EngineError> {
        let mut nub = Nub::builder()
            .backend(BackendKind::Hyperlight)
            .engine(EnginePolicy::Recompiler)
            .build()
            .map_err(EngineError::refused)?;
        let instance = |workload: &Workload| GenesisInstance {
            image: workload.image.to_bytes(),
            public: true,
            storage: vec![],
            refs: vec![],
        };
        let instances = workloads.iter().map(instance).collect();
        let genesis = Genesis { chain_id: CHAIN_ID, timestamp: 0, params: Params::default(), instances };
        let root = nub.genesis(&genesis).map_err(EngineError::refused)?;
        Ok(Guest { nub, root, names: workloads.iter().map(|workload| workload.name).collect() })
    }

    /// Runs so many rounds: how long it took, from here to here.
    fn query(&mut self, workload: &Workload, rounds: u32) -> Result<(Duration, Receipt), EngineError> {
        let index = self.names.iter().position(|name| *name == workload.name);
        let index = index.ok_or_else(|| EngineError::refused("there is no Instance of it"))?;
        let query = Query {
            root: self.root,
            instance: InstanceId::derive(CHAIN_ID, InstanceId::ZERO, index as u64),
            endpoint: 0,
            args: rounds.to_le_bytes().to_vec(),
            gas_limit: GAS,
        };
        let start = Instant::now();
        let receipt = self.nub.query(&query).map_err(EngineError::refused)?;
        let time = start.elapsed();
        match receipt.status {
            Status::Success => Ok((time, receipt)),
            other => Err(EngineError::ended(other)),
        }
    }
}

impl Engine for Guest {
    fn name(&self) -> &'static str {
        GUEST
    }

    fn kind(&self) -> Kind {
        Kind::Recompiler
    }

    fn turn(&mut self, workload: &Workload) -> Result<Turn, EngineError> {
        let (short, receipt) = self.query(workload, workload.rounds)?;
        let (long, _) = self.query(workload, workload.rounds * (1 + MORE))?;
        Ok(Turn {
            ready: None,
            first: short,
            run: Some(long.saturating_sub(short) / MORE),
            result: Some(number(&receipt.output)?),
            gas: receipt.gas_used,
            code_len_bytes: None,
        })
    }
}
