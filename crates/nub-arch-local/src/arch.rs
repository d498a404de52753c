//! The platform: nothing but memory and the caller's blobs.

use crate::memory::LocalMemory;
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

    fn create_address_space(&mut self, config: SpaceConfig) -> Result<LocalMemory, Abort> {
        Ok(LocalMemory::new(config))
    }

    fn blobs(&mut self) -> &mut B {
        &mut self.blobs
    }
}
