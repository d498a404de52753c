//! Where a test runs.

use nub::hyperlight::{HyperlightError, is_required, unavailable};
use nub::{BackendKind, EnginePolicy, Nub};

use crate::Chain;

/// Most states of one test.
const CANDIDATES_MAX: u32 = 100_000;
/// Most bytes of them.
const CANDIDATE_BYTES: u64 = 64 << 20;

/// A backend and an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// This process, the interpreter.
    Local,
    /// A micro-VM, the interpreter.
    Interpreter,
    /// A micro-VM, the recompiler.
    Recompiler,
}

impl Backend {
    /// All of them.
    pub const ALL: [Backend; 3] = [Backend::Local, Backend::Interpreter, Backend::Recompiler];

    /// Whether it can run here; says in one line why not.
    ///
    /// # Panics
    /// If it cannot and the environment requires it.
    pub fn runs(self) -> bool {
        if self == Backend::Local {
            return true;
        }
        let Some(missing) = unavailable() else { return true };
        assert!(!is_required(&missing), "a micro-VM is required: {missing}");
        match missing {
            HyperlightError::NoGuestImage { reason } => println!("SKIPPED: no guest image ({reason})"),
            missing => println!("SKIPPED: no KVM ({missing})"),
        }
        false
    }

    /// A handle on it without a state.
    pub(crate) fn start(self) -> Nub {
        let (kind, engine) = match self {
            Backend::Local => (BackendKind::Local, EnginePolicy::Interpreter),
            Backend::Interpreter => (BackendKind::Hyperlight, EnginePolicy::Interpreter),
            Backend::Recompiler => (BackendKind::Hyperlight, EnginePolicy::Recompiler),
        };
        let builder = Nub::builder().backend(kind).engine(engine);
        let built = builder.candidates_max(CANDIDATES_MAX).candidate_bytes(CANDIDATE_BYTES).build();
        built.unwrap_or_else(|error| panic!("no handle: {error}"))
    }
}

/// Runs a test on a fresh chain, if the backend can run here.
pub fn run(backend: Backend, test: impl FnOnce(&mut Chain)) {
    if backend.runs() {
        test(&mut Chain::new(backend));
    }
}
