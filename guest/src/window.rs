//! Windows: 4 GiB ranges of addresses, one for each live call frame.

use crate::control::{WindowControl, with_control};
use crate::gate::flush_all;
use crate::layout::{WINDOW_COUNT, WINDOW_OFFSET, WINDOW_STRIDE, WINDOWS};
use crate::page_table::{Entry, Slot, Walk, root, walk};
use crate::single::Single;
use crate::{frames, isolation, runs};
use alloc::vec::Vec;

/// Windows that share an upper table: a PML4 slot's.
const WINDOWS_PER_TABLE: usize = WINDOW_COUNT / UPPER_TABLES;
const UPPER_TABLES: usize = 2;
const FIRST_ROOT_SLOT: u64 = WINDOWS >> 39;

/// Windows that wait for translations to be forgotten before it is done. A flush costs tens of microseconds where
/// ring 0 is emulated. Where programs are isolated it is done at each window's end.
const STALE_WINDOWS_MAX: u32 = 16;
/// Tables kept with one window for whoever takes it next; more are given back.
const KEPT_TABLES_MAX: usize = 8;
/// Tables kept with all windows.
const KEPT_TABLES_TOTAL_MAX: usize = 256;

static WINDOWS_STATE: Single<State> = Single::new(State {
    upper: [0; UPPER_TABLES],
    used: 0,
    stale: 0,
    kept: [const { Vec::new() }; WINDOW_COUNT],
    kept_count: 0,
});

struct State {
    /// Frames of the upper tables.
    upper: [u64; UPPER_TABLES],
    /// A bit for each window in use.
    used: u128,
    /// A bit for each window whose pages translations may still name: nobody may have it before they are forgotten.
    stale: u128,
    /// Tables of windows not in use, with nothing in them.
    kept: [Tables; WINDOW_COUNT],
    kept_count: usize,
}

/// Tables below a window's upper table: the slot that points to each, and its frame.
type Tables = Vec<(Slot, u64)>;

/// Makes the upper tables and the frame of zeros.
pub fn init() {
    let frame = || frames::take_zeroed().expect("frames at boot");
    let upper = [frame(), frame()];
    for (slot, table) in (FIRST_ROOT_SLOT..).zip(upper) {
        // SAFETY: the root is a table for good; `layout` keeps these slots for windows.
        unsafe { Slot::new(root(), slot) }.write(Entry::table(table));
    }
    flush_all();
    WINDOWS_STATE.with(|state| state.upper = upper);
    with_control(|control| {
        control.zero_frame = frame();
        frames::refill_reserve(control);
    });
}

/// The address of a window's first octet.
pub fn window_base(window: usize) -> u64 {
    WINDOWS + window as u64 * WINDOW_STRIDE + WINDOW_OFFSET
}

/// The third-level table of a window. For the fault path: it reads the root table alone.
pub fn upper_table(window: usize) -> u64 {
    let slot = FIRST_ROOT_SLOT + (window / WINDOWS_PER_TABLE) as u64;
    // SAFETY: the root is a table for good.
    unsafe { Slot::new(root(), slot) }.read().frame()
}

/// A window and the tables below it. Empty at first, so whoever maps pages unmaps them before dropping it.
///
/// What is unmapped may go on being translated until the window is taken again: nothing runs there meanwhile. So one
/// flush does for many windows. Tables stay for whoever takes the window next.
pub struct Window {
    index: usize,
    upper: u64,
    tables: Tables,
}

impl Window {
    /// Takes a free window, `None` if all are in use.
    pub fn take(demand: WindowControl) -> Option<Self> {
        let window = match WINDOWS_STATE.with(State::take) {
            Some(window) => window,
            None => {
                runs::settle();
                WINDOWS_STATE.with(State::take)?
            }
        };
        with_control(|control| control.windows[window.index] = demand);
        Some(window)
    }

    /// Its number.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The address of its first octet.
    pub fn base(&self) -> u64 {
        window_base(self.index)
    }

    /// The slot of a page, if its tables exist.
    pub fn slot(&self, page: u32) -> Option<Slot> {
        // SAFETY: `upper` is this window's third-level table.
        match unsafe { walk(self.upper, self.index, page) } {
            Walk::Page(slot) => Some(slot),
            Walk::Missing { .. } => None,
        }
    }

    /// The slot of a page; makes the tables on the way. `None` if frames run out.
    pub fn slot_or_make(&mut self, page: u32) -> Option<Slot> {
        loop {
            // SAFETY: as above.
            match unsafe { walk(self.upper, self.index, page) } {
                Walk::Page(slot) => return Some(slot),
                Walk::Missing { slot, is_upper } => {
                    let table = frames::take_zeroed()?;
                    self.tables.push((slot, table));
                    let is_for_all = Entry::table(table);
                    slot.write(if is_upper {
                        isolation::window_entry(self.index, table)
                    } else {
                        is_for_all
                    });
                }
            }
        }
    }
}

impl State {
    /// The first window that is free, with its tables.
    fn take(&mut self) -> Option<Window> {
        let index = (!(self.used | self.stale)).trailing_zeros() as usize;
        if index >= WINDOW_COUNT {
            return None;
        }
        self.used |= 1 << index;
        let tables = core::mem::take(&mut self.kept[index]);
        self.kept_count -= tables.len();
        Some(Window { index, upper: self.upper[index / WINDOWS_PER_TABLE], tables })
    }

    /// Takes a window back, and its tables unless they are too many: then it gives them.
    fn give(&mut self, index: usize, tables: Tables) -> Tables {
        self.used &= !(1 << index);
        self.stale |= 1 << index;
        if tables.len() > KEPT_TABLES_MAX || self.kept_count + tables.len() > KEPT_TABLES_TOTAL_MAX {
            return tables;
        }
        self.kept_count += tables.len();
        core::mem::replace(&mut self.kept[index], tables)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let tables = core::mem::take(&mut self.tables);
        let unwanted = WINDOWS_STATE.with(|state| state.give(self.index, tables));
        if !unwanted.is_empty() {
            return give_back(unwanted);
        }
        let stale_count = WINDOWS_STATE.with(|state| state.stale.count_ones());
        if isolation::isolates() || stale_count >= STALE_WINDOWS_MAX {
            runs::settle();
        }
    }
}

/// Gives tables back to the frame allocator.
fn give_back(tables: Tables) {
    tables.iter().for_each(|(slot, _)| slot.write(Entry::ABSENT));
    // Before the frames are used for anything else: the processor may still walk the old tables.
    runs::settle();
    tables.iter().for_each(|&(_, table)| frames::give_zeroed(table));
}

/// Tables kept with windows that nobody uses.
pub fn kept_count() -> u64 {
    WINDOWS_STATE.with(|state| state.kept_count) as u64
}

/// Gives back the tables kept with windows that nobody uses: memory is short. The heap may be at work, so nothing is
/// allocated or freed here.
pub fn give_back_kept() {
    WINDOWS_STATE.with(|state| {
        state.kept.iter().flatten().for_each(|(slot, _)| slot.write(Entry::ABSENT));
    });
    // As above.
    runs::settle();
    WINDOWS_STATE.with(|state| {
        let tables = state.kept.iter_mut().flat_map(|tables| tables.drain(..));
        tables.for_each(|(_, table)| frames::give_zeroed(table));
        state.kept_count = 0;
    });
}

/// All translations were forgotten: windows that waited for it are free.
pub fn translations_forgotten() {
    WINDOWS_STATE.with(|state| state.stale = 0);
}
