//! What ring 3 can reach where programs run there under a kernel in ring 0: one program's window with its
//! context, and its code. Entries of the upper tables of everything else are closed.

use crate::control::{control, with_control};
use crate::gate::flush_all;
use crate::layout::{CODE, PAGE_BYTES, WINDOW_BYTES};
use crate::page_table::{Entry, Slot};
use crate::single::Single;
use crate::trap::TrapFrame;
use crate::window::{upper_table, window_base};
use crate::{code_memory, descriptor, features, frames, native_entry};
use core::arch::{asm, global_asm};
use core::ops::Range;

/// What is open.
static OPEN: Single<Open> = Single::new(Open { window: None, code: 0..0 });

struct Open {
    window: Option<usize>,
    /// Units of code.
    code: Range<u64>,
}

/// Prepares ring 3 for programs. Ring 0, at boot.
pub fn isolate_programs() {
    with_control(|control| {
        control.isolates_programs = true;
        descriptor::isolate_programs(control);
    });
    forbid_clock_and_calls();
    forbid_vectors();
    let page = frames::take_zeroed().expect("frames at boot");
    let code = native_entry::exit_code();
    // SAFETY: the frame is fresh.
    unsafe { crate::arena::to_virtual(page).copy_from_nonoverlapping(code.as_ptr(), code.len()) };
    code_memory::map_exit_page(CODE, page).expect("frames at boot");
}

/// Ring 3 may not read the clock, and has no fast way into ring 0.
fn forbid_clock_and_calls() {
    const TIME_STAMP_DISABLE: u64 = 1 << 2;
    // SAFETY: the kernel uses neither.
    unsafe {
        asm!("mov {t}, cr4", "or {t}, {tsd}", "mov cr4, {t}", t = out(reg) _, tsd = const TIME_STAMP_DISABLE);
        forbid_system_calls();
    }
}

/// Programs have no registers but the general ones: those of x87, MMX, SSE and AVX would carry one program's data to
/// the next. Nor may ring 3 ask where the kernel's tables are, if the processor can forbid that.
fn forbid_vectors() {
    const EMULATE_X87: u64 = 1 << 2;
    const VECTOR_STATE: u64 = 1 << 9 | 1 << 18;
    const FORBID_TABLE_ADDRESSES: u64 = 1 << 11;
    let table_addresses = if features::can_hide_tables() { FORBID_TABLE_ADDRESSES } else { 0 };
    // SAFETY: the kernel is soft-float, uses none of these registers, and asks for no table.
    unsafe {
        asm!("mov {t}, cr0", "or {t}, {bit}", "mov cr0, {t}", t = out(reg) _, bit = const EMULATE_X87);
        asm!(
            "mov {t}, cr4",
            "and {t}, {vectors}",
            "or {t}, {tables}",
            "mov cr4, {t}",
            t = out(reg) _,
            vectors = in(reg) !VECTOR_STATE,
            tables = in(reg) table_addresses,
        );
    }
}

// An emulator that has neither instruction has no fast system calls either: it faults here, and goes on behind.
global_asm!(
    ".global forbid_system_calls",
    "forbid_system_calls:",
    "mov ecx, {efer}",
    "rdmsr",
    "and eax, {mask}",
    "wrmsr",
    "mov ecx, {sysenter_cs}",
    "xor eax, eax",
    "xor edx, edx",
    "wrmsr",
    ".global system_calls_forbidden",
    "system_calls_forbidden:",
    "ret",
    efer = const 0xc000_0080_u32,
    mask = const -2,
    sysenter_cs = const 0x174,
);

unsafe extern "C" {
    fn forbid_system_calls();
    static system_calls_forbidden: u8;
}

/// Goes on after instructions that this machine need not have. False: the trap is not one of those.
pub fn skip_optional(frame: &mut TrapFrame) -> bool {
    let end = (&raw const system_calls_forbidden) as u64;
    let is_optional = (forbid_system_calls as *const () as u64..end).contains(&frame.rip);
    if is_optional {
        frame.rip = end;
    }
    is_optional
}

/// Whether programs run in ring 3 under a kernel in ring 0.
pub fn isolates() -> bool {
    // SAFETY: the word is set at boot and does not change.
    unsafe { (&raw const (*control()).isolates_programs).read() }
}

/// The entry of a window's upper table that points to a table.
pub fn window_entry(window: usize, table: u64) -> Entry {
    let is_open = !isolates() || OPEN.with(|open| open.window == Some(window));
    if is_open { Entry::table(table) } else { Entry::kernel_table(table, false) }
}

/// The entry that points to the table of a unit of code.
pub fn code_entry(table: u64) -> Entry {
    if isolates() { Entry::kernel_table(table, false) } else { Entry::table(table) }
}

/// Opens a window and some units of code to ring 3, and nothing else.
pub fn open(window: usize, code: &Range<u64>) {
    if !isolates() {
        return;
    }
    OPEN.with(|open| {
        if open.window == Some(window) && open.code == *code {
            return;
        }
        open.window.into_iter().for_each(|window| set_window(window, false));
        set_code(&open.code, false);
        set_window(window, true);
        set_code(code, true);
        *open = Open { window: Some(window), code: code.clone() };
        flush_all();
    });
}

/// Forgets units of code that are going away.
pub fn forget(code: &Range<u64>) {
    OPEN.with(|open| {
        if open.code == *code {
            open.code = 0..0;
        }
    });
}

fn set_window(window: usize, is_open: bool) {
    let first = (window_base(window) - PAGE_BYTES) >> 30;
    let last = (window_base(window) + WINDOW_BYTES - 1) >> 30;
    for index in first..=last {
        // SAFETY: the upper table is one for good.
        set(unsafe { Slot::new(upper_table(window), index & 511) }, is_open);
    }
}

fn set_code(units: &Range<u64>, is_open: bool) {
    units.clone().filter_map(code_memory::unit_slot).for_each(|slot| set(slot, is_open));
}

fn set(slot: Slot, is_open: bool) {
    let entry = slot.read();
    if entry.is_present() {
        slot.write(if is_open { entry.opened() } else { entry.closed() });
    }
}
