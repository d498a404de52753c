//! One typed error per operation. A node's problem is an [`Abort`], never a verdict on a block.

use crate::codec::CodecError;
use crate::{Hash, InstanceId, Status};
use alloc::string::String;
use parity_scale_codec::{Decode, Encode};

/// The environment failed: storage, memory, the guest. Nothing was executed as far as σ is concerned;
/// the same operation may succeed later.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum Abort {
    /// An object that the state refers to is not in the store.
    #[error("object {0} is missing from the store; restore the store from a backup or import the state")]
    MissingObject(Hash),
    /// The store returned bytes that are not the object of that hash.
    #[error("object {hash} in the store is corrupt ({reason}); restore the store from a backup")]
    CorruptObject {
        /// The hash asked for.
        hash: Hash,
        /// What is wrong with the bytes.
        reason: String,
    },
    /// The store failed to read or write.
    #[error("the store failed: {0}; check the device and try again")]
    Store(String),
    /// There are no frames, or no windows, for the memory of the programs that run.
    #[error(
        "out of memory frames; commit or roll back candidates, or give the guest a larger arena, and try again"
    )]
    OutOfFrames,
    /// The kernel's memory does not hold what the call needs.
    #[error(
        "out of memory: {needed_bytes} bytes are needed and {free_bytes} are free; commit or roll back candidates, or give the guest a larger arena, and try again"
    )]
    OutOfMemory {
        /// What is free.
        free_bytes: u64,
        /// What is needed.
        needed_bytes: u64,
    },
    /// Machine code did what no program can make it do: a bug in the engine that made it, contained.
    #[error(
        "machine code of program {image} did what it must not ({reason}); report it. The program is interpreted from now on: try again"
    )]
    Engine {
        /// The hash of the Image.
        image: Hash,
        /// What it did.
        reason: String,
    },
    /// The kernel found itself in a state that it cannot be in.
    #[error("the kernel is broken: {0}; report it")]
    Invariant(String),
}

/// Why [`Genesis`](crate::Genesis) was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum GenesisError {
    /// There is a state already.
    #[error("this kernel already has a state with root {0}; use a fresh handle for another chain")]
    AlreadyInitialised(Hash),
    /// The encoded description is too long for a message.
    #[error("the genesis is {got} bytes long, the limit is {limit}; deploy the rest in blocks")]
    TooLarge {
        /// Its length.
        got: u64,
        /// The limit.
        limit: u64,
    },
    /// The description is not one canonical value.
    #[error("malformed genesis: {0}")]
    Codec(#[from] CodecError),
    /// An Image is not valid.
    #[error("the Image of genesis instance {index} is invalid: {reason}")]
    BadImage {
        /// Index in `instances`.
        index: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// Storage keys are not 2–32 bytes, strictly ascending, with values of at most 4096 bytes.
    #[error("entry {entry} of the storage of genesis instance {index} is out of order or too long")]
    BadStorage {
        /// Index in `instances`.
        index: u32,
        /// Index in its `storage`.
        entry: u32,
    },
    /// A Ref names no instance, has bad rights, or is out of order.
    #[error("ref {entry} of genesis instance {index} has a bad target, rights or slot order")]
    BadRef {
        /// Index in `instances`.
        index: u32,
        /// Index in its `refs`.
        entry: u32,
    },
    /// The parameters contradict themselves or ask for what this version does not do.
    #[error("genesis params: {0}")]
    BadParams(ParamsError),
    /// The store is another chain's.
    #[error("the genesis is of chain {genesis}, the store of chain {store}; give the right file or genesis")]
    AnotherChain {
        /// The store's chain.
        store: u64,
        /// The description's.
        genesis: u64,
    },
    /// The environment failed.
    #[error(transparent)]
    Abort(#[from] Abort),
}

/// Why parameters are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum ParamsError {
    /// `limits.call_depth` is 0.
    #[error("call_depth must be at least 1")]
    ZeroCallDepth,
    /// A value is above what every node can hold.
    #[error("{param} must be at most {max}")]
    Above {
        /// Which.
        param: BoundedParam,
        /// The most it may be.
        max: u64,
    },
    /// `chain` names an Instance that does not exist.
    #[error("params.chain is not an existing instance")]
    ChainUnknown,
}

/// A parameter with an upper bound (`docs/spec/limits.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[allow(missing_docs)] // The names are those of the parameters.
pub enum BoundedParam {
    CallDepth,
    LivePages,
    BlockBytes,
    BlockEvents,
    ArgumentBytes,
    OutputBytes,
    PassedCapabilities,
    ImageBytes,
    AuthenticationBytes,
    LogBytes,
    ReceiptsBytes,
    BlockGas,
    BeforeGas,
    AfterGas,
}

impl core::fmt::Display for BoundedParam {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::CallDepth => "call_depth",
            Self::LivePages => "live_pages",
            Self::BlockBytes => "block_bytes",
            Self::BlockEvents => "block_events",
            Self::ArgumentBytes => "argument_bytes",
            Self::OutputBytes => "output_bytes",
            Self::PassedCapabilities => "passed_capabilities",
            Self::ImageBytes => "image_bytes",
            Self::AuthenticationBytes => "authentication_bytes",
            Self::LogBytes => "log_bytes",
            Self::ReceiptsBytes => "receipts_bytes",
            Self::BlockGas => "block_gas",
            Self::BeforeGas => "before_gas",
            Self::AfterGas => "after_gas",
        })
    }
}

