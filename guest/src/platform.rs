//! The platform that the kernel runs on.

use crate::blobs::HostBlobs;
use crate::frames;
use crate::space::HyperlightMemory;
use core::convert::Infallible;
use javm_interpreter::{Exit, Machine};
use javm_isa::{OpcodeTable, Program};
use nub_abi::error::Abort;
use nub_kernel::arch::{Arch, SpaceConfig};

/// Hardware-paged memory, and the host's store.
pub struct HyperlightArch {
    blobs: HostBlobs,
}

impl HyperlightArch {
    /// The platform.
    pub fn new() -> Self {
        Self { blobs: HostBlobs }
    }
}

impl Arch for HyperlightArch {
    type Memory = HyperlightMemory;
    type Blobs = HostBlobs;
    type Native = Infallible;

    fn create_address_space(&mut self, config: SpaceConfig) -> Result<HyperlightMemory, Abort> {
        HyperlightMemory::new(config)
    }

    fn native_features(&mut self) -> u32 {
        0
    }

    fn compile(&mut self, _: &Program, _: OpcodeTable, _: u64) -> Option<Infallible> {
        None
    }

    fn enter_native(
        &mut self,
        native: &Infallible,
        _: &mut Machine,
        _: &mut HyperlightMemory,
    ) -> Result<Exit, Abort> {
        match *native {}
    }

    fn free_bytes(&self) -> Option<u64> {
        Some(frames::free_bytes())
    }

    fn blobs(&mut self) -> &mut HostBlobs {
        &mut self.blobs
    }
}
