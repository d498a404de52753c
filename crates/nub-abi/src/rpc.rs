//! Messages between the host side of the handle and a kernel in a guest: one encoded request, one reply.
//!
//! Both sides are built from this file; a mismatch shows as a [`CodecError`](crate::codec::CodecError), never as a misread.

use crate::error::{
    Abort, ApplyError, CommitError, GenesisError, OpenError, ProveError, QueryError, StateImportError,
    WitnessError,
};
use crate::{Event, Hash, InstanceId, Receipt, Summary};
use alloc::string::String;
use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

/// What the host asks of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Request {
    /// Starts the kernel; the first request a guest gets.
    Boot(BootConfig),
    /// Makes the first state from an encoded [`crate::Genesis`] and commits it.
    Genesis(Vec<u8>),
    /// Continues from a committed root in the host's blobs.
    Open(Hash),
    /// Opens the store on the device, or makes one if the device is blank, and continues from its committed
    /// root.
    OpenStore(StoreConfig),
    /// Applies encoded block bytes to a root.
    ApplyBlock {
        /// The committed root or a live candidate.
        prior_root: Hash,
        /// An encoded [`crate::Block`].
        block: Vec<u8>,
    },
    /// Makes a candidate durable.
    Commit(Hash),
    /// Drops all candidates.
    Rollback,
    /// Runs an endpoint and drops every change.
    Query(Query),
    /// Runs one event as a block would and reports what it would change.
    Invoke {
        /// The committed root or a live candidate.
        root: Hash,
        /// The event.
        event: Event,
    },
    /// Asks for what a block reads, to execute it elsewhere without the state.
    Witness {
        /// The committed root or a live candidate.
        prior_root: Hash,
        /// An encoded [`crate::Block`].
        block: Vec<u8>,
    },
    /// Asks for the next objects of the witness.
    WitnessNext,
    /// Gives objects of a witness that is too long for one message.
    GiveWitness {
        /// Whether they are the first.
        first: bool,
        /// Encoded objects.
        witness: Vec<Vec<u8>>,
    },
    /// Executes a block from a witness alone; the kernel's own state is not used.
    ExecuteWitness {
        /// The root the block builds on.
        prior_root: Hash,
        /// An encoded [`crate::Block`].
        block: Vec<u8>,
        /// Encoded objects, beside those given before.
        witness: Vec<Vec<u8>>,
    },
    /// Asks for a proof of what a root says of a claim.
    Prove {
        /// The committed root or a live candidate.
        root: Hash,
        /// An encoded `nub_state::proof::Claim`.
        claim: Vec<u8>,
    },
    /// Begins an export of everything under a root; one that was under way is given up.
    ExportBegin(Hash),
    /// Asks for the next bytes of the export.
    ExportNext,
    /// Begins an import of the state of a root; one that was under way is given up.
    ImportBegin(Hash),
    /// Gives the next bytes of the file.
    ImportNext(Vec<u8>),
    /// Asks for the committed root.
    StateRoot,
    /// Asks how the kernel is.
    HealthCheck,
}

/// Reads one endpoint of one Instance.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Query {
    /// The committed root or a live candidate.
    pub root: Hash,
    /// The Instance; need not be public.
    pub instance: InstanceId,
    /// The endpoint's number.
    pub endpoint: u16,
    /// Arguments.
    pub args: Vec<u8>,
    /// The most gas it may use.
    pub gas_limit: u64,
}

/// The store on a device. What is not fixed in the store decides when it writes what, so kernels that shall
/// write the same bytes need the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StoreConfig {
    /// The chain whose state it holds or shall hold; `None` is any that it holds, and then no store is made.
    pub chain_id: Option<u64>,
    /// For a new store: blocks of 4096 bytes a segment.
    pub segment_blocks: u32,
    /// For a new store: committed roots whose objects are kept.
    pub retention: u32,
    /// Most bytes of its index kept in memory.
    pub index_bytes: u64,
    /// How much the log may grow before a checkpoint, in bytes.
    pub checkpoint_bytes: u64,
    /// The least size of the log that is collected, in bytes.
    pub collect_bytes_min: u64,
}

impl Default for StoreConfig {
    /// Segments of 4 MiB, 16 roots, 64 MiB of index, a checkpoint each 64 MiB, collection above 16 MiB.
    fn default() -> Self {
        Self {
            chain_id: None,
            segment_blocks: 1024,
            retention: 16,
            index_bytes: 64 << 20,
            checkpoint_bytes: 64 << 20,
            collect_bytes_min: 16 << 20,
        }
    }
}

