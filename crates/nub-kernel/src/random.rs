//! The kernel's randomness: ChaCha20, seeded once by the host. It keys hash maps and nothing else;
//! nothing a program, a receipt or a root can show depends on it.

use core::hash::BuildHasher;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use siphasher::sip::SipHasher13;

/// SipHash-1-3 under a key drawn from the kernel's CSPRNG, for caches with keys others choose.
#[derive(Clone, Copy)]
pub(crate) struct KernelBuildHasher {
    key: (u64, u64),
}

impl KernelBuildHasher {
    /// Draws a key.
    pub(crate) fn new(rng: &mut ChaCha20Rng) -> Self {
        Self { key: (rng.next_u64(), rng.next_u64()) }
    }
}

impl BuildHasher for KernelBuildHasher {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.key.0, self.key.1)
    }
}

/// The CSPRNG of a kernel booted with `seed`.
pub(crate) fn kernel_rng(seed: [u8; 32]) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(seed)
}
