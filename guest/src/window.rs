//! Windows: 4 GiB ranges of addresses, one for each live call frame.

use crate::control::{WindowControl, with_control};
use crate::frames;
use crate::gate::flush_all;
use crate::isolation;
use crate::layout::{WINDOW_COUNT, WINDOW_OFFSET, WINDOW_STRIDE, WINDOWS};
use crate::page_table::{Entry, Slot, Walk, root, walk};
use crate::single::Single;

/// Windows that share an upper table: a PML4 slot's.
const WINDOWS_PER_TABLE: usize = WINDOW_COUNT / UPPER_TABLES;
const UPPER_TABLES: usize = 2;
const FIRST_ROOT_SLOT: u64 = WINDOWS >> 39;

static WINDOWS_STATE: Single<State> = Single::new(State { upper: [0; UPPER_TABLES], used: 0 });

struct State {
    /// Frames of the upper tables.
    upper: [u64; UPPER_TABLES],
    /// A bit for each window in use.
    used: u128,
}

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

/// A window and the tables below it. Empty at first; dropping it gives its tables back, so whoever maps
/// pages unmaps them before.
pub struct Window {
    index: usize,
    upper: u64,
    tables: alloc::vec::Vec<(Slot, u64)>,
}

impl Window {
    /// Takes a free window, `None` if all are in use.
    pub fn take(demand: WindowControl) -> Option<Self> {
        let (index, upper) = WINDOWS_STATE.with(|state| {
            let index = (!state.used).trailing_zeros() as usize;
            if index >= WINDOW_COUNT {
                return None;
            }
            state.used |= 1 << index;
            Some((index, state.upper[index / WINDOWS_PER_TABLE]))
        })?;
        with_control(|control| control.windows[index] = demand);
        Some(Self { index, upper, tables: alloc::vec::Vec::new() })
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

impl Drop for Window {
    fn drop(&mut self) {
        for &(slot, _) in &self.tables {
            slot.write(Entry::ABSENT);
        }
        // Before the frames are used for anything else: the processor may still walk the old tables.
        flush_all();
        for &(_, table) in &self.tables {
            frames::give_zeroed(table);
        }
        WINDOWS_STATE.with(|state| state.used &= !(1 << self.index));
    }
}