/// Why a block was not applied. There is no candidate and nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum ApplyError {
    /// There is no state yet.
    #[error("there is no state yet; give a genesis or open a committed root first")]
    Uninitialised,
    /// The bytes are not one canonical block.
    #[error("malformed block: {0}")]
    Codec(#[from] CodecError),
    /// The block is for another protocol version.
    #[error("block version {got} is not supported, this kernel runs {supported}; update the node")]
    UnsupportedVersion {
        /// The block's.
        got: u32,
        /// The kernel's.
        supported: u32,
    },
    /// The block is for another chain.
    #[error("block is for chain {got}, this state is chain {expected}")]
    WrongChain {
        /// The state's chain.
        expected: u64,
        /// The block's.
        got: u64,
    },
    /// The prior root is neither the committed root nor a live candidate.
    #[error("prior root {0} is neither the committed root nor a live candidate; apply its block first")]
    UnknownPriorRoot(Hash),
    /// The block names another prior root than the call.
    #[error("the block builds on {block}, but was applied to {given}")]
    PriorRootMismatch {
        /// In the block's header.
        block: Hash,
        /// Given by the caller.
        given: Hash,
    },
    /// The height is not the prior height plus one.
    #[error("block height is {got}, expected {expected}")]
    WrongHeight {
        /// Prior height plus one.
        expected: u64,
        /// The block's.
        got: u64,
    },
    /// Time runs backwards.
    #[error("block timestamp {got} is below the prior state's {prior}")]
    TimestampDecreases {
        /// The prior state's.
        prior: u64,
        /// The block's.
        got: u64,
    },
    /// A field exceeds its limit in `params`.
    #[error("{field} is {got}, the limit is {limit}")]
    TooLarge {
        /// Which.
        field: LimitedField,
        /// Its size or count.
        got: u64,
        /// The limit.
        limit: u64,
    },
    /// The Chain Instance's `after` failed: its author made a block that the chain's rules refuse.
    #[error("the chain instance refused event {index} after it ran ({status:?}); the block is invalid")]
    ChainAfterFailed {
        /// The event's index.
        index: u32,
        /// How `after` ended.
        status: Status,
    },
    /// Too many candidates are alive.
    #[error("{0} candidates are alive, the most this kernel keeps; commit or roll back first")]
    TooManyCandidates(u32),
    /// Candidates take too much memory, with this block's or without.
    #[error(
        "candidates would take {bytes} bytes and may take {limit}; commit or roll back some, or raise candidate_bytes"
    )]
    CandidateBytes {
        /// What they take.
        bytes: u64,
        /// The budget.
        limit: u64,
    },
    /// The environment failed.
    #[error(transparent)]
    Abort(#[from] Abort),
}

/// A field of a block that `params` limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum LimitedField {
    /// Bytes of the block.
    BlockBytes,
    /// Number of events.
    BlockEvents,
    /// Sum of the events' gas limits.
    BlockGas,
    /// Bytes of an event's arguments.
    ArgumentBytes,
    /// Number of an event's refs.
    Refs,
    /// Bytes of an event's authentication.
    AuthenticationBytes,
}

impl core::fmt::Display for LimitedField {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::BlockBytes => "the block's size in bytes",
            Self::BlockEvents => "the number of events",
            Self::BlockGas => "the sum of the events' gas limits",
            Self::ArgumentBytes => "the size of an event's arguments in bytes",
            Self::Refs => "the number of an event's refs",
            Self::AuthenticationBytes => "the size of an event's authentication in bytes",
        })
    }
}

/// Why a root was not committed. The committed root is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum CommitError {
    /// The root is not a live candidate.
    #[error("root {0} is not a live candidate; apply its block first")]
    UnknownRoot(Hash),
    /// The environment failed.
    #[error(transparent)]
    Abort(#[from] Abort),
}

/// Why a committed root was not opened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum OpenError {
    /// The object of that hash is not a System this kernel can run.
    #[error("root {root} is not a state this kernel can run: {reason}")]
    NotASystem {
        /// The root given.
        root: Hash,
        /// Why.
        reason: String,
    },
    /// The store on the device is not to be used. Nothing was written to it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The environment failed.
    #[error(transparent)]
    Abort(#[from] Abort),
}