/// What a kernel is told once, at boot.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BootConfig {
    /// Seed of the kernel's CSPRNG. Nothing observable may depend on it.
    pub seed: [u8; 32],
    /// Most candidates alive at once.
    pub candidates_max: u32,
    /// Most bytes that candidates may take: their objects and receipts.
    pub candidate_bytes: u64,
    /// Most bytes of decoded clean objects kept in memory.
    pub cache_bytes: u64,
    /// Which engine runs programs.
    pub engine: EnginePolicy,
    /// Most bytes of machine code, tables included, kept in memory.
    pub code_bytes: u64,
}

/// Which engine runs programs, where there are two. Never changes a root, a receipt or gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum EnginePolicy {
    /// The interpreter.
    Interpreter,
    /// Machine code, made at the first call; the interpreter for programs it cannot be made of.
    Recompiler,
    /// The interpreter at first; machine code for programs that are called again and again, or run long.
    #[default]
    Auto,
}

/// The kernel's reply to a [`Request`], in the same order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    /// To `Boot`.
    Booted,
    /// To `Genesis`: the root.
    Genesis(Result<Hash, GenesisError>),
    /// To `Open`.
    Open(Result<(), OpenError>),
    /// To `OpenStore`: the committed root, if there is one.
    OpenStore(Result<Option<Hash>, OpenError>),
    /// To `ApplyBlock`: the new root and its summary.
    ApplyBlock(Result<(Hash, Summary), ApplyError>),
    /// To `Commit`.
    Commit(Result<(), CommitError>),
    /// To `Rollback`: how many candidates were dropped.
    Rollback(u32),
    /// To `Query`.
    Query(Result<Receipt, QueryError>),
    /// To `Invoke`.
    Invoke(Result<InvokeOutcome, QueryError>),
    /// To `Witness` and `WitnessNext`: encoded objects, ascending by hash, none at the end.
    Witness(Result<Vec<Vec<u8>>, ApplyError>),
    /// To `GiveWitness`.
    GiveWitness(Result<(), Abort>),
    /// To `ExecuteWitness`: the new root and its summary.
    ExecuteWitness(Result<(Hash, Summary), WitnessError>),
    /// To `Prove`: an encoded `nub_state::proof::Proof`.
    Prove(Result<Vec<u8>, ProveError>),
    /// To `ExportBegin` and `ExportNext`: the next bytes, none at the end.
    Export(Result<Vec<u8>, QueryError>),
    /// To `ImportBegin` and `ImportNext`: the root when the state is whole and committed.
    Import(Result<Option<Hash>, StateImportError>),
    /// To `StateRoot`; `None` before genesis.
    StateRoot(Option<Hash>),
    /// To `HealthCheck`.
    HealthCheck(Health),
    /// The request did not decode, or came out of order.
    BadRequest(String),
}

/// What an event would do.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InvokeOutcome {
    /// The receipt it would get.
    pub receipt: Receipt,
    /// The Instances it would create or change, ascending.
    pub changed: Vec<InstanceId>,
}

/// How a kernel is. Not consensus: figures may differ between backends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Health {
    /// The committed root, if there is a state.
    pub state_root: Option<Hash>,
    /// The committed height.
    pub height: u64,
    /// Candidates alive.
    pub candidates: u32,
    /// Decoded clean objects in memory.
    pub cached_objects: u64,
    /// Their approximate bytes.
    pub cached_bytes: u64,
    /// Encoded objects of candidates, not yet committed; those of dropped ones until they are freed.
    pub pending_objects: u64,
    /// About how many bytes candidates take, and what they have left.
    pub pending_bytes: u64,
    /// Objects given up that wait to be freed, a slice with each operation; what lies below them is not counted.
    pub waiting_objects: u64,
    /// What is wrong with the store though it commits: what its checkpoints or its collection met. `None` as soon as
    /// they succeed again; a damaged object stays until a whole collection has not met it.
    pub store_fault: Option<Abort>,
    /// 4 KiB frames free, where the backend counts them.
    pub frames_free: u64,
    /// 4 KiB frames in all, where the backend counts them.
    pub frames_total: u64,
    /// Page faults handled since boot, where the backend counts them.
    pub page_faults: u64,
    /// Exits from the micro-VM to the host since boot.
    pub vm_exits: u64,
    /// Traps from ring 3 for what only ring 0 may do since boot, page faults not among them.
    pub gate_calls: u64,
    /// Programs kept as machine code.
    pub compiled_programs: u64,
    /// Octets of that machine code.
    pub compiled_bytes: u64,
    /// Programs made into machine code since boot.
    pub compilations: u64,
    /// Calls since boot that found their program's machine code kept.
    pub compiled_hits: u64,
}
