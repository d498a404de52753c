//! The kernel's handle: one state, its candidates, and the operations on them.

use crate::arch::{Arch, Blobs};
use crate::block::{check_event, limit, params_at};
use crate::calls::{Calls, OutputLimit, RootCall};
use crate::candidates::Candidates;
use crate::event::admit_and_run;
use crate::frame::Origin;
use crate::genesis::check_params;
use crate::import::StateImport;
use crate::runtime::Runtime;
use crate::world::World;
use alloc::string::ToString;
use alloc::vec::Vec;
use nub_abi::error::{Abort, ApplyError, CommitError, LimitedField, OpenError, QueryError};
use nub_abi::host_call::BlockContext;
use nub_abi::rpc::{BootConfig, Health, InvokeOutcome, Query, StoreConfig};
use nub_abi::{Event, Hash, PROTOCOL_VERSION, Receipt};
use nub_state::System;
use nub_state::export::Export;

/// Requests that memory is always kept for.
const SHORT_REQUEST_BYTES: usize = 4096;
/// Bytes of memory that a request takes for each of its encoding, about: it is decoded twice.
const DECODED_REQUEST_FACTOR: u64 = 4;

/// An execution kernel over a platform. Holds at most one chain's state.
pub struct Kernel<A: Arch> {
    pub(crate) runtime: Runtime<A>,
    pub(crate) committed: Option<Committed>,
    pub(crate) candidates: Candidates,
    pub(crate) candidates_max: u32,
    pub(crate) candidate_bytes_max: u64,
    pub(crate) export: Option<Export>,
    pub(crate) import: Option<StateImport>,
    /// What is still to give of the last witness, the next last.
    pub(crate) witness: Vec<Hash>,
    /// Objects given for the next execution from a witness.
    pub(crate) given: Vec<Vec<u8>>,
    store_fault_told: Option<Abort>,
}

/// The committed state.
#[derive(Clone, Copy)]
pub(crate) struct Committed {
    pub(crate) root: Hash,
    pub(crate) height: u64,
}

impl<A: Arch> Kernel<A> {
    /// A kernel without a state.
    pub fn new(arch: A, config: &BootConfig) -> Self {
        Self {
            runtime: Runtime::new(arch, config),
            committed: None,
            candidates: Candidates::default(),
            candidates_max: config.candidates_max,
            candidate_bytes_max: config.candidate_bytes,
            export: None,
            import: None,
            witness: Vec::new(),
            given: Vec::new(),
            store_fault_told: None,
        }
    }

    /// Continues from a committed root in the host's blobs; drops candidates. Objects are loaded as needed.
    ///
    /// # Errors
    /// [`OpenError`] if the root is missing, corrupt, or of a protocol this kernel does not run.
    pub fn open(&mut self, root: Hash) -> Result<(), OpenError> {
        let not_a_system = |reason: &str| OpenError::NotASystem { root, reason: reason.to_string() };
        let system =
            self.runtime.stored_system(&root)?.ok_or_else(|| not_a_system("it is another kind of object"))?;
        if system.protocol_version != PROTOCOL_VERSION {
            return Err(not_a_system("its protocol version is not supported; update the node"));
        }
        check_params(&system.params).map_err(|error| not_a_system(&error.to_string()))?;
        self.rollback();
        self.committed = Some(Committed { root, height: system.height });
        Ok(())
    }

    /// Opens the store on the device, a new one if the device is blank, and continues from its committed root.
    ///
    /// # Errors
    /// [`OpenError`] if there is something else on the device, or its committed root cannot be opened.
    pub fn open_store(&mut self, config: &StoreConfig) -> Result<Option<Hash>, OpenError> {
        let root = self.runtime.arch.blobs().open(config)?;
        root.map_or(Ok(()), |root| self.open(root))?;
        Ok(root)
    }

    /// Makes a candidate the committed root, durable as the host's blobs promise; drops the candidates
    /// that do not descend from it. Committing the committed root again changes nothing.
    ///
    /// # Errors
    /// [`CommitError`]; the committed root and the candidates are as before.
    pub fn commit(&mut self, root: Hash) -> Result<(), CommitError> {
        if self.committed.is_some_and(|committed| committed.root == root) {
            return Ok(());
        }
        let path = self.candidates.path_to(&root).ok_or(CommitError::UnknownRoot(root))?;
        let mut objects = Vec::new();
        let mut height = 0;
        for candidate in path.iter().filter_map(|at| self.candidates.get(at)) {
            height = candidate.summary.height;
            objects.extend(candidate.objects.iter().copied());
        }
        objects.sort_unstable();
        objects.dedup();
        self.runtime.store(root, height, &objects)?;
        self.committed = Some(Committed { root, height });
        self.candidates.keep_descendants(&root, &mut self.runtime.pending);
        self.runtime.free_slice(0);
        Ok(())
    }

    /// Drops all candidates; gives how many there were.
    pub fn rollback(&mut self) -> u32 {
        let count = self.candidates.clear(&mut self.runtime.pending);
        self.runtime.free_slice(0);
        count
    }

    /// The committed root; `None` before a genesis or [`Kernel::open`].
    pub fn state_root(&self) -> Option<Hash> {
        self.committed.map(|committed| committed.root)
    }

