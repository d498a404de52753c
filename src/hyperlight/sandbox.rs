//! One life of the guest image.

use super::callbacks::Staged;
use super::exits::Exits;
use super::watchdog::Watchdog;
use super::{
    GuestConfig, HyperlightError, callbacks, epitaph, has_hardware_virtualisation, image, kvm, telemetry,
};
use crate::blobs::Storage;
use crate::environment::choice;
use hyperlight_host::hypervisor::InterruptHandle;
use hyperlight_host::mem::memory_region::MemoryRegionFlags;
use hyperlight_host::sandbox::builder::SandboxBuilder;
use nub_abi::guest::{Answer, Figures, Framed, LogLevel, MESSAGE_BYTES_MAX, PROBE, Probe, ProbeReply, RPC};
use nub_abi::rpc::{Reply, Request};
use parity_scale_codec::{Decode, DecodeAll, Encode};
use std::sync::Arc;
use std::time::Duration;

/// Hyperlight's own heap in the guest. The image never uses it.
const HYPERLIGHT_HEAP_BYTES: u64 = 64 << 10;
/// A buffer for the longest message and what Hyperlight adds to it.
const BUFFER_BYTES: usize = MESSAGE_BYTES_MAX + (64 << 10);
const PAGE_BYTES: usize = 4096;
/// A request and its reply are in the buffers to the host at once when the guest calls back.
const BUFFERS_TO_HOST: usize = 2;
/// Scratch memory that is not arena: queues, page tables, stacks, copies of globals.
const OVERHEAD_BYTES: u64 = ((1 + BUFFERS_TO_HOST) * BUFFER_BYTES) as u64 + (6 << 20);
/// The least arena that boots with room to work.
const ARENA_BYTES_MIN: u64 = 16 << 20;
/// The most scratch memory Hyperlight gives, less the overhead and the tables for it.
const ARENA_BYTES_MAX: u64 = 15 << 30;

/// A booted image. It lives until a call crashes it.
pub struct Sandbox {
    // Before the machine, so that it is gone first.
    watchdog: Watchdog,
    vm: hyperlight_host::Sandbox,
    staged: Staged,
    exits: Exits,
    /// What the guest said last.
    figures: Figures,
    deadline: Duration,
}

impl Sandbox {
    /// Boots the image. The kernel in it waits for [`Request::Boot`].
    ///
    /// # Errors
    /// [`HyperlightError`]: no KVM, no image, a bad arena size, or a boot that failed.
    pub fn boot(config: &GuestConfig, storage: impl Into<Storage>) -> Result<Self, HyperlightError> {
        let image = image::guest_image()?;
        kvm::kvm_missing()?;
        let builder = SandboxBuilder::from_bytes(image)
            .init_data(start_data(config)?, MemoryRegionFlags::READ)
            .heap_size(HYPERLIGHT_HEAP_BYTES)
            .scratch_size(scratch_bytes(config.arena_bytes)?)
            .h2g_buffer_size(BUFFER_BYTES)
            .h2g_pool_pages(2 * BUFFER_BYTES / PAGE_BYTES + 1)
            .g2h_buffer_size(BUFFER_BYTES)
            .g2h_pool_pages(BUFFERS_TO_HOST * BUFFER_BYTES / PAGE_BYTES + 1);
        let exits = Exits::default();
        let (builder, staged) = callbacks::register(builder, storage.into(), &exits);
        let vm = builder.build().map_err(|error| HyperlightError::Boot { reason: error.to_string() })?;
        let watchdog = Watchdog::start(vm.interrupt_handle());
        Ok(Self { watchdog, vm, staged, exits, figures: Figures::default(), deadline: config.deadline })
    }

    /// Sends a request to the kernel and waits for its reply.
    ///
    /// # Errors
    /// [`HyperlightError`]: a message that is too long leaves the guest as it is; a crash ends it.
    pub fn request(&mut self, request: &Request) -> Result<Reply, HyperlightError> {
        self.call(RPC, request.encode())
    }

    /// Asks the image itself.
    ///
    /// # Errors
    /// As [`Sandbox::request`].
    pub fn probe(&mut self, probe: &Probe) -> Result<ProbeReply, HyperlightError> {
        self.call(PROBE, probe.encode())
    }

    /// Whether the guest has crashed: every further call gives [`HyperlightError::Poisoned`].
    pub fn is_poisoned(&self) -> bool {
        !self.vm.status().is_ready()
    }

