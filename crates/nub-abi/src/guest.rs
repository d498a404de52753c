//! What the host and a guest image say to each other around the messages of [`crate::rpc`]: the names of
//! functions, the sizes of messages, the guest's callbacks for committed objects, and probes.

use crate::Hash;
use crate::error::Abort;
pub use crate::run_case::{RunCase, RunEngine, RunExit, RunOutcome, RunPage, RunStep};
use alloc::string::String;
use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

/// The guest function that takes a [`crate::rpc::Request`] and gives an [`Answer`] of [`crate::rpc::Reply`].
pub const RPC: &str = "rpc";
/// The guest function that takes a [`Probe`] and gives an [`Answer`] of [`ProbeReply`].
pub const PROBE: &str = "probe";
/// The host function that takes a hash's 32 octets and gives a [`BlobReply`].
pub const BLOB_GET: &str = "blob_get";
/// The host function that takes objects, a `Vec<(Hash, Vec<u8>)>`, and keeps them for [`BLOB_COMMIT`].
/// It gives a [`BlobDone`].
pub const BLOB_STAGE: &str = "blob_stage";
/// The host function that takes a root and a height, `(Hash, u64)`, and commits what was staged, all or
/// nothing. It gives a [`BlobDone`].
pub const BLOB_COMMIT: &str = "blob_commit";

/// The host function that takes nothing and gives the device's length in bytes, a [`DeviceReply`] of u64.
pub const DEVICE_LENGTH: &str = "device_length";
/// The host function that takes ranges, a `Vec<(u64, u32)>` of offsets and lengths in bytes, and gives a
/// [`DeviceReply`] of their octets, one after the other.
pub const DEVICE_READ: &str = "device_read";
/// The host function that takes a `Vec<(u64, Vec<u8>)>` of offsets and octets and writes them. It gives a
/// [`DeviceReply`] of nothing.
pub const DEVICE_WRITE: &str = "device_write";
/// The host function that takes nothing and flushes. It gives a [`DeviceReply`] of nothing.
pub const DEVICE_FLUSH: &str = "device_flush";
/// The host function that takes a length in bytes, u64, and makes the device so long. It gives a
/// [`DeviceReply`] of nothing.
pub const DEVICE_EXTEND: &str = "device_extend";

/// What the host's device gave, or why it failed.
pub type DeviceReply<T> = Result<T, DeviceFault>;

/// Why the host's device failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum DeviceFault {
    /// There is no room.
    NoSpace,
    /// The range is not all on the device.
    OutOfRange {
        /// From where, in bytes.
        offset: u64,
        /// How much.
        length_bytes: u64,
    },
    /// The system says no, with this number if it has one.
    Io(Option<i32>),
}

/// The longest encoded message, in bytes, either way.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// What begins the line of an epitaph that says how execution came to its end: offsets into the image in
/// hexadecimal, after a blank each, innermost first, of the instructions after the calls.
pub const EPITAPH_BACKTRACE: &str = "backtrace";
/// What begins each line of an epitaph that says what the guest had logged and not yet told.
pub const EPITAPH_LOG: &str = "log ";

/// How important a log record is. The host tells the guest at boot, by this number in the third octet of start
/// data, from which level on to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[repr(u8)]
pub enum LogLevel {
    /// Nothing is logged.
    Off = 0,
    /// Something is wrong with the node.
    Error = 1,
    /// Something was refused or is running out.
    Warn = 2,
    /// What happens once.
    Info = 3,
    /// What happens at every block.
    Debug = 4,
    /// Everything.
    Trace = 5,
}

impl LogLevel {
    /// The level of that number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Off),
            1 => Some(Self::Error),
            2 => Some(Self::Warn),
            3 => Some(Self::Info),
            4 => Some(Self::Debug),
            5 => Some(Self::Trace),
            _ => None,
        }
    }
}

/// Something the guest logged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LogRecord {
    /// How important it is.
    pub level: LogLevel,
    /// The module.
    pub target: String,
    /// The message.
    pub message: String,
}

/// What the guest tells beside a reply, so that it costs no exit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Notes {
    /// What was logged since the last reply, oldest first.
    pub logs: Vec<LogRecord>,
    /// Records that were dropped before those, for there were too many.
    pub logs_lost: u32,
    /// Memory, faults and exits.
    pub figures: Figures,
}

