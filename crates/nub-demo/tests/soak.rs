//! A short soak: memory stays as it was after warm-up.

use nub::hyperlight::{GuestConfig, Privilege, is_required, unavailable};
use nub_demo::soak::{Plan, is_flat, run};

#[test]
fn memory_is_flat_over_a_few_hundred_blocks() {
    if let Some(missing) = unavailable() {
        assert!(!is_required(&missing), "a micro-VM is required: {missing}");
        println!("SKIPPED: no KVM ({missing})");
        return;
    }
    // An emulated ring 0 would take minutes.
    let privilege = Privilege::Kernel3Programs3;
    let guest = GuestConfig { arena_bytes: 64 << 20, privilege, ..GuestConfig::default() };
    let plan = Plan { blocks: 200, transfers: 4, sample_every: 5, guest };
    let samples = run(&plan, |_| {}).unwrap();
    assert!(is_flat(&samples), "{samples:#?}");
}