    /// What ends a call from another thread.
    pub(super) fn interrupt_handle(&self) -> Arc<dyn InterruptHandle> {
        self.vm.interrupt_handle()
    }

    /// Why it exited to the host, and how often; the most frequent cause first.
    pub fn exits(&self) -> Vec<(String, u64)> {
        self.exits.histogram()
    }

    fn call<T: Decode>(&mut self, function: &'static str, request: Vec<u8>) -> Result<T, HyperlightError> {
        if request.len() > MESSAGE_BYTES_MAX {
            let (bytes, limit) = (request.len() as u64, MESSAGE_BYTES_MAX as u64);
            return Err(HyperlightError::RequestTooLarge { bytes, limit });
        }
        if self.is_poisoned() {
            return Err(HyperlightError::Poisoned);
        }
        self.staged.clear();
        self.watchdog.arm(self.deadline);
        let answer = self.vm.call(function, request);
        let is_late = self.watchdog.disarm();
        let answer: Vec<u8> = answer.map_err(|error| self.crash(error, is_late))?;
        self.exits.count(format!("halt: {function}"));
        let Answer { notes, framed } = decode(&answer)?;
        telemetry::deliver(&notes, &mut self.figures);
        match framed {
            Framed::Message(reply) => Ok(reply),
            Framed::Refused(abort) => Err(HyperlightError::Refused(abort)),
            Framed::TooLarge(bytes) => {
                Err(HyperlightError::ReplyTooLarge { bytes, limit: MESSAGE_BYTES_MAX as u64 })
            }
        }
    }

    /// What became of the guest. It is told to `tracing` too, for whoever gets the error may not print it.
    fn crash(&self, error: hyperlight_host::HyperlightError, is_late: bool) -> HyperlightError {
        let died = self.death(error, is_late);
        self.exits.count("death");
        metrics::counter!("nub_guest_deaths_total").increment(1);
        tracing::error!("{died}");
        died
    }

    fn death(&self, error: hyperlight_host::HyperlightError, is_late: bool) -> HyperlightError {
        use hyperlight_host::HyperlightError as Cause;
        match error {
            Cause::ExecutionCanceledByHost() if is_late => {
                HyperlightError::DeadlineExceeded { limit: self.deadline }
            }
            Cause::ExecutionCanceledByHost() => HyperlightError::Killed,
            Cause::GuestAborted(_, words) => {
                let image = image::guest_image().unwrap_or_default();
                HyperlightError::GuestCrashed { epitaph: epitaph::readable(&words, image) }
            }
            error => HyperlightError::GuestCrashed { epitaph: error.to_string() },
        }
    }
}

/// What the image is told at boot: the privilege map; whether there is hardware behind KVM, so that optional
/// instructions of the processor do what they should, or fault, where programs run, and the stack pointer may hold any
/// number. KVM without hardware emulates ring 0, and ring 3 too while the stack pointer is no canonical address; its
/// emulator is slow, gets some instructions wrong, or gives up on them. Then the level of the log, and whether tests may
/// plant machine code.
fn start_data(config: &GuestConfig) -> Result<Vec<u8>, HyperlightError> {
    Ok(vec![
        config.privilege.resolve()? as u8,
        has_hardware_virtualisation().into(),
        choice("NUB_GUEST_LOG", &LOG_LEVELS)?.unwrap_or(config.log_level) as u8,
        config.may_plant_code.into(),
    ])
}

/// Levels by their names in the environment.
const LOG_LEVELS: [(&str, LogLevel); 6] = [
    ("off", LogLevel::Off),
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.exits.trace();
    }
}

fn decode<T: DecodeAll>(bytes: &[u8]) -> Result<T, HyperlightError> {
    T::decode_all(&mut &*bytes).map_err(|error| HyperlightError::BadReply { reason: error.to_string() })
}

/// All scratch memory for an arena. Its page tables need a 512th of it.
fn scratch_bytes(arena_bytes: u64) -> Result<usize, HyperlightError> {
    if !(ARENA_BYTES_MIN..=ARENA_BYTES_MAX).contains(&arena_bytes) {
        let (min, max) = (ARENA_BYTES_MIN, ARENA_BYTES_MAX);
        return Err(HyperlightError::ArenaSize { bytes: arena_bytes, min, max });
    }
    let bytes = arena_bytes + arena_bytes / 256 + OVERHEAD_BYTES;
    Ok(bytes.next_multiple_of(PAGE_BYTES as u64) as usize)
}
