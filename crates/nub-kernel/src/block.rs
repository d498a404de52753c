//! Applying a block: header, events in order, one re-root at the end.

use crate::arch::Arch;
use crate::candidates::Candidate;
use crate::event::admit_and_run;
use crate::kernel::Kernel;
use crate::runtime::{Rooted, Runtime};
use crate::world::World;
use alloc::vec::Vec;
use nub_abi::error::{ApplyError, LimitedField, QueryError};
use nub_abi::host_call::BlockContext;
use nub_abi::{Block, Event, Hash, PROTOCOL_VERSION, Params, Receipt, Summary, blake2b_256};
use nub_state::{Link, System, receipts_root};
use parity_scale_codec::Encode;

impl<A: Arch> Kernel<A> {
    /// Applies an encoded block to the committed root or a live candidate, and keeps the result as a
    /// candidate. Applying a block again gives the same candidate.
    ///
    /// # Errors
    /// [`ApplyError`]; nothing has changed then. A fault in one well-formed event is not an error but a
    /// failed receipt.
    pub fn apply_block(&mut self, prior_root: Hash, block: &[u8]) -> Result<(Hash, Summary), ApplyError> {
        let prior = self.known_system(&prior_root)?;
        let checked = CheckedBlock::new(block, &prior, &prior_root)?;
        if let Some((root, candidate)) = self.candidates.child_of(&prior_root, &checked.hash) {
            return Ok((root, candidate.summary.clone()));
        }
        if self.candidates.len() >= self.candidates_max as usize {
            return Err(ApplyError::TooManyCandidates(self.candidates_max));
        }
        self.check_candidate_bytes(0)?;
        let executed = execute(&mut self.runtime, &prior, &checked);
        // What a block that came to nothing has made waits to be freed.
        self.runtime.free_slice(if executed.is_ok() { 0 } else { u64::MAX });
        let Executed { rooted, summary } = executed?;
        let summary_bytes = summary.encoded_size() as u64;
        if let Err(error) = self.check_candidate_bytes(summary_bytes) {
            self.runtime.pending.release(rooted.objects);
            self.runtime.free_slice(u64::MAX);
            return Err(error);
        }
        let candidate = Candidate {
            parent: prior_root,
            summary: summary.clone(),
            summary_bytes,
            objects: rooted.objects,
        };
        self.candidates.insert(rooted.root, candidate);
        Ok((rooted.root, summary))
    }
}

impl<A: Arch> Kernel<A> {
    /// Whether candidates, and so many bytes more, are within their budget.
    fn check_candidate_bytes(&mut self, more: u64) -> Result<(), ApplyError> {
        if self.candidate_bytes() + more > self.candidate_bytes_max {
            // What candidates that are gone have left does not count.
            self.runtime.pending.free(usize::MAX);
        }
        let (bytes, limit) = (self.candidate_bytes() + more, self.candidate_bytes_max);
        if bytes > limit { Err(ApplyError::CandidateBytes { bytes, limit }) } else { Ok(()) }
    }
}

/// A block that fits the state it is applied to.
pub(crate) struct CheckedBlock {
    block: Block,
    hash: Hash,
    /// The parameters it runs under.
    params: Params,
}

impl CheckedBlock {
    /// Decodes a block and checks its header and limits.
    pub(crate) fn new(block: &[u8], prior: &System, prior_root: &Hash) -> Result<Self, ApplyError> {
        let params = params_at(prior, prior.height.saturating_add(1));
        limit(LimitedField::BlockBytes, block.len() as u64, params.limits.block_bytes.into())?;
        let hash = blake2b_256(block);
        let block = Block::from_bytes(block)?;
        check_header(&block, prior, prior_root)?;
        check_limits(&block, &params)?;
        Ok(Self { block, hash, params })
    }
}

/// What executing a block came to. Its new objects are pending.
pub(crate) struct Executed {
    pub(crate) rooted: Rooted,
    pub(crate) summary: Summary,
}

/// Runs a block's events and hashes what they changed.
pub(crate) fn execute<A: Arch>(
    runtime: &mut Runtime<A>,
    prior: &System,
    checked: &CheckedBlock,
) -> Result<Executed, ApplyError> {
    let CheckedBlock { block, hash: block_hash, params } = checked;
    let outcome = run_block(runtime, prior, params, block)?;
    let receipts_root = receipts_root(&outcome.receipts);
    if let Err(abort) = runtime.make_room(0) {
        runtime.drops.push(outcome.instances);
        return Err(abort.into());
    }
    let rooted = runtime.reroot(System {
        protocol_version: prior.protocol_version,
        chain_id: prior.chain_id,
        height: block.height,
        timestamp: block.timestamp,
        last_block: *block_hash,
        last_receipts_root: receipts_root,
        params: params.clone(),
        next_params: outcome.next_params,
        instances: outcome.instances,
    });
    let summary = Summary {
        height: block.height,
        block_hash: *block_hash,
        receipts_root,
        gas_used: outcome.receipts.iter().map(|receipt| receipt.gas_used).sum(),
        receipts: outcome.receipts,
        objects_hashed: rooted.objects_hashed,
    };
    Ok(Executed { rooted, summary })
}

