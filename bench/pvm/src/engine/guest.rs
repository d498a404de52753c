//! Our engines where they are at home: in the micro-VM, behind the handle that a validator has.
//!
//! A query crosses into the guest and back, maps pages and hashes nothing. What that takes is the same however long
//! the kernel works, and can be many times what a workload takes; so a long stretch less a short one is taken, and
//! divided. What is subtracted is the *least* that the short one ever took: whatever disturbs counts against us.

use std::time::{Duration, Instant};

use javm_isa::Program;
use javm_recompiler_x86::compile;
use native_harness_for_tests::host_features;
use nub::{
    BackendKind, EnginePolicy, Genesis, GenesisInstance, Hash, InstanceId, Nub, Params, Query, Receipt,
    Status,
};
use nub_state::Image;

use super::{Engine, EngineError, GUEST, GUEST_INTERPRETER, Kind, Turn, number};
use crate::workload::{GAS, TABLE, Workload};

/// Any chain.
const CHAIN_ID: u64 = 1;
/// How much longer than machine code the interpreter takes, about: its stretches are shorter by so much.
const INTERPRETER_SLOWNESS: u32 = 12;
/// Short queries before the first that counts.
const SETTLE_COUNT: u32 = 5;

/// An engine in the guest.
pub struct Guest {
    nub: Nub,
    policy: EnginePolicy,
    root: Hash,
    /// In the order of the genesis, with the least time of a short query so far.
    names: Vec<(&'static str, Duration)>,
    /// Which of the two large programs was compiled last.
    large: u64,
}

impl Guest {
    /// Boots a micro-VM with an Instance of each workload, the large one included.
    ///
    /// # Errors
    /// [`EngineError::Refused`] if it does not boot, or does not take the Images.
    pub fn new(policy: EnginePolicy, eight: &[Workload], large: &Workload) -> Result<Guest, EngineError> {
        let mut nub = Nub::builder()
            .backend(BackendKind::Hyperlight)
            .engine(policy)
            .code_bytes(one_of(large)?)
            .build()
            .map_err(EngineError::refused)?;
        let instance = |image: Image| GenesisInstance {
            image: image.to_bytes(),
            public: true,
            storage: vec![],
            refs: vec![],
        };
        let mut instances: Vec<_> = eight.iter().map(|workload| instance(workload.image.clone())).collect();
        if policy == EnginePolicy::Recompiler {
            // Twice, with another hash: there is room for the code of one.
            instances.extend([4096, 8192].map(|stack_bytes| {
                instance(Image { stack_bytes, endpoints: vec![(0, large.entry)], ..large.image.clone() })
            }));
        }
        let params = Params { block_gas: GAS, ..Params::default() };
        let genesis = Genesis { chain_id: CHAIN_ID, timestamp: 0, params, instances };
        let root = nub.genesis(&genesis).map_err(EngineError::refused)?;
        let names = eight.iter().map(|workload| (workload.name, Duration::MAX)).collect();
        Ok(Guest { nub, policy, root, names, large: 0 })
    }

    /// Calls the Instance for so many rounds: how long it took, from here to here.
    fn query(&mut self, instance: u64, rounds: u32) -> Result<(Duration, Receipt), EngineError> {
        let query = Query {
            root: self.root,
            instance: InstanceId::derive(CHAIN_ID, InstanceId::ZERO, instance),
            endpoint: 0,
            args: rounds.to_le_bytes().to_vec(),
            gas_limit: GAS,
        };
        let start = Instant::now();
        let receipt = self.nub.query(&query).map_err(EngineError::refused)?;
        Ok((start.elapsed(), receipt))
    }

    /// The same, and what the kernel gave.
    fn work(
        &mut self,
        instance: u64,
        rounds: u32,
        want: Option<u64>,
    ) -> Result<(Duration, u64), EngineError> {
        let (time, receipt) = self.query(instance, rounds)?;
        if receipt.status != Status::Success {
            return Err(EngineError::ended(receipt.status));
        }
        let result = number(&receipt.output)?;
        match want {
            Some(want) if want != result => Err(EngineError::Wrong { result, want }),
            _ => Ok((time, receipt.gas_used)),
        }
    }

    fn compilations(&mut self) -> Result<u64, EngineError> {
        Ok(self.nub.health_check().map_err(EngineError::refused)?.compilations)
    }

    /// Compiles the large program within a call that ends at once: such a call less one whose code is kept.
    fn compile_large(&mut self) -> Result<Turn, EngineError> {
        self.large ^= 1;
        let instance = self.names.len() as u64 + self.large;
        let before = self.compilations()?;
        let (cold, _) = self.query(instance, 0)?;
        let compiled = self.compilations()?;
        let mut warm = Duration::MAX;
        for _ in 0..SETTLE_COUNT {
            warm = warm.min(self.query(instance, 0)?.0);
        }
        let code_len_bytes = self.nub.health_check().map_err(EngineError::refused)?.compiled_bytes;
        match (compiled - before, self.compilations()? - compiled) {
            (1, 0) => Ok(Turn {
                ready: Some(cold.saturating_sub(warm)),
                first: warm,
                run: None,
                result: None,
                gas: 0,
                code_len_bytes: usize::try_from(code_len_bytes).ok(),
            }),
            counts => Err(EngineError::refused(format!("it was compiled {counts:?} times, not (1, 0)"))),
        }
    }
}

/// Memory for machine code that holds one large program and not two.
fn one_of(large: &Workload) -> Result<u64, EngineError> {
    let program = Program::parse(&large.image.program).map_err(EngineError::refused)?;
    let compiled = compile(&program, TABLE, host_features()).map_err(EngineError::refused)?;
    Ok(compiled.memory_len_bytes() as u64 * 3 / 2)
}

impl Engine for Guest {
    fn name(&self) -> &'static str {
        if self.policy == EnginePolicy::Recompiler { GUEST } else { GUEST_INTERPRETER }
    }

    fn kind(&self) -> Kind {
        if self.policy == EnginePolicy::Recompiler { Kind::Recompiler } else { Kind::Interpreter }
    }

    fn turn(&mut self, workload: &Workload) -> Result<Turn, EngineError> {
        let Some(stretch) = &workload.stretch else {
            return match self.policy {
                EnginePolicy::Recompiler => self.compile_large(),
                _ => Err(EngineError::Uncompiled),
            };
        };
        let index = self.names.iter().position(|(name, _)| *name == workload.name);
        let index = index.ok_or_else(|| EngineError::refused("there is no Instance of it"))?;
        let is_recompiler = self.policy == EnginePolicy::Recompiler;
        let (repeats, want) = match is_recompiler {
            true => (stretch.repeats, Some(stretch.want)),
            false => ((stretch.repeats / INTERPRETER_SLOWNESS).max(2), None),
        };
        let before = self.compilations()?;
        let first = self.work(index as u64, workload.rounds, workload.want)?.0;
        if is_recompiler && self.names[index].1 == Duration::MAX && self.compilations()? == before {
            return Err(EngineError::refused("it was not compiled"));
        }
        let mut gas = 0;
        for _ in 0..if self.names[index].1 == Duration::MAX { SETTLE_COUNT } else { 1 } {
            let (time, used) = self.work(index as u64, workload.rounds, workload.want)?;
            self.names[index].1 = self.names[index].1.min(time);
            gas = used;
        }
        let (long, _) = self.work(index as u64, workload.rounds * repeats, want)?;
        Ok(Turn {
            ready: None,
            first,
            run: Some(long.saturating_sub(self.names[index].1) / (repeats - 1)),
            result: workload.want,
            gas,
            code_len_bytes: None,
        })
    }
}
