//! Why a run ended.

use javm_isa::{Access, Fault, PAGE_SIZE_BYTES, classify};

use crate::Memory;

/// Why [`run`](crate::run) returned, and what holds then of the machine. Everything but what is said
/// here is as the instructions before left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// A dynamic jump went to the halting address. The pc is the jump's; what the jump wrote to
    /// registers (`load_imm_jump_ind`) is written.
    Halt,
    /// A trap, a bad jump, or an access below 2^16. The pc is the instruction's; what a jump wrote to
    /// registers is written.
    Panic,
    /// The gas left does not pay for the block at the pc. Nothing of it ran, the gas is unchanged;
    /// running again with more gas goes on.
    OutOfGas,
    /// The access did not take place. The pc is the instruction's and nothing of it ran; running again
    /// runs it again, without charging its block again.
    PageFault {
        /// The first page that cannot be accessed, by its address.
        address: u32,
        /// What the instruction wants to access.
        access: Access,
    },
    /// An `ecalli` with this sign-extended immediate. The pc is the `ecalli`'s; to go on after it,
    /// call [`Machine::complete_host_call`](crate::Machine::complete_host_call) before running again.
    HostCall(u64),
}

impl Exit {
    /// The exit for an access that `memory` refused: by the pages it says are not mapped. If it says all
    /// are, it had a reason of its own, and the fault names the first page of the access.
    #[cold]
    pub fn refused<M: Memory>(access: Access, memory: &M) -> Exit {
        match classify(access, |page| memory.is_mapped(page, access.kind)) {
            Some(Fault::LowMemory) => Exit::Panic,
            Some(Fault::Page { address }) => Exit::PageFault { address, access },
            None => Exit::PageFault { address: access.address & !(PAGE_SIZE_BYTES - 1), access },
        }
    }
}
