//! The gate: what only ring 0 may do, for code in whatever ring. In ring 0 it is done at once; ring 3 traps
//! by `int3` to a stub (in `trap`) of a few instructions.

use crate::control::{Counters, control};
use core::arch::asm;

/// Asks the gate to forget all translations.
pub const FLUSH_ALL: u32 = 0;
/// Asks the gate to forget one page's translation.
pub const FLUSH_PAGE: u32 = 1;
/// Asks the gate to write to a port.
pub const OUT: u32 = 2;

/// Whether this code runs in ring 3.
pub fn in_ring_3() -> bool {
    let segment: u64;
    // SAFETY: reading cs has no effect.
    unsafe { asm!("mov {}, cs", out(reg) segment, options(nomem, nostack, preserves_flags)) };
    segment & 3 == 3
}

/// Writes to a port: an exit to the host.
pub fn out(port: u16, value: u32) {
    count(|counters| counters.exits += 1);
    if in_ring_3() {
        return enter(OUT, u64::from(value), port);
    }
    // SAFETY: the host acts on it as documented, or ends the guest; memory it changes is scratch memory.
    unsafe { asm!("out dx, eax", in("dx") port, in("eax") value, options(nostack, preserves_flags)) };
}

/// Forgets the cached translation of one page.
pub fn flush_page(address: u64) {
    if in_ring_3() {
        return enter(FLUSH_PAGE, address, 0);
    }
    // SAFETY: forgetting a translation is always allowed.
    unsafe { asm!("invlpg [{}]", in(reg) address, options(nostack, preserves_flags)) };
}

/// Forgets all cached translations.
pub fn flush_all() {
    if in_ring_3() {
        return enter(FLUSH_ALL, 0, 0);
    }
    // SAFETY: the same root again.
    unsafe { asm!("mov {t}, cr3", "mov cr3, {t}", t = out(reg) _, options(nostack, preserves_flags)) };
}

fn enter(what: u32, with: u64, port: u16) {
    count(|counters| counters.gate_calls += 1);
    // SAFETY: the stub does what is asked, changes no register but rax, and returns; see the functions above
    // for why each is allowed.
    unsafe { asm!("int3", inout("rax") u64::from(what) => _, in("rdi") with, in("rdx") u64::from(port)) };
}

/// Counts. The fault path may be using the control block.
fn count(work: impl FnOnce(&mut Counters)) {
    // SAFETY: the counters are plain words, and nothing runs beside this code.
    unsafe {
        let counters = &raw mut (*control()).counters;
        let mut values = counters.read();
        work(&mut values);
        counters.write(values);
    }
}
