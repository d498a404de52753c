//! The handle.

use crate::NubBuilder;
use crate::backend::Backend;
use crate::failure::{BackendError, ExportError, Failure, ImportError};
use crate::hyperlight::{Guest, KillSwitch};
use nub_abi::codec::decode_exact;
use nub_abi::error::{ApplyError, CommitError, GenesisError, ProveError, QueryError, WitnessError};
use nub_abi::rpc::{Health, InvokeOutcome, Query, Reply, Request};
use nub_abi::{Event, Genesis, Hash, Receipt, Summary};
use nub_state::proof::{Claim, Proof};
use parity_scale_codec::Encode;
use std::io::{Read, Write};

/// Where a kernel runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackendKind {
    /// In a micro-VM where there is KVM and a guest image was built, else in this process.
    #[default]
    Auto,
    /// In this process: portable, interpreter only.
    Local,
    /// In a Hyperlight micro-VM under KVM.
    Hyperlight,
}

/// One chain's state and the kernel that executes its blocks.
///
/// Blocks are applied to the committed root or to live candidates, so forks share structure;
/// [`commit`](Self::commit) makes one candidate durable. The same calls give the same results on every backend.
pub struct Nub {
    pub(crate) backend: Backend,
}

/// Bytes of a file that one message of an import takes.
const IMPORT_CHUNK_BYTES: u64 = 1 << 20;
/// Bytes of objects that one message of a witness takes, unless there is only one object.
const WITNESS_CHUNK_BYTES: usize = 1 << 20;
/// What the encoding adds to an object of a witness, at most.
const WITNESS_OVERHEAD_BYTES: usize = 5;

/// Sends a request and takes the reply of the same name out of its variant.
macro_rules! ask {
    ($nub:expr, $request:expr, $reply:ident) => {
        match $nub.backend.request(&$request)? {
            Reply::$reply(value) => value,
            reply => return Err(BackendError::UnexpectedReply(format!("{reply:?}")).into()),
        }
    };
}

impl Nub {
    /// A builder with the defaults.
    pub fn builder() -> NubBuilder {
        NubBuilder::default()
    }

    /// Where the kernel runs; never `Auto`.
    pub fn backend(&self) -> BackendKind {
        self.backend.kind()
    }

    /// What ends a call from another thread; `None` on the local backend, whose calls only gas ends.
    pub fn kill_switch(&self) -> Option<KillSwitch> {
        match &self.backend {
            Backend::Hyperlight(guest) => Some(guest.kill_switch()),
            Backend::Local(_) => None,
        }
    }

    /// Why the micro-VM exited to the host since its start, and how often, the most frequent cause first; empty
    /// on the local backend. `NUB_TRACE_EXITS=1` prints the same when a guest ends.
    pub fn vm_exits(&self) -> Vec<(String, u64)> {
        match &self.backend {
            Backend::Hyperlight(guest) => guest.exits(),
            Backend::Local(_) => Vec::new(),
        }
    }

    /// The micro-VM behind the handle, for tests that make it crash.
    #[doc(hidden)]
    pub fn guest(&mut self) -> Option<&mut Guest> {
        match &mut self.backend {
            Backend::Hyperlight(guest) => Some(guest),
            Backend::Local(_) => None,
        }
    }

    /// Makes the chain's first state and commits it; gives its root.
    ///
    /// # Errors
    /// [`GenesisError`] names what is wrong with the description; there is still no state then.
    pub fn genesis(&mut self, genesis: &Genesis) -> Result<Hash, Failure<GenesisError>> {
        ask!(self, Request::Genesis(genesis.encode()), Genesis).map_err(Failure::Kernel)
    }

    /// Applies an encoded block ([`Block::to_bytes`](nub_abi::Block::to_bytes)) to `prior_root`, which is the
    /// committed root or a live candidate, and keeps the result as a candidate. Gives its root and receipts.
    ///
    /// # Errors
    /// [`ApplyError`] if the block is malformed, does not fit the state, or the environment failed; there
    /// is no candidate then. An event that fails is a receipt, not an error.
    pub fn apply_block(
        &mut self,
        prior_root: Hash,
        block: &[u8],
    ) -> Result<(Hash, Summary), Failure<ApplyError>> {
        let request = Request::ApplyBlock { prior_root, block: block.to_vec() };
        ask!(self, request, ApplyBlock).map_err(Failure::Kernel)
    }

    /// Makes a candidate the committed root and drops the candidates that do not descend from it.
    ///
    /// # Errors
    /// [`CommitError`]; nothing has changed then.
    pub fn commit(&mut self, root: Hash) -> Result<(), Failure<CommitError>> {
        ask!(self, Request::Commit(root), Commit).map_err(Failure::Kernel)
    }

    /// Drops all candidates; gives how many there were.
    ///
    /// # Errors
    /// [`BackendError`] if the backend failed.
    pub fn rollback(&mut self) -> Result<u32, BackendError> {
        Ok(ask!(self, Request::Rollback, Rollback))
    }

    /// Runs an endpoint at a root and drops every change. The caller is nobody: a zero badge.
    ///
    /// # Errors
    /// [`QueryError`] if the root or Instance is unknown or the environment failed. A call that fails is a
    /// receipt with that status.
    pub fn query(&mut self, query: &Query) -> Result<Receipt, Failure<QueryError>> {
        ask!(self, Request::Query(query.clone()), Query).map_err(Failure::Kernel)
    }