    /// Runs an endpoint of any Instance at a root and drops every change. The caller is nobody: no
    /// calling Instance, zero badge.
    ///
    /// # Errors
    /// [`QueryError`] if it cannot be run; a call that fails is a receipt.
    pub fn query(&mut self, query: &Query) -> Result<Receipt, QueryError> {
        let system = self.query_system(&query.root)?;
        let params = params_at(&system, system.height);
        limit(LimitedField::ArgumentBytes, query.args.len() as u64, params.limits.argument_bytes.into())?;
        limit(LimitedField::BlockGas, query.gas_limit, params.block_gas)?;
        let base = self.runtime.cnode(&system.instances)?;
        let mut world = World::new(&mut self.runtime, &params, context_of(&system), base, None);
        if world.instance(&query.instance)?.is_none() {
            return Err(QueryError::UnknownInstance(query.instance));
        }
        let call = RootCall {
            target: query.instance,
            endpoint: query.endpoint,
            args: &query.args,
            gas_limit: query.gas_limit,
            origin: Origin::default(),
            output: OutputLimit::Receipt,
        };
        let receipt = Calls::new(&mut world).run_root(call)?;
        drop(world);
        self.runtime.free_slice(receipt.gas_used);
        Ok(receipt)
    }

    /// Runs one event at a root as a block would, on a throw-away candidate, and reports what it would change.
    ///
    /// # Errors
    /// [`QueryError`] if it cannot be run; an event that fails is a receipt.
    pub fn invoke(&mut self, root: &Hash, event: &Event) -> Result<InvokeOutcome, QueryError> {
        let system = self.query_system(root)?;
        let params = params_at(&system, system.height.saturating_add(1));
        check_event(event, &params)?;
        limit(LimitedField::BlockGas, event.gas_limit, params.block_gas)?;
        let base = self.runtime.cnode(&system.instances)?;
        let mut world = World::new(&mut self.runtime, &params, context_of(&system), base, None);
        let receipt = admit_and_run(&mut world, event)?.map_err(QueryError::ChainAfterFailed)?;
        let changed = world.changed_ids();
        drop(world);
        self.runtime.free_slice(receipt.gas_used.saturating_add(params.after_gas));
        Ok(InvokeOutcome { receipt, changed })
    }

    /// How the kernel is. Figures the platform counts are its own to add.
    pub fn health_check(&mut self) -> Health {
        let (cached_objects, cached_bytes) = self.runtime.cached();
        let store_fault = self.runtime.arch.blobs().fault();
        let mut health = Health {
            state_root: self.state_root(),
            height: self.committed.map_or(0, |committed| committed.height),
            candidates: self.candidates.len() as u32,
            cached_objects,
            cached_bytes,
            pending_objects: self.runtime.pending.len() as u64,
            pending_bytes: self.candidate_bytes(),
            waiting_objects: self.runtime.waiting(),
            store_fault,
            ..Health::default()
        };
        self.runtime.engines.report(&mut health);
        health
    }

    /// What is wrong with the store though it commits, if that was not told before: for the log.
    pub fn new_store_fault(&mut self) -> Option<Abort> {
        let fault = self.runtime.arch.blobs().fault();
        let is_new = fault != self.store_fault_told;
        self.store_fault_told.clone_from(&fault);
        fault.filter(|_| is_new)
    }

    /// About how much memory candidates take: their objects and summaries.
    pub(crate) fn candidate_bytes(&self) -> u64 {
        self.runtime.pending.bytes() + self.candidates.summary_bytes()
    }

    /// A request of so many bytes begins: makes sure that it can be decoded. A short one always can, so that a
    /// kernel whose memory is used up still commits and rolls back.
    ///
    /// # Errors
    /// [`Abort::OutOfMemory`].
    pub fn begin_request(&mut self, request_bytes: usize) -> Result<(), Abort> {
        self.runtime.begin_operation();
        if request_bytes <= SHORT_REQUEST_BYTES {
            return Ok(());
        }
        self.runtime.make_room(DECODED_REQUEST_FACTOR * request_bytes as u64)
    }

    /// The platform below.
    pub fn arch(&self) -> &A {
        &self.runtime.arch
    }

    /// The System of the committed root or a live candidate, for a block.
    pub(crate) fn known_system(&mut self, root: &Hash) -> Result<System, ApplyError> {
        if self.committed.is_none() {
            return Err(ApplyError::Uninitialised);
        }
        match self.system_at(root)? {
            Some(system) => Ok(system),
            None => Err(ApplyError::UnknownPriorRoot(*root)),
        }
    }

    pub(crate) fn query_system(&mut self, root: &Hash) -> Result<System, QueryError> {
        if self.committed.is_none() {
            return Err(QueryError::Uninitialised);
        }
        self.system_at(root)?.ok_or(QueryError::UnknownRoot(*root))
    }

    fn system_at(&mut self, root: &Hash) -> Result<Option<System>, Abort> {
        let is_committed = self.committed.is_some_and(|committed| committed.root == *root);
        if !is_committed && self.candidates.get(root).is_none() {
            return Ok(None);
        }
        let wrong_kind = || Abort::CorruptObject { hash: *root, reason: "it is not a System".to_string() };
        self.runtime.system(root)?.ok_or_else(wrong_kind).map(Some)
    }
}

/// The block context of a read at a state: that state's own, without randomness.
fn context_of(system: &System) -> BlockContext {
    BlockContext {
        chain_id: system.chain_id,
        height: system.height,
        timestamp: system.timestamp,
        randomness: [0; 32],
        last_block: system.last_block.0,
    }
}
