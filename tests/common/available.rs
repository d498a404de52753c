//! Whether tests of the micro-VM can run here.

use nub::hyperlight::{HyperlightError, is_required, unavailable};

/// Whether a micro-VM can run here. If not, says so in one line, or fails if it is required.
pub fn hyperlight_runs() -> bool {
    let Some(missing) = unavailable() else { return true };
    assert!(!is_required(&missing), "a micro-VM is required: {missing}");
    match missing {
        HyperlightError::NoGuestImage { reason } => println!("SKIPPED: no guest image ({reason})"),
        missing => println!("SKIPPED: no KVM ({missing})"),
    }
    false
}
