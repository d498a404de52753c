//! The gate: what only ring 0 may do, for code in whatever ring.

use core::arch::asm;

/// Writes to a port: an exit to the host.
pub fn out(port: u16, value: u32) {
    // SAFETY: the host acts on it as documented, or ends the guest; memory it changes is scratch memory.
    unsafe { asm!("out dx, eax", in("dx") port, in("eax") value, options(nostack, preserves_flags)) };
}
