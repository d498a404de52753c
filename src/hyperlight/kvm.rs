//! Whether a micro-VM can run here.

use super::{HyperlightError, image};
use std::fs::OpenOptions;

const DEVICE: &str = "/dev/kvm";

/// Why a micro-VM cannot run here; `None` if it can.
pub fn unavailable_reason() -> Option<String> {
    unavailable().map(|error| error.to_string())
}

/// Why a micro-VM cannot run here, as the error that starting one would give; `None` if it can.
pub fn unavailable() -> Option<HyperlightError> {
    image::guest_image().err().or_else(|| kvm_missing().err())
}

/// Whether the environment says that what is missing must be there: `NUB_REQUIRE_GUEST=1` for the guest
/// image, `NUB_REQUIRE_KVM=1` for KVM. Tests and tools fail then instead of going on without.
pub fn is_required(missing: &HyperlightError) -> bool {
    let variable = match missing {
        HyperlightError::NoGuestImage { .. } => "NUB_REQUIRE_GUEST",
        _ => "NUB_REQUIRE_KVM",
    };
    std::env::var_os(variable).is_some_and(|value| value == "1")
}

/// An error if there is no usable KVM.
pub(super) fn kvm_missing() -> Result<(), HyperlightError> {
    if let Err(error) = OpenOptions::new().read(true).write(true).open(DEVICE) {
        return Err(HyperlightError::NoKvm { reason: format!("{DEVICE}: {error}") });
    }
    if !hyperlight_host::is_hypervisor_present() {
        let reason = format!("{DEVICE} can be opened, but does not work as a hypervisor");
        return Err(HyperlightError::NoKvm { reason });
    }
    Ok(())
}

/// Whether the processor virtualises in hardware (`vmx` or `svm`). Where it does not and KVM works all the
/// same, ring-0 guest code is emulated, at about a microsecond an instruction.
pub fn has_hardware_virtualisation() -> bool {
    let Ok(info) = std::fs::read_to_string("/proc/cpuinfo") else { return false };
    info.lines()
        .filter(|line| line.starts_with("flags"))
        .any(|line| line.split_whitespace().any(|flag| flag == "vmx" || flag == "svm"))
}
