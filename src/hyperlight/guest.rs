//! A guest that is restarted on the committed root when it crashes.

use super::{HyperlightError, KillSwitch, LogLevel, Privilege, Sandbox};
use crate::blobs::Storage;
use crate::failure::BackendError;
use nub_abi::guest::{Probe, ProbeReply};
use nub_abi::rpc::{BootConfig, Reply, Request};
use std::time::Duration;

/// How a micro-VM is set up.
#[derive(Clone, Debug)]
pub struct GuestConfig {
    /// Memory of the guest's kernel: heap, frames, page tables. In bytes.
    pub arena_bytes: u64,
    /// In which rings kernel and programs run.
    pub privilege: Privilege,
    /// How long a call may take before the guest is ended.
    pub deadline: Duration,
    /// From which level on the guest logs; its records come out of `tracing` under the target `nub_guest`. The
    /// environment variable `NUB_GUEST_LOG` (`off`, `error`, `warn`, `info`, `debug`, `trace`) overrides it.
    pub log_level: LogLevel,
    /// Whether tests of isolation may have machine code of their own run in place of a program's
    /// ([`Probe::PlantCode`]), in the map that contains it. Never set it for a node.
    #[doc(hidden)]
    pub may_plant_code: bool,
}

impl Default for GuestConfig {
    fn default() -> Self {
        Self {
            arena_bytes: 512 << 20,
            privilege: Privilege::Auto,
            deadline: Duration::from_secs(600),
            log_level: LogLevel::Info,
            may_plant_code: false,
        }
    }
}

/// A running guest, and what it takes to start another.
pub struct Guest {
    sandbox: Sandbox,
    kill_switch: KillSwitch,
    boot: BootConfig,
    storage: Storage,
    config: GuestConfig,
}

impl Guest {
    /// Boots a guest and its kernel.
    ///
    /// # Errors
    /// [`HyperlightError`] if there is no micro-VM to be had, or the guest does not boot.
    pub fn start(
        boot: BootConfig,
        storage: impl Into<Storage>,
        config: GuestConfig,
    ) -> Result<Self, HyperlightError> {
        let storage = storage.into();
        let boot = within(boot, config.arena_bytes);
        let sandbox = booted(&boot, &storage, &config)?;
        let kill_switch = KillSwitch::default();
        kill_switch.point_to(sandbox.interrupt_handle());
        Ok(Self { sandbox, kill_switch, boot, storage, config })
    }

    /// What ends a call from another thread.
    pub fn kill_switch(&self) -> KillSwitch {
        self.kill_switch.clone()
    }

    /// Sends one request and waits for its reply. If an earlier call crashed the guest, a new one is
    /// started on the committed root first.
    ///
    /// # Errors
    /// [`BackendError`] if the guest crashes, cannot be restarted, or a message is too long.
    pub fn request(&mut self, request: &Request) -> Result<Reply, BackendError> {
        if self.sandbox.is_poisoned() {
            self.restart()?;
        }
        Ok(self.sandbox.request(request)?)
    }

    /// Asks the image itself, which is not restarted before.
    ///
    /// # Errors
    /// As [`Sandbox::probe`].
    #[doc(hidden)]
    pub fn probe(&mut self, probe: &Probe) -> Result<ProbeReply, HyperlightError> {
        self.sandbox.probe(probe)
    }

    /// Why this life of the guest exited to the host, and how often; the most frequent cause first.
    pub fn exits(&self) -> Vec<(String, u64)> {
        self.sandbox.exits()
    }

    fn restart(&mut self) -> Result<(), BackendError> {
        metrics::counter!("nub_guest_restarts_total").increment(1);
        tracing::warn!("the guest crashed, starting a new one on the committed root");
        let mut sandbox = booted(&self.boot, &self.storage, &self.config)?;
        if let Some(request) = self.storage.open_request() {
            match sandbox.request(&request)? {
                Reply::Open(Ok(())) | Reply::OpenStore(Ok(_)) => {}
                Reply::Open(Err(error)) | Reply::OpenStore(Err(error)) => {
                    return Err(BackendError::Reopen(error));
                }
                reply => return Err(BackendError::UnexpectedReply(format!("{reply:?}"))),
            }
        }
        self.kill_switch.point_to(sandbox.interrupt_handle());
        self.sandbox = sandbox;
        Ok(())
    }
}

/// Budgets that together leave more than half of the arena to the blocks that run. To commit, candidates are
/// there three times over, the last of them in part of the headroom.
fn within(boot: BootConfig, arena_bytes: u64) -> BootConfig {
    BootConfig {
        candidate_bytes: boot.candidate_bytes.min(arena_bytes / 8),
        cache_bytes: boot.cache_bytes.min(arena_bytes / 8),
        code_bytes: boot.code_bytes.min(arena_bytes / 8),
        ..boot
    }
}

fn booted(boot: &BootConfig, storage: &Storage, config: &GuestConfig) -> Result<Sandbox, HyperlightError> {
    let mut sandbox = Sandbox::boot(config, storage.clone())?;
    match sandbox.request(&Request::Boot(boot.clone()))? {
        Reply::Booted => Ok(sandbox),
        reply => Err(HyperlightError::Boot { reason: format!("the kernel answered {reply:?}") }),
    }
}
