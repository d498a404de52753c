//! Page faults: pages of program windows, and globals of the image on their first write.
//!
//! This code runs on the trap stack in the middle of anything. It takes what it needs from the control
//! block, the page tables and the meter that the accessor carries; it allocates nothing, calls nothing of
//! the kernel and writes no global.

use crate::accessors;
use crate::control::{Control, WindowControl, control, with_control};
use crate::frames;
use crate::gate::{self, flush_page};
use crate::layout::{PAGE_BYTES, WINDOW_BYTES, WINDOW_OFFSET, WINDOW_STRIDE, WINDOWS, WINDOWS_RANGE};
use crate::page_table::{Entry, Slot, Walk, walk};
use crate::trap::TrapFrame;
use crate::window::upper_table;
use hyperlight_common::vmem::{BasicMapping, MappingKind};
use hyperlight_guest::paging::{map_region, virt_to_phys};
use hyperlight_guest::prim_alloc::alloc_phys_pages;
use javm_interpreter::Meter;
use javm_isa::AccessKind;

const ERROR_PRESENT: u64 = 1;
const ERROR_WRITE: u64 = 1 << 1;
const ERROR_RESERVED: u64 = 1 << 3;
const ERROR_FETCH: u64 = 1 << 4;

/// Deals with a page fault by what it returns to. False: it is nobody's, the guest must die.
pub fn page_fault(frame: &mut TrapFrame) -> bool {
    let address = fault_address();
    if !accessors::range().contains(&frame.rip) || !WINDOWS_RANGE.contains(&address) {
        return image_page(address, frame.error_code);
    }
    if is_odd(frame.error_code) {
        return false;
    }
    // SAFETY: the accessor has a `&mut Meter` in rsi.
    let meter = unsafe { &mut *(frame.rsi as *mut Meter) };
    with_control(|control| {
        if !fill_window_page(control, address, kind(frame.error_code), meter) {
            control.counters.misses += 1;
            frame.rip = accessors::miss_landing();
        }
    });
    true
}

/// Whether a fault has a cause that no access to a window has: a broken entry, or the fetch of an instruction.
pub fn is_odd(error_code: u64) -> bool {
    error_code & (ERROR_RESERVED | ERROR_FETCH) != 0
}

/// Fills or copies a page of a window, if its rules and the meter allow; else nothing changes.
pub fn fill_window_page(control: &mut Control, address: u64, kind: AccessKind, meter: &mut Meter) -> bool {
    window_page(control, address, kind == AccessKind::Store, meter).is_some()
}

/// What the access was that faulted.
pub fn kind(error_code: u64) -> AccessKind {
    if error_code & ERROR_WRITE != 0 { AccessKind::Store } else { AccessKind::Load }
}

/// The address of the last page fault, as the stub noted it.
pub fn fault_address() -> u64 {
    // SAFETY: the stub wrote the word; nothing writes to it now.
    unsafe { (&raw const (*control()).fault_address).read() }
}

/// The four outcomes for a page of a window: `None` is a miss, and nothing has changed.
fn window_page(control: &mut Control, address: u64, is_store: bool, meter: &mut Meter) -> Option<()> {
    let (window, offset) = ((address - WINDOWS) / WINDOW_STRIDE, (address - WINDOWS) % WINDOW_STRIDE);
    let offset = offset.checked_sub(WINDOW_OFFSET).filter(|&offset| offset < WINDOW_BYTES)?;
    let (window, page) = (window as usize, (offset / PAGE_BYTES) as u32);
    // SAFETY: the upper tables are made at boot, before any accessor runs.
    let Walk::Page(slot) = (unsafe { walk(upper_table(window), window, page) }) else { return None };
    let entry = slot.read();
    if !entry.is_present() {
        return demand_zero(control, window, page, slot, is_store, meter);
    }
    if is_store && entry.is_copy_on_write() {
        copy(control, window, slot, entry.frame(), meter)?;
        flush_page(address & !(PAGE_BYTES - 1));
        return Some(());
    }
    None
}

fn demand_zero(
    control: &mut Control,
    window: usize,
    page: u32,
    slot: Slot,
    is_store: bool,
    meter: &mut Meter,
) -> Option<()> {
    let rules: &mut WindowControl = &mut control.windows[window];
    if !rules.is_demand_zero(page) {
        return None;
    }
    let price = if is_store { rules.touch_gas.checked_add(rules.store_gas)? } else { rules.touch_gas };
    let gas_left = meter.gas_left.checked_sub(price)?;
    let pages_left = meter.pages_left.checked_sub(1)?;
    if is_store && control.zeros.count() == 0 || !rules.log_page(page) {
        return None;
    }
    let entry = match is_store {
        true => Entry::private(control.zeros.pop()?),
        false => Entry::copy_on_write(control.zero_frame),
    };
    slot.write(entry);
    (meter.gas_left, meter.pages_left) = (gas_left, pages_left);
    control.counters.demand_zero += 1;
    Some(())
}

fn copy(control: &mut Control, window: usize, slot: Slot, shared: u64, meter: &mut Meter) -> Option<()> {
    let gas_left = meter.gas_left.checked_sub(control.windows[window].store_gas)?;
    let own = if shared == control.zero_frame {
        control.zeros.pop()?
    } else {
        let own = control.copies.pop()?;
        frames::copy(shared, own);
        own
    };
    slot.write(Entry::private(own));
    meter.gas_left = gas_left;
    control.counters.copy_on_write += 1;
    Some(())
}

/// A page of the image as Hyperlight maps it: read-only or not yet there, to be copied on its first write.
fn image_page(address: u64, error_code: u64) -> bool {
    // Ring 3 starts with all of the image its own, see `privilege`.
    if gate::in_ring_3() || is_code(address) {
        return false;
    }
    let Some(mapping) = virt_to_phys(address).next() else { return false };
    let present = error_code & ERROR_PRESENT != 0;
    let executable = match mapping.kind {
        MappingKind::Cow(page) if present && error_code & ERROR_WRITE != 0 => page.executable,
        MappingKind::ZeroInit(page) if !present => page.executable,
        _ => return false,
    };
    // SAFETY: taking fresh frames is always allowed.
    let own = unsafe { alloc_phys_pages(1) };
    let page = address & !(PAGE_BYTES - 1);
    if present {
        // SAFETY: the page is mapped, the frame is fresh and in the linear map.
        unsafe {
            core::ptr::copy_nonoverlapping(
                page as *const u8,
                crate::arena::to_virtual(own),
                PAGE_BYTES as usize,
            )
        };
    }
    let kind = MappingKind::Basic(BasicMapping { readable: true, writable: true, executable });
    // SAFETY: the frame has the page's content, so nobody can tell it was replaced.
    unsafe { map_region(own, page as *mut u8, PAGE_BYTES, kind) };
    flush_page(page);
    true
}

/// Whether the address is in the image's code or constants, which Hyperlight would let it write to.
fn is_code(address: u64) -> bool {
    unsafe extern "C" {
        static __ehdr_start: u8;
        static etext: u8;
    }
    ((&raw const __ehdr_start) as u64..(&raw const etext) as u64).contains(&address)
}
