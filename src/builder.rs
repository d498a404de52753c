//! How a handle is made.

use crate::backend::Backend;
use crate::blobs::{SharedBlobs, SharedDevice, Storage};
use crate::environment::choice;
use crate::failure::{BackendError, Failure};
use crate::hyperlight::{GuestConfig, unavailable_reason};
use crate::{BackendKind, Nub};
use nub_abi::error::OpenError;
use nub_abi::rpc::{BootConfig, EnginePolicy, Reply, StoreConfig};

/// Engines by their names in the environment.
const ENGINES: [(&str, EnginePolicy); 3] = [
    ("interpreter", EnginePolicy::Interpreter),
    ("recompiler", EnginePolicy::Recompiler),
    ("auto", EnginePolicy::Auto),
];

/// Builds a [`Nub`].
///
/// Defaults: backend [`BackendKind::Auto`], an empty store in memory, a seed from the operating system,
/// 16 candidates in 128 MiB, 64 MiB of cached objects, programs made into machine code where that pays and at most 64 MiB
/// of it kept.
#[must_use = "a builder does nothing until build() is called"]
pub struct NubBuilder {
    kind: BackendKind,
    storage: Storage,
    seed: Option<[u8; 32]>,
    candidates_max: u32,
    candidate_bytes: u64,
    cache_bytes: u64,
    engine: EnginePolicy,
    code_bytes: u64,
    guest: GuestConfig,
}

impl Default for NubBuilder {
    fn default() -> Self {
        Self {
            kind: BackendKind::Auto,
            storage: SharedBlobs::in_memory().into(),
            seed: None,
            candidates_max: 16,
            candidate_bytes: 128 << 20,
            cache_bytes: 64 << 20,
            engine: EnginePolicy::Auto,
            code_bytes: 64 << 20,
            guest: GuestConfig::default(),
        }
    }
}

impl NubBuilder {
    /// Where the kernel runs.
    pub fn backend(mut self, kind: BackendKind) -> Self {
        self.kind = kind;
        self
    }

    /// A device on which committed objects live, in the format of `docs/spec/store.md`. If it holds a
    /// committed root, the handle continues from it; if it is blank, a store is made on it.
    ///
    /// A file is given as a device by [`open_file`](crate::open_file).
    pub fn device(mut self, device: SharedDevice, config: StoreConfig) -> Self {
        self.storage = Storage::Device(device, config);
        self
    }

    /// Where committed objects live, if somebody else's store keeps them. If they hold a committed root, the
    /// handle continues from it.
    pub fn blobs(mut self, blobs: SharedBlobs) -> Self {
        self.storage = blobs.into();
        self
    }

    /// The seed of the kernel's CSPRNG, which keys its caches. Nothing observable depends on it.
    pub fn seed(mut self, seed: [u8; 32]) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Most candidates alive at once.
    pub fn candidates_max(mut self, count: u32) -> Self {
        self.candidates_max = count;
        self
    }

    /// Most bytes that candidates may take: their objects and receipts. A micro-VM allows an eighth of its arena
    /// at most.
    pub fn candidate_bytes(mut self, bytes: u64) -> Self {
        self.candidate_bytes = bytes;
        self
    }

    /// Most bytes of decoded clean objects kept in memory.
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Which engine runs programs in a micro-VM; the local backend has the interpreter alone. The environment
    /// variable `NUB_ENGINE` decides if it is set, to `interpreter`, `recompiler` or `auto`, so that tests can be run
    /// with each. No result depends on it.
    pub fn engine(mut self, policy: EnginePolicy) -> Self {
        self.engine = policy;
        self
    }

    /// Most bytes of machine code kept in a micro-VM's memory, the tables that go with it included.
    pub fn code_bytes(mut self, bytes: u64) -> Self {
        self.code_bytes = bytes;
        self
    }

    /// How a micro-VM is set up; the local backend ignores it.
    pub fn guest(mut self, config: GuestConfig) -> Self {
        self.guest = config;
        self
    }

    /// Starts the backend and, if the store has a committed root, continues from it.
    ///
    /// # Errors
    /// [`Failure::Backend`] if Hyperlight was asked for and is not to be had, or an environment variable has a
    /// value that means nothing; [`Failure::Kernel`] if the committed root cannot be opened.
    pub fn build(self) -> Result<Nub, Failure<OpenError>> {
        let kind = match self.kind {
            BackendKind::Auto => automatic(),
            kind => kind,
        };
        let boot = BootConfig {
            seed: self.seed.unwrap_or_else(random_seed),
            candidates_max: self.candidates_max,
            candidate_bytes: self.candidate_bytes,
            cache_bytes: self.cache_bytes,
            engine: choice("NUB_ENGINE", &ENGINES).map_err(BackendError::from)?.unwrap_or(self.engine),
            code_bytes: self.code_bytes,
        };
        let storage = match kind {
            BackendKind::Hyperlight => self.storage.within(self.guest.arena_bytes / 8),
            BackendKind::Local | BackendKind::Auto => self.storage,
        };
        let open_request = storage.open_request();
        let backend = Backend::start(kind, boot, storage, self.guest)?;
        let mut nub = Nub { backend };
        if let Some(request) = open_request {
            match nub.backend.request(&request)? {
                Reply::Open(result) => result.map_err(Failure::Kernel)?,
                Reply::OpenStore(result) => result.map(|_| ()).map_err(Failure::Kernel)?,
                reply => return Err(BackendError::UnexpectedReply(format!("{reply:?}")).into()),
            }
        }
        Ok(nub)
    }
}

/// Hyperlight where it can run, else the local backend.
fn automatic() -> BackendKind {
    match unavailable_reason() {
        None => BackendKind::Hyperlight,
        Some(reason) => {
            tracing::info!(%reason, "no micro-VM here, running the kernel in the host process");
            BackendKind::Local
        }
    }
}

/// Thirty-two octets of the operating system's randomness.
fn random_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    if let Err(error) = getrandom::fill(&mut seed) {
        // The seed only hardens caches against chosen keys; nothing observable depends on it.
        tracing::warn!(%error, "no randomness from the operating system, caches run with a fixed key");
    }
    seed
}