    /// Runs one event at a root as a block would, without keeping the result, and reports what it would change.
    ///
    /// # Errors
    /// [`QueryError`] as for [`query`](Self::query).
    pub fn invoke(&mut self, root: Hash, event: &Event) -> Result<InvokeOutcome, Failure<QueryError>> {
        ask!(self, Request::Invoke { root, event: event.clone() }, Invoke).map_err(Failure::Kernel)
    }

    /// The encoded objects that applying a block reads, ascending by hash: enough for
    /// [`execute_witness`](Self::execute_witness) elsewhere. Keeps no candidate.
    ///
    /// # Errors
    /// [`ApplyError`] as for [`apply_block`](Self::apply_block).
    pub fn witness(&mut self, prior_root: Hash, block: &[u8]) -> Result<Vec<Vec<u8>>, Failure<ApplyError>> {
        let request = Request::Witness { prior_root, block: block.to_vec() };
        let mut chunk = ask!(self, request, Witness).map_err(Failure::Kernel)?;
        let mut witness = Vec::new();
        while !chunk.is_empty() {
            witness.append(&mut chunk);
            chunk = ask!(self, Request::WitnessNext, Witness).map_err(Failure::Kernel)?;
        }
        Ok(witness)
    }

    /// Executes a block from a witness alone and gives the new root and its summary. The handle needs no
    /// state for it, and its own is not used or changed.
    ///
    /// # Errors
    /// [`WitnessError`] if the witness lacks an object, has one too many, or the block does not fit.
    pub fn execute_witness(
        &mut self,
        prior_root: Hash,
        block: &[u8],
        witness: &[Vec<u8>],
    ) -> Result<(Hash, Summary), Failure<WitnessError>> {
        let (mut given, mut rest) = (0, witness);
        while chunk_len(rest) < rest.len() {
            let (chunk, after) = rest.split_at(chunk_len(rest));
            let request = Request::GiveWitness { first: given == 0, witness: chunk.to_vec() };
            let taken = ask!(self, request, GiveWitness);
            taken.map_err(|abort| Failure::Kernel(ApplyError::from(abort).into()))?;
            (given, rest) = (given + chunk.len(), after);
        }
        let request = Request::ExecuteWitness { prior_root, block: block.to_vec(), witness: rest.to_vec() };
        ask!(self, request, ExecuteWitness).map_err(Failure::Kernel)
    }

    /// Proves what a root says of a claim; [`proof::verify`](crate::proof::verify) checks it without a state.
    ///
    /// # Errors
    /// [`ProveError`] if the root is unknown, the claim is about a receipt, or the environment failed.
    pub fn prove(&mut self, root: Hash, claim: &Claim) -> Result<Proof, Failure<ProveError>> {
        let proof =
            ask!(self, Request::Prove { root, claim: claim.encode() }, Prove).map_err(Failure::Kernel)?;
        decode_exact(&proof).map_err(|error| Failure::Kernel(ProveError::Codec(error)))
    }

    /// Writes everything under a root to `sink`, as `docs/spec/export.md` says; gives how many bytes.
    ///
    /// # Errors
    /// [`ExportError`] if the root is unknown, the environment failed, or the sink did.
    pub fn export(&mut self, root: Hash, sink: &mut impl Write) -> Result<u64, ExportError> {
        let failure = |error| ExportError::Kernel(Failure::Kernel(error));
        let mut chunk = ask!(self, Request::ExportBegin(root), Export).map_err(failure)?;
        let mut bytes = 0;
        while !chunk.is_empty() {
            sink.write_all(&chunk)?;
            bytes += chunk.len() as u64;
            chunk = ask!(self, Request::ExportNext, Export).map_err(failure)?;
        }
        Ok(bytes)
    }

    /// Reads a state that [`export`](Self::export) wrote, checks every object of it, and commits it; gives how
    /// many bytes. The handle must have no state, and `root` must be the file's.
    ///
    /// # Errors
    /// [`ImportError`] if the file is not the export of that root, the environment failed, or the source did; there
    /// is still no state.
    pub fn import(&mut self, root: Hash, source: &mut impl Read) -> Result<u64, ImportError> {
        let failure = |error| ImportError::Kernel(Failure::Kernel(error));
        ask!(self, Request::ImportBegin(root), Import).map_err(failure)?;
        let mut bytes = 0;
        loop {
            let mut chunk = Vec::new();
            source.take(IMPORT_CHUNK_BYTES).read_to_end(&mut chunk)?;
            bytes += chunk.len() as u64;
            if ask!(self, Request::ImportNext(chunk), Import).map_err(failure)?.is_some() {
                return Ok(bytes);
            }
        }
    }

    /// The committed root; `None` before genesis.
    ///
    /// # Errors
    /// [`BackendError`] if the backend failed.
    pub fn state_root(&mut self) -> Result<Option<Hash>, BackendError> {
        Ok(ask!(self, Request::StateRoot, StateRoot))
    }

    /// How the kernel is: sizes and counts, not part of consensus.
    ///
    /// # Errors
    /// [`BackendError`] if the backend failed.
    pub fn health_check(&mut self) -> Result<Health, BackendError> {
        Ok(ask!(self, Request::HealthCheck, HealthCheck))
    }
}

/// How many objects of a witness the next message takes; at least one, if there is one.
fn chunk_len(witness: &[Vec<u8>]) -> usize {
    let mut bytes = 0;
    let fits = |object: &&Vec<u8>| {
        bytes += object.len() + WITNESS_OVERHEAD_BYTES;
        bytes <= WITNESS_CHUNK_BYTES
    };
    witness.iter().take_while(fits).count().max(1).min(witness.len())
}
