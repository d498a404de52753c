//! Large blocks of the heap: runs of pages, mapped one by one to whatever frames there are, so that free
//! memory is never too scattered to be used.
//!
//! A run lies in a slot of addresses whose size is a power of two, in the region of its size's class. It grows
//! in its slot, or moves to a larger one by its page-table entries, never by copying. Entries of a free slot
//! are absent; the first then holds the number of the next free slot. What is unmapped stays *stale*, address
//! and frames, until all translations have been forgotten, which is done for many runs at once.

use crate::frames;
use crate::gate::flush_all;
use crate::layout::{PAGE_BYTES, RUN_CLASS_BYTES, RUN_CLASS_COUNT, RUNS};
use crate::page_table::{Entry, Slot, root};
use crate::single::Single;
use crate::window;
use core::ops::Range;

/// Stale slots and frames at which translations are forgotten.
const STALE_SLOTS_MAX: usize = 64;
const STALE_FRAMES_MAX: u64 = 512;

static STATE: Single<State> = Single::new(State {
    classes: [const { Class { free: 0, unused: 0 } }; RUN_CLASS_COUNT],
    stale: [(0, 0); STALE_SLOTS_MAX],
    stale_count: 0,
});

struct State {
    /// Class n has slots of 2ⁿ⁺¹ pages.
    classes: [Class; RUN_CLASS_COUNT],
    /// Class and number of slots that translations may still name.
    stale: [(u8, u32); STALE_SLOTS_MAX],
    stale_count: usize,
}

struct Class {
    /// The first free slot, plus one.
    free: u32,
    /// The first slot that was never used.
    unused: u32,
}

/// Makes the upper tables, open to ring 3 if the kernel is to run there.
pub fn init(is_for_ring_3: bool) {
    for index in RUNS >> 39..(RUNS + RUN_CLASS_COUNT as u64 * RUN_CLASS_BYTES).div_ceil(1 << 39) {
        let table = frames::take_zeroed().expect("frames at boot");
        // SAFETY: the root is a table for good; `layout` keeps these slots for runs.
        unsafe { Slot::new(root(), index) }.write(Entry::kernel_table(table, is_for_ring_3));
    }
    flush_all();
}

/// Takes a run of pages aligned to `align` octets; null if frames run out.
pub fn take(page_count: u64, align: u64, is_zeroed: bool) -> *mut u8 {
    let Some(class) = class_for(page_count, align) else { return core::ptr::null_mut() };
    if !has_frames(page_count) {
        return core::ptr::null_mut();
    }
    let Some(start) = take_slot(class) else { return core::ptr::null_mut() };
    map(start, 0..page_count, is_zeroed);
    start as *mut u8
}

/// Gives a run back.
///
/// # Safety
/// It came from here and is not used any more.
pub unsafe fn give(run: *mut u8) {
    let start = run as u64;
    unmap(start, 0);
    give_slot(start);
}

/// Makes a run longer or shorter; it may move, aligned to `align` octets as it was. Null, and nothing has changed, if
/// frames run out, which never happens to a run that becomes shorter.
///
/// # Safety
/// The run came from here with the old number of pages and this alignment; it is not used any more if the result is
/// not null.
pub unsafe fn resize(run: *mut u8, old_pages: u64, new_pages: u64, align: u64) -> *mut u8 {
    let start = run as u64;
    let (class, _) = place(start);
    let Some(new_class) = class_for(new_pages, align) else { return core::ptr::null_mut() };
    let fresh = new_pages.saturating_sub(old_pages);
    if !has_frames(fresh + tables(new_pages)) {
        return if fresh > 0 { core::ptr::null_mut() } else { run };
    }
    if new_class == class {
        // Pages that a shorter run leaves stay mapped: an address that was unmapped must not be mapped
        // again before translations are forgotten.
        map(start, old_pages..new_pages, false);
        return run;
    }
    let Some(moved) = take_slot(new_class) else {
        return if fresh > 0 { core::ptr::null_mut() } else { run };
    };
    for page in 0..old_pages.min(new_pages) {
        let from = entry(start + page * PAGE_BYTES);
        entry(moved + page * PAGE_BYTES).write(from.read());
        from.write(Entry::ABSENT);
    }
    unmap(start, old_pages.min(new_pages));
    map(moved, old_pages..new_pages, false);
    give_slot(start);
    moved as *mut u8
}