/// What a guest function gives.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Answer<T> {
    /// Beside the reply.
    pub notes: Notes,
    /// The reply.
    pub framed: Framed<T>,
}

/// In which ring the parts of the guest run. The host tells the guest at boot, by this number in its first
/// octet of start data. (The second is 1 if KVM has hardware behind it, so that programs run as on a processor; the
/// third is the [`LogLevel`]; the fourth is 1 if [`Probe::PlantCode`] is allowed.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PrivilegeMap {
    /// Kernel and programs in ring 0.
    Kernel0Programs0 = 0,
    /// Kernel in ring 0, programs in ring 3, where each reaches its own memory and code alone.
    Kernel0Programs3 = 1,
    /// Kernel and programs in ring 3; in ring 0 only what nothing else may do.
    Kernel3Programs3 = 3,
}

impl PrivilegeMap {
    /// The map of that number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Kernel0Programs0),
            1 => Some(Self::Kernel0Programs3),
            3 => Some(Self::Kernel3Programs3),
            _ => None,
        }
    }
}

/// A reply, or why there is none. A message that is too long for the buffers must not be sent at all.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Framed<T> {
    /// The reply.
    Message(T),
    /// The encoded reply has this many bytes, more than [`MESSAGE_BYTES_MAX`].
    TooLarge(u64),
    /// There is no memory for the request, which was not looked at.
    Refused(Abort),
}

/// An object, `None` if there is none of that hash, or why the store failed.
pub type BlobReply = Result<Option<Vec<u8>>, Abort>;

/// Whether the store did it.
pub type BlobDone = Result<(), Abort>;

/// A question to the guest image itself, for measuring and testing it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Probe {
    /// Does nothing.
    Nothing,
    /// Gives the bytes back.
    Echo(Vec<u8>),
    /// Gives this many zero bytes.
    Produce(u64),
    /// Asks the host for an object that does not exist, this many times.
    HostCallbacks(u32),
    /// Makes this many pages of zeros by faults, in a fresh window.
    DemandZeroFaults(u32),
    /// Copies this many pages by faults, in a fresh window.
    CopyOnWriteFaults(u32),
    /// As [`Probe::CopyOnWriteFaults`] without the faults: what they cost without touching memory.
    CopyOnWriteSetup(u32),
    /// Runs operations on an address space and tells what came of each.
    Space(SpaceScript),
    /// Makes and drops this many address spaces, one after the other, with a few pages in each.
    Windows(u32),
    /// Holds as many address spaces at once as there are windows; gives their number.
    AllWindows,
    /// How much memory there is and what faults there were.
    Figures,
    /// Allocates and frees blocks of many sizes; gives how many had a wrong content.
    Heap {
        /// How many steps.
        steps: u32,
        /// Where the pseudo-random sequence starts.
        seed: u64,
    },
    /// Fills a share of the free memory with blocks of one size, frees every second, then the others; gives the
    /// bytes of all of them.
    Fill {
        /// Bytes of a block.
        size: u64,
        /// How much to fill.
        share_percent: u64,
    },
    /// From the n-th allocation of memory on, it counts as used up, but for what the kernel keeps to answer;
    /// 0 ends that. Gives how many frames of what is kept were taken since the last time.
    Shortage(u64),
    /// Logs a message.
    Log(LogLevel, String),
    /// Logs warnings, then panics.
    LogAndDie(Vec<String>),
    /// Dies in this way.
    Die(Death),
    /// Runs cases.
    Run {
        /// On what?
        engine: RunEngine,
        /// The cases.
        cases: Vec<RunCase>,
    },
    /// Compiles a program; gives the hash of its machine code with its jump table, 32 octets.
    Compile {
        /// The program's blob.
        program: Vec<u8>,
        /// Its opcode table: JamV1, or the Gray Paper's 0.7.
        is_jam_v1: bool,
        /// The optional instructions, as [`Probe::Features`] gives them.
        features: u32,
    },
    /// Which optional instructions machine code may use here: popcnt 1, lzcnt 2, tzcnt 4, andn 8, 16 for those of
    /// BMI2; and 32 if rsp may hold any number.
    Features,
    /// Drives a store on the host's device, which is opened at the first step, to measure it; gives how many objects the
    /// step made, committed or found.
    Store(StoreStep),
    /// Has the next program that is compiled run these octets in place of its machine code, as if the compiler
    /// had a bug. Fails but where that was allowed at boot and programs are isolated.
    PlantCode(Vec<u8>),
    /// Copies, moves and fills octets, in every length around those where it is done another way, at all alignments
    /// and at overlaps of all kinds; gives how many results were wrong.
    Octets,
}

