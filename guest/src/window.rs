//! Windows: 4 GiB ranges of addresses, one for each live call frame.

use crate::control::{WindowControl, with_control};
use crate::gate::flush_all;
use crate::layout::{WINDOW_COUNT, WINDOW_OFFSET, WINDOW_STRIDE, WINDOWS};
use crate::page_table::{Entry, Slot, Walk, root, walk};
use crate::single::Single;
use crate::warm::{Warm, WarmPages};
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
/// Frames of tables and warm pages kept with all windows.
const KEPT_FRAMES_MAX: usize = 512;

/// Every bit of a set of windows is one.
const _: () = assert!(WINDOW_COUNT == u128::BITS as usize);

static WINDOWS_STATE: Single<State> = Single::new(State {
    upper: [0; UPPER_TABLES],
    used: 0,
    stale: 0,
    kept: [const { Vec::new() }; WINDOW_COUNT],
    warm: [WarmPages::NONE; WINDOW_COUNT],
    with_stack: 0,
    with_arguments: 0,
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
    /// Pages that stay mapped in windows not in use.
    warm: [WarmPages; WINDOW_COUNT],
    /// A bit for each window with such a page of stack.
    with_stack: u128,
    /// The same for arguments.
    with_arguments: u128,
    /// Frames of tables and pages kept.
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

/// A window and the tables below it. Empty at first but for `warm`, so whoever maps pages unmaps them before dropping it,
/// or makes them warm.
///
/// What is unmapped may go on being translated until the window is taken again: nothing runs there meanwhile. So one
/// flush does for many windows, and one of which nothing was unmapped needs none. Tables stay for whoever takes the
/// window next.
pub struct Window {
    index: usize,
    upper: u64,
    tables: Tables,
    /// What the last one left mapped: for whoever wants just that, and not there for anybody else.
    pub warm: WarmPages,
    /// Said when it is dropped: whether something was unmapped since all its translations were last forgotten.
    pub is_stale: bool,
}

impl Window {
    /// Takes a free window for an address space with or without a stack and arguments, `None` if all are in use.
    pub fn take(demand: WindowControl, has_stack: bool, has_arguments: bool) -> Option<Self> {
        let take = || WINDOWS_STATE.with(|state| state.take(has_stack, has_arguments));
        let window = match take() {
            Some(window) => window,
            None => {
                runs::settle();
                take()?
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

    /// Unmaps what is warm; true if there was something. The caller sees to stale translations.
    pub fn unmap_warm(&mut self) -> bool {
        let warm = core::mem::replace(&mut self.warm, WarmPages::NONE);
        for page in warm.iter() {
            page.unmap();
            page.give();
            self.is_stale = true;
        }
        warm.count() > 0
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
    /// A free window, with its tables: one whose warm pages are all of use, rather with the arguments (of a call without
    /// any, the stack); else one with nothing that is of no use; else any.
    fn take(&mut self, has_stack: bool, has_arguments: bool) -> Option<Window> {
        let free = !(self.used | self.stale);
        let unless = |is_wanted: bool, windows: u128| if is_wanted { 0 } else { windows };
        let useless = unless(has_stack, self.with_stack) | unless(has_arguments, self.with_arguments);
        let best = if has_arguments { self.with_arguments } else { self.with_stack };
        let fitting =
            [free & !useless & best, free & !useless, free].into_iter().find(|&windows| windows != 0)?;
        let index = fitting.trailing_zeros() as usize;
        self.used |= 1 << index;
        let tables = core::mem::take(&mut self.kept[index]);
        let warm = self.set_warm(index, WarmPages::NONE);
        self.kept_count -= tables.len() + warm.count();
        let upper = self.upper[index / WINDOWS_PER_TABLE];
        Some(Window { index, upper, tables, warm, is_stale: false })
    }

    /// Whether so many tables and warm pages more may be kept.
    fn may_keep(&self, tables: usize, warm: usize) -> bool {
        tables <= KEPT_TABLES_MAX && self.kept_count + tables + warm <= KEPT_FRAMES_MAX
    }

    /// Takes a window back, with what it keeps.
    fn give(&mut self, index: usize, is_stale: bool, tables: Tables, warm: WarmPages) {
        self.used &= !(1 << index);
        self.stale |= u128::from(is_stale) << index;
        self.kept_count += tables.len() + warm.count();
        self.kept[index] = tables;
        self.set_warm(index, warm);
    }

    /// Sets what is warm in a window not in use; gives what was.
    fn set_warm(&mut self, index: usize, warm: WarmPages) -> WarmPages {
        let bit = 1 << index;
        let set = |set: u128, is_in: bool| if is_in { set | bit } else { set & !bit };
        self.with_stack = set(self.with_stack, warm.stack.is_some());
        self.with_arguments = set(self.with_arguments, warm.arguments.is_some());
        core::mem::replace(&mut self.warm[index], warm)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let mut tables = core::mem::take(&mut self.tables);
        let may_keep = WINDOWS_STATE.with(|state| state.may_keep(tables.len(), self.warm.count()));
        if isolation::isolates() || !may_keep {
            self.unmap_warm();
        }
        let unwanted = if may_keep { Tables::new() } else { core::mem::take(&mut tables) };
        let warm = core::mem::replace(&mut self.warm, WarmPages::NONE);
        WINDOWS_STATE.with(|state| state.give(self.index, self.is_stale, tables, warm));
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

/// Frames of tables and pages kept with windows that nobody uses.
pub fn kept_count() -> u64 {
    WINDOWS_STATE.with(|state| state.kept_count) as u64
}

/// Gives back what is kept with windows that nobody uses: memory is short. The heap may be at work, so nothing is
/// allocated or freed here.
pub fn give_back_kept() {
    WINDOWS_STATE.with(|state| {
        // Pages before the tables they are in, which are to be all zeros.
        state.warm.iter().flat_map(WarmPages::iter).for_each(Warm::unmap);
        state.kept.iter().flatten().for_each(|(slot, _)| slot.write(Entry::ABSENT));
    });
    // As above.
    runs::settle();
    WINDOWS_STATE.with(|state| {
        state.warm.iter().flat_map(WarmPages::iter).for_each(Warm::give);
        state.warm = [WarmPages::NONE; WINDOW_COUNT];
        (state.with_stack, state.with_arguments) = (0, 0);
        let tables = state.kept.iter_mut().flat_map(|tables| tables.drain(..));
        tables.for_each(|(_, table)| frames::give_zeroed(table));
        state.kept_count = 0;
    });
}

/// All translations were forgotten: windows that waited for it are free.
pub fn translations_forgotten() {
    WINDOWS_STATE.with(|state| state.stale = 0);
}