/// What is on the device instead of the store that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum StoreError {
    /// Something else.
    #[error("this is not a Nub store; give the right file")]
    Foreign,
    /// A store of a later format.
    #[error("the store has format version {found}, this node reads {supported}; update the node")]
    Newer {
        /// Its version.
        found: u32,
        /// Ours.
        supported: u32,
    },
    /// Another chain's state.
    #[error("the store is of chain {found}, not {expected}; give the right file")]
    AnotherChain {
        /// The chain asked for.
        expected: u64,
        /// The store's.
        found: u64,
    },
    /// A part of a store.
    #[error("the store is truncated: {found_bytes} bytes of {expected_bytes}; restore it from a backup")]
    Truncated {
        /// How long it was.
        expected_bytes: u64,
        /// How long it is.
        found_bytes: u64,
    },
    /// A store whose superblocks or map are damaged.
    #[error("the store is damaged at block {block}; restore it from a backup")]
    Damaged {
        /// The device's block.
        block: u32,
    },
    /// There is nothing on the device, and no chain was named whose store could be made.
    #[error("there is no store on the device; name the chain (StoreConfig::chain_id) to make one")]
    NoChain,
    /// There is no store on a device here.
    #[error("this backend was given no device; report it")]
    NoDevice,
    /// A store of an earlier format.
    #[error(
        "the store has format version {found}, this node reads {supported}; \
         export its state with the node that wrote it, and import it here"
    )]
    Older {
        /// Its version.
        found: u32,
        /// Ours.
        supported: u32,
    },
}

/// Why a block was not executed from a witness.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum WitnessError {
    /// The block does not fit the state, or an object that it needs is missing from the witness or corrupt.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// An object is in the witness twice.
    #[error("object {0} is in the witness twice; make the witness again")]
    Duplicate(Hash),
    /// The block does not read an object of the witness.
    #[error("the block does not read object {0} of the witness; make the witness again")]
    Surplus(Hash),
}

/// Why a state was not imported. There is still no state.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum StateImportError {
    /// There is a state already.
    #[error("this kernel already has a state with root {0}; import into a fresh handle")]
    AlreadyInitialised(Hash),
    /// No import is under way.
    #[error("no import is under way; begin one with its root")]
    NotBegun,
    /// The file is of another state.
    #[error("the export is of root {got}, not of {expected}; give the right file")]
    AnotherRoot {
        /// The root asked for.
        expected: Hash,
        /// The file's.
        got: Hash,
    },
    /// The file is not an export, or damaged.
    #[error("not an export of a state ({0}); get the file again")]
    Malformed(String),
    /// An object of the file is longer than any can be.
    #[error("the export has an object of {0} bytes, longer than any; get the file again")]
    TooLong(u64),
    /// The file ends before its root.
    #[error("the export ends early; get the file again")]
    Truncated,
    /// The store is another chain's.
    #[error("the state is of chain {state}, the store of chain {store}; give the right file or store")]
    AnotherChain {
        /// The store's chain.
        store: u64,
        /// The state's.
        state: u64,
    },
    /// The root is not a state that this kernel can run.
    #[error("root {root} is not a state this kernel can run: {reason}")]
    NotASystem {
        /// The root.
        root: Hash,
        /// Why.
        reason: String,
    },
    /// The environment failed.
    #[error(transparent)]
    Abort(#[from] Abort),
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum ProveError {
    /// The root is not known, or the environment failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The claim is not one canonical value.
    #[error("malformed claim: {0}")]
    Codec(#[from] CodecError),
    /// Receipts are not kept in the state; only the node that has them can prove one.
    #[error(
        "receipts are kept with live candidates only; prove one with proof::prove_receipt from its block's receipts"
    )]
    ReceiptsNotKept,
}

/// Why a query or invoke did not run. A call that runs and fails is an outcome, not an error.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum QueryError {
    /// There is no state yet.
    #[error("there is no state yet; give a genesis or open a committed root first")]
    Uninitialised,
    /// The root is neither the committed root nor a live candidate.
    #[error("root {0} is neither the committed root nor a live candidate")]
    UnknownRoot(Hash),
    /// The Chain Instance's `after` failed: a block with this event would be invalid.
    #[error("the chain instance refused the event after it ran ({0:?}); a block with it is invalid")]
    ChainAfterFailed(Status),
    /// There is no such Instance under that root.
    #[error("there is no instance {0} under that root")]
    UnknownInstance(InstanceId),
    /// A field exceeds its limit in `params`.
    #[error("{field} is {got}, the limit is {limit}")]
    TooLarge {
        /// Which.
        field: LimitedField,
        /// Its size or count.
        got: u64,
        /// The limit.
        limit: u64,
    },
    /// The environment failed.
    #[error(transparent)]
    Abort(#[from] Abort),
}
