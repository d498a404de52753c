//! The deprivileged map: kernel and programs in ring 3, and in ring 0 the trap stubs alone.
//!
//! Everything is open to ring 3, page tables included, so changes to them cost no trap; what is left for the
//! gate are flushes and exits. The map isolates nothing from anything. It is for machines that emulate
//! ring 0 one instruction at a time and run ring 3 at full speed.

use crate::control::{Control, control};
use crate::gate::flush_all;
use crate::layout::{CONTROL, PAGE_BYTES, STACK_BYTES, STACK_TOP};
use crate::page_table::open_to_ring_3;
use core::ops::Range;

/// Prepares ring 3 and has calls served there from the next one on. Ring 0.
pub fn drop_to_ring_3() {
    own_data();
    let control_block = CONTROL..CONTROL + size_of::<Control>() as u64;
    for range in [image(), control_block, STACK_TOP - STACK_BYTES..STACK_TOP] {
        for page in range.step_by(PAGE_BYTES as usize) {
            // SAFETY: tables lie in scratch memory, and ring 3 is the kernel.
            unsafe { open_to_ring_3(page) };
        }
    }
    flush_all();
    // SAFETY: nothing else refers to the word.
    unsafe { (&raw mut (*control()).kernel_ring).write(3) };
}

/// Replaces the pages of the image's data by copies of our own, as a first write does: ring 3 cannot.
fn own_data() {
    for page in data().step_by(PAGE_BYTES as usize) {
        let first = page as *mut u8;
        // SAFETY: the page is data of the image; it is written what it holds.
        unsafe { first.write_volatile(first.read_volatile()) };
    }
}

unsafe extern "C" {
    static __ehdr_start: u8;
    static etext: u8;
    static _end: u8;
}

fn image() -> Range<u64> {
    (&raw const __ehdr_start) as u64..(&raw const _end) as u64
}

/// The pages after code and constants.
fn data() -> Range<u64> {
    let code_end = (&raw const etext) as u64;
    code_end.next_multiple_of(PAGE_BYTES)..image().end
}