/// What running a block's events came to.
struct Outcome {
    receipts: Vec<Receipt>,
    instances: Link,
    next_params: Option<(u64, Params)>,
}

/// Runs the events in order.
fn run_block<A: Arch>(
    runtime: &mut Runtime<A>,
    prior: &System,
    params: &Params,
    block: &Block,
) -> Result<Outcome, ApplyError> {
    runtime.prefetch(&prior.instances, params, block);
    let base = runtime.cnode(&prior.instances)?;
    let context = BlockContext {
        chain_id: block.chain_id,
        height: block.height,
        timestamp: block.timestamp,
        randomness: block.randomness,
        last_block: prior.last_block.0,
    };
    let next_params = prior.next_params.clone().filter(|(height, _)| *height > block.height);
    let mut world = World::new(runtime, params, context, base, next_params);
    let mut receipts = Vec::with_capacity(block.events.len());
    for (index, event) in (0..).zip(&block.events) {
        world.runtime.make_room(2 * event.encoded_size() as u64)?;
        let ran = admit_and_run(&mut world, event)?;
        receipts.push(ran.map_err(|status| ApplyError::ChainAfterFailed { index, status })?);
    }
    let next_params = world.next_params();
    let instances = Link::new(world.into_instances()?);
    Ok(Outcome { receipts, instances, next_params })
}

/// The parameters in force at `height`.
pub(crate) fn params_at(system: &System, height: u64) -> Params {
    match &system.next_params {
        Some((from, params)) if *from <= height => params.clone(),
        _ => system.params.clone(),
    }
}

fn check_header(block: &Block, prior: &System, prior_root: &Hash) -> Result<(), ApplyError> {
    if block.version != PROTOCOL_VERSION {
        return Err(ApplyError::UnsupportedVersion { got: block.version, supported: PROTOCOL_VERSION });
    }
    if block.chain_id != prior.chain_id {
        return Err(ApplyError::WrongChain { expected: prior.chain_id, got: block.chain_id });
    }
    if block.prior_root != *prior_root {
        return Err(ApplyError::PriorRootMismatch { block: block.prior_root, given: *prior_root });
    }
    let expected = prior.height.saturating_add(1);
    if block.height != expected {
        return Err(ApplyError::WrongHeight { expected, got: block.height });
    }
    if block.timestamp < prior.timestamp {
        return Err(ApplyError::TimestampDecreases { prior: prior.timestamp, got: block.timestamp });
    }
    Ok(())
}

fn check_limits(block: &Block, params: &Params) -> Result<(), ApplyError> {
    let limits = &params.limits;
    limit(LimitedField::BlockEvents, block.events.len() as u64, limits.block_events.into())?;
    let gas = block.events.iter().fold(0u64, |sum, event| sum.saturating_add(event.gas_limit));
    limit(LimitedField::BlockGas, gas, params.block_gas)?;
    block.events.iter().try_for_each(|event| check_event(event, params).map_err(Into::into))
}

/// Why an event's fields are refused: which, its size, its limit.
pub(crate) struct Oversized {
    pub(crate) field: LimitedField,
    pub(crate) got: u64,
    pub(crate) limit: u64,
}

impl From<Oversized> for ApplyError {
    fn from(Oversized { field, got, limit }: Oversized) -> Self {
        Self::TooLarge { field, got, limit }
    }
}

impl From<Oversized> for QueryError {
    fn from(Oversized { field, got, limit }: Oversized) -> Self {
        Self::TooLarge { field, got, limit }
    }
}

/// Checks the sizes of an event's fields.
pub(crate) fn check_event(event: &Event, params: &Params) -> Result<(), Oversized> {
    let limits = &params.limits;
    limit(LimitedField::ArgumentBytes, event.args.len() as u64, limits.argument_bytes.into())?;
    limit(LimitedField::Refs, event.refs.len() as u64, limits.passed_capabilities.into())?;
    let authentication = event.authentication.len() as u64;
    limit(LimitedField::AuthenticationBytes, authentication, limits.authentication_bytes.into())
}

/// `got` must not exceed `limit`.
pub(crate) fn limit(field: LimitedField, got: u64, limit: u64) -> Result<(), Oversized> {
    if got > limit { Err(Oversized { field, got, limit }) } else { Ok(()) }
}