/// What is done with a store that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum StoreStep {
    /// Makes so many objects of 200 octets, the next in a fixed order, and keeps them for [`StoreStep::Commit`].
    Make(u32),
    /// Commits them; the last is the root.
    Commit,
    /// Gets objects of those that were committed, in no order.
    Get {
        /// How many.
        count: u32,
        /// How many in one go: 1 is one by one; 0 gets nothing, and takes as long as all else does.
        together: u32,
    },
}

/// Ways for a guest to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Death {
    /// By a Rust panic.
    Panic,
    /// By reading an address where nothing is.
    WildRead,
    /// By writing to its own code.
    WildWrite,
    /// By jumping to an address where nothing is.
    WildJump,
    /// By reading a program window outside an accessor.
    WindowRead,
    /// By dividing by zero.
    DivideByZero,
    /// By an invalid instruction.
    InvalidOpcode,
    /// By an address that is none.
    NonCanonical,
    /// By using up its stack.
    StackOverflow,
    /// By using up its memory.
    OutOfMemory,
    /// By never coming back.
    Endless,
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ProbeReply {
    /// It was done.
    Done,
    /// Bytes.
    Bytes(Vec<u8>),
    /// A number.
    Number(u64),
    /// What came of a script.
    Space(SpaceOutcome),
    /// Figures.
    Figures(Figures),
    /// What came of each case.
    Run(Vec<RunOutcome>),
    /// The probe did not decode, or could not be done.
    Failed(String),
}

/// How the guest's memory is. Frames have 4 KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Figures {
    /// Frames free.
    pub frames_free: u64,
    /// Frames in all.
    pub frames_total: u64,
    /// Pages of zeros made by faults since boot.
    pub demand_zero_faults: u64,
    /// Pages copied by faults since boot.
    pub copy_on_write_faults: u64,
    /// Accesses that missed since boot.
    pub misses: u64,
    /// Exits to the host since boot.
    pub exits: u64,
    /// Times ring 3 used the gate to ring 0 since boot.
    pub gate_calls: u64,
}

/// A fresh address space and what to do with it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SpaceScript {
    /// First page of the demand-zero range.
    pub demand_first: u32,
    /// The page after its last.
    pub demand_end: u32,
    /// Gas for a first touch.
    pub touch_gas: u64,
    /// Gas for a first store.
    pub store_gas: u64,
    /// Gas at first.
    pub gas: u64,
    /// Pages that may come to life.
    pub pages: u32,
    /// The operations, in order.
    pub operations: Vec<SpaceOperation>,
}

/// One operation. One that its address space does not allow in its state is skipped.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum SpaceOperation {
    /// Maps a page read-only; its content is made from the number.
    MapReadOnly(u32, u8),
    /// Maps a page copy-on-write; content 0 is the page of zeros.
    MapCopyOnWrite(u32, u8),
    /// Makes a page private.
    MakePrivate(u32),
    /// Loads 2^n octets, n from 0 to 3.
    Load(u32, u8),
    /// Stores 2^n octets.
    Store(u32, u8, u64),
    /// Reads octets.
    Read(u32, u16),
    /// Writes that many octets, made from the number.
    Write(u32, u16, u8),
    /// Takes the private pages of a range.
    TakePrivate(u32, u32),
    /// Maps a page read-only that begins with so many octets, as arguments are mapped.
    MapOctets(u32, u16),
    /// Maps a page of zeros as the address space's own, as the top of the stack is.
    MapZeros(u32),
}

/// What came of a script.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SpaceOutcome {
    /// One for each operation: its result (a value, a hash of octets, or a mark for a miss or a skip)
    /// with the gas and pages left after it.
    pub steps: Vec<(SpaceResult, u64, u32)>,
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum SpaceResult {
    /// Done.
    Done,
    /// The value loaded.
    Value(u64),
    /// Octets read, or pages taken with their numbers, hashed.
    Octets(Hash),
    /// A miss.
    Miss,
    /// Not allowed in this state.
    Skipped,
    /// The platform could not.
    Abort,
}
