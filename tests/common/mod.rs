//! What tests of the guest share: sandboxes that run, or a line that says why not.
#![allow(dead_code)]

#[allow(clippy::duplicate_mod)] // See `chain`.
mod available;

#[allow(unused_imports)]
pub use available::hyperlight_runs as runs;
use nub::SharedBlobs;
use nub::hyperlight::probe::{Death, Figures, Probe, ProbeReply};
use nub::hyperlight::{GuestConfig, HyperlightError, Privilege, Sandbox};

/// Every privilege map.
pub const MAPS: [Privilege; 3] =
    [Privilege::Kernel0Programs0, Privilege::Kernel0Programs3, Privilege::Kernel3Programs3];

/// A guest with little memory, for it boots and runs out of it sooner.
pub fn small() -> GuestConfig {
    GuestConfig { arena_bytes: 32 << 20, ..GuestConfig::default() }
}

/// A booted image; `None` if there can be none.
pub fn boot() -> Option<Sandbox> {
    runs().then(|| boot_as(&small()))
}

/// A booted image, where there can be one.
pub fn boot_as(config: &GuestConfig) -> Sandbox {
    Sandbox::boot(config, SharedBlobs::in_memory()).unwrap()
}

/// Asks for a number.
pub fn number(guest: &mut Sandbox, probe: &Probe) -> u64 {
    match guest.probe(probe).unwrap() {
        ProbeReply::Number(number) => number,
        reply => panic!("{probe:?}: {reply:?}"),
    }
}

/// Asks for the figures.
pub fn figures(guest: &mut Sandbox) -> Figures {
    match guest.probe(&Probe::Figures).unwrap() {
        ProbeReply::Figures(figures) => figures,
        reply => panic!("{reply:?}"),
    }
}

/// Whether the guest does what it is asked.
pub fn is_alive(guest: &mut Sandbox) -> bool {
    guest.probe(&Probe::Nothing).unwrap() == ProbeReply::Done
}

/// Lets the guest die and gives its epitaph.
pub fn epitaph(guest: &mut Sandbox, death: Death) -> String {
    match guest.probe(&Probe::Die(death)) {
        Err(HyperlightError::GuestCrashed { epitaph }) => epitaph,
        other => panic!("{death:?}: {other:?}"),
    }
}

/// A count from the environment.
pub fn count(variable: &str, default: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
