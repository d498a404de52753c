//! The platform: nothing but memory and the caller's blobs.

use crate::memory::LocalMemory;
use alloc::sync::Arc;
use core::convert::Infallible;
use javm_interpreter::{Exit, Machine};
use javm_isa::{OpcodeTable, Program};
use nub_abi::error::Abort;
use nub_kernel::arch::{Arch, Blobs, SpaceConfig};

/// Runs the kernel in the host process, over the given blobs.
pub struct LocalArch<B> {
    blobs: B,
}

impl<B: Blobs> LocalArch<B> {
    /// A platform over `blobs`.
    pub fn new(blobs: B) -> Self {
        Self { blobs }
    }
}

impl<B: Blobs> Arch for LocalArch<B> {
    type Memory = LocalMemory;
    type Blobs = B;
    type Native = Infallible;

    fn create_address_space(&mut self, config: SpaceConfig) -> Result<LocalMemory, Abort> {
        Ok(LocalMemory::new(config))
    }

    fn native_features(&mut self) -> u32 {
        0
    }

    fn compile(&mut self, _: &Arc<Program>, _: OpcodeTable, _: u64) -> Option<Infallible> {
        None
    }

    fn enter_native(
        &mut self,
        native: &Infallible,
        _: &mut Machine,
        _: &mut LocalMemory,
    ) -> Result<Exit, Abort> {
        match *native {}
    }

    fn blobs(&mut self) -> &mut B {
        &mut self.blobs
    }
}
