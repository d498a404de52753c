//! Runs of one program on an engine of choice, for tests: what to run, and what came of it.

use alloc::vec::Vec;
use parity_scale_codec::{Decode, Encode};

/// What runs a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RunEngine {
    /// The interpreter.
    Interpreter,
    /// Machine code, as programs have it here.
    MachineCode,
    /// Machine code without optional instructions and with r0 in rsp, as programs have it on hardware: slow elsewhere.
    MachineCodeOfFreeRsp,
}

/// A program and all that its run depends on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RunCase {
    /// The program's blob.
    pub program: Vec<u8>,
    /// Its opcode table: JamV1, or the Gray Paper's 0.7.
    pub is_jam_v1: bool,
    /// r0 to r12.
    pub registers: [u64; 13],
    /// Where to begin.
    pub pc: u32,
    /// Gas at first.
    pub gas: u64,
    /// Pages that may come to life.
    pub pages_left: u32,
    /// First page of the demand-zero range.
    pub demand_first: u32,
    /// The page after its last.
    pub demand_end: u32,
    /// Gas for a first touch.
    pub touch_gas: u64,
    /// Gas for a first store.
    pub store_gas: u64,
    /// Pages mapped at first.
    pub memory: Vec<RunPage>,
    /// How often it is run on after an exit, with what it lacked. Whatever stops it for good ends the case.
    pub resumes_max: u32,
    /// What it is given then is made from this.
    pub seed: u64,
}

/// A page mapped at first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RunPage {
    /// Its number.
    pub page: u32,
    /// Copy-on-write, or read-only.
    pub is_writable: bool,
    /// Offsets in the page, and octets from there on.
    pub octets: Vec<(u16, Vec<u8>)>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RunOutcome {
    /// The machine after each exit.
    pub steps: Vec<RunStep>,
    /// Pages that were stored to, ascending by number, without trailing zeros.
    pub stored: Vec<(u32, Vec<u8>)>,
}

/// A machine after an exit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RunStep {
    /// Why it stopped.
    pub exit: RunExit,
    /// r0 to r12.
    pub registers: [u64; 13],
    /// Where it stopped.
    pub pc: u32,
    /// Gas left.
    pub gas_left: u64,
    /// Pages that may still come to life.
    pub pages_left: u32,
}

/// Why a machine stopped; as the interpreter's exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RunExit {
    /// It halted.
    Halt,
    /// It panicked.
    Panic,
    /// The block ahead is not paid for.
    OutOfGas,
    /// It cannot access a page, by its address.
    PageFault(u32),
    /// It calls the host.
    HostCall(u64),
    /// The platform could not run it.
    Abort,
}
