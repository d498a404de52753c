//! The platform that the kernel runs on.

use crate::blobs::{GuestBlobs, HostBlobs};
use crate::features;
use crate::frames;
use crate::native::NativeProgram;
use crate::space::HyperlightMemory;
use alloc::sync::Arc;
use javm_interpreter::{Exit, Machine};
use javm_isa::{OpcodeTable, Program};
use javm_recompiler_x86::Features;
use nub_abi::error::Abort;
use nub_kernel::arch::{Arch, SpaceConfig};

/// Hardware-paged memory, machine code, and the host's store.
pub struct HyperlightArch {
    blobs: GuestBlobs,
    /// Found when first asked for.
    features: Option<Features>,
}

impl HyperlightArch {
    /// The platform.
    pub fn new() -> Self {
        Self { blobs: GuestBlobs::Callbacks(HostBlobs), features: None }
    }

    fn features(&mut self) -> Features {
        *self.features.get_or_insert_with(features::find)
    }
}

impl Arch for HyperlightArch {
    type Memory = HyperlightMemory;
    type Blobs = GuestBlobs;
    type Native = NativeProgram;

    fn create_address_space(&mut self, config: SpaceConfig) -> Result<HyperlightMemory, Abort> {
        HyperlightMemory::new(config)
    }

    fn native_features(&mut self) -> u32 {
        features::number(self.features())
    }

    fn compile(
        &mut self,
        program: &Arc<Program>,
        table: OpcodeTable,
        memory_bytes_max: u64,
    ) -> Option<NativeProgram> {
        NativeProgram::new(program, table, self.features(), memory_bytes_max)
    }

    fn enter_native(
        &mut self,
        native: &NativeProgram,
        machine: &mut Machine,
        memory: &mut HyperlightMemory,
    ) -> Result<Exit, Abort> {
        native.enter(machine, memory)
    }

    fn free_bytes(&self) -> Option<u64> {
        Some(frames::free_bytes())
    }

    fn blobs(&mut self) -> &mut GuestBlobs {
        &mut self.blobs
    }
}
