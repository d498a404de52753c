//! The context page of a window: the last page before it, with the state of machine code in its last octets.
//!
//! A window gets it when machine code first runs there, and keeps it for good. What one program left there the next
//! one does not find, where programs are isolated.

use crate::frames;
use crate::isolation;
use crate::layout::{PAGE_BYTES, WINDOW_COUNT};
use crate::page_table::{Entry, Slot};
use crate::single::Single;
use crate::window::{upper_table, window_base};
use core::arch::asm;
use nub_abi::error::Abort;

/// A bit for each window that has one.
static HAVE: Single<u128> = Single::new(0);

const _: () = assert!(WINDOW_COUNT <= 128);
const _: () = assert!(javm_recompiler_x86::CONTEXT_LEN_BYTES < PAGE_BYTES as usize);

/// Sees to it that a window has a context, for an address space that has not run machine code yet.
pub fn make(window: usize) -> Result<(), Abort> {
    if HAVE.with(|have| *have & 1 << window == 0) {
        map(window).ok_or(Abort::OutOfFrames)?;
        HAVE.with(|have| *have |= 1 << window);
    } else if isolation::isolates() {
        wipe(window);
    }
    Ok(())
}

/// Forgets what the last program left in the page.
fn wipe(window: usize) {
    let page = window_base(window) - PAGE_BYTES;
    // SAFETY: the page is mapped, no code runs, and nothing refers to it. For the instruction see `frames::zero`.
    unsafe {
        asm!(
            "rep stosq",
            inout("rdi") page => _,
            inout("rcx") PAGE_BYTES / 8 => _,
            in("rax") 0,
            options(nostack, preserves_flags),
        );
    }
}

fn map(window: usize) -> Option<()> {
    let frames = [frames::take_zeroed(), frames::take_zeroed(), frames::take_zeroed()];
    let [Some(middle), Some(lower), Some(page)] = frames else {
        frames.into_iter().flatten().for_each(frames::give_zeroed);
        return None;
    };
    let address = window_base(window) - PAGE_BYTES;
    // SAFETY: the upper table is one for good, and nothing but this maps the page before a window; the other
    // two are fresh.
    unsafe {
        Slot::new(lower, (address >> 12) & 511).write(Entry::private(page));
        Slot::new(middle, (address >> 21) & 511).write(Entry::table(lower));
        Slot::new(upper_table(window), (address >> 30) & 511).write(isolation::window_entry(window, middle));
    }
    Some(())
}