/// Forgets all translations, so that stale slots, frames and windows can be used again.
pub fn settle() {
    flush_all();
    frames::translations_forgotten();
    window::translations_forgotten();
    STATE.with(|state| {
        for &(class, number) in &state.stale[..state.stale_count] {
            let first = entry(address(usize::from(class), number));
            let class = &mut state.classes[usize::from(class)];
            first.write(Entry::absent_with(class.free));
            class.free = number + 1;
        }
        state.stale_count = 0;
    });
}

/// The class whose slots hold that many pages and are aligned so: slots are as aligned as they are long.
fn class_for(page_count: u64, align: u64) -> Option<usize> {
    let class = page_count.max(align / PAGE_BYTES).max(2).next_power_of_two().trailing_zeros() as usize - 1;
    (class < RUN_CLASS_COUNT).then_some(class)
}

fn pages_in(class: usize) -> u64 {
    2 << class
}

fn address(class: usize, number: u32) -> u64 {
    RUNS + class as u64 * RUN_CLASS_BYTES + u64::from(number) * pages_in(class) * PAGE_BYTES
}

/// The class and number of the slot that starts at an address.
fn place(start: u64) -> (usize, u32) {
    let class = ((start - RUNS) / RUN_CLASS_BYTES) as usize;
    (class, ((start - RUNS) % RUN_CLASS_BYTES / (pages_in(class) * PAGE_BYTES)) as u32)
}

/// The most tables that mapping that many pages can take.
fn tables(page_count: u64) -> u64 {
    page_count / 512 + 4
}

fn has_frames(page_count: u64) -> bool {
    frames::has_for_heap(page_count + tables(page_count))
}

/// Takes a slot of a class. Its tables may have to be made.
fn take_slot(class: usize) -> Option<u64> {
    STATE.with(|state| {
        let slots = &mut state.classes[class];
        if let Some(number) = slots.free.checked_sub(1) {
            let start = address(class, number);
            slots.free = entry(start).read().absent_value();
            return Some(start);
        }
        let number = slots.unused;
        if (u64::from(number) + 1) * pages_in(class) * PAGE_BYTES > RUN_CLASS_BYTES {
            return None;
        }
        slots.unused += 1;
        Some(address(class, number))
    })
}

fn give_slot(start: u64) {
    let (class, number) = place(start);
    let is_full = STATE.with(|state| {
        state.stale[state.stale_count] = (class as u8, number);
        state.stale_count += 1;
        state.stale_count == STALE_SLOTS_MAX
    });
    if is_full || frames::stale_count() > STALE_FRAMES_MAX {
        settle();
    }
}

/// Maps those pages of a slot that are not. There are frames, see `has_frames`; there are no translations.
fn map(start: u64, pages: Range<u64>, is_zeroed: bool) {
    for page in pages {
        let slot = entry(start + page * PAGE_BYTES);
        if slot.read().is_present() {
            continue;
        }
        let frame = if is_zeroed { frames::take_zeroed_for_heap() } else { frames::take_for_heap() };
        slot.write(Entry::private(frame.expect("frames that were counted")));
    }
}

/// Unmaps what is mapped of a slot from a page on.
fn unmap(start: u64, first_page: u64) {
    for page in first_page..pages_in(place(start).0) {
        let slot = entry(start + page * PAGE_BYTES);
        if !slot.read().is_present() {
            return;
        }
        frames::give_stale(slot.read().frame());
        slot.write(Entry::ABSENT);
    }
}

/// The place of a page's entry; makes the tables on the way, for good.
fn entry(address: u64) -> Slot {
    let mut table = root();
    for shift in [39, 30, 21] {
        // SAFETY: the root and what it and its tables point to are tables for good.
        let slot = unsafe { Slot::new(table, (address >> shift) & 511) };
        table = slot.table().unwrap_or_else(|| {
            let fresh = frames::take_zeroed_for_heap().expect("frames that were counted");
            slot.write(Entry::table(fresh));
            fresh
        });
    }
    // SAFETY: the same.
    unsafe { Slot::new(table, (address >> 12) & 511) }
}
