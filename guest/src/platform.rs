//! The platform that the kernel runs on.

use crate::blobs::HostBlobs;
use crate::space::HyperlightMemory;
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

    fn create_address_space(&mut self, config: SpaceConfig) -> Result<HyperlightMemory, Abort> {
        HyperlightMemory::new(config)
    }

    fn blobs(&mut self) -> &mut HostBlobs {
        &mut self.blobs
    }
}
