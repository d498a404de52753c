//! Machine code of programs in memory: addresses of its own, executable and never writable there; its jump
//! table behind it, readable. The kernel writes to the frames through the linear map before they are mapped.

use crate::arena::to_virtual;
use crate::gate::flush_all;
use crate::layout::{CODE, CODE_UNIT_BYTES, CODE_UNITS, PAGE_BYTES};
use crate::page_table::{Entry, Slot, root};
use crate::single::Single;
use crate::{frames, isolation};
use alloc::vec::Vec;
use core::ops::Range;

/// Units in use, by rising start. The first is the exit page's.
static USED: Single<Vec<Range<u64>>> = Single::new(Vec::new());

/// The first unit for programs.
const FIRST_UNIT: u64 = 1;
const PAGES_PER_UNIT: usize = (CODE_UNIT_BYTES / PAGE_BYTES) as usize;

/// Code that can be run. Whoever holds it sees to it that it does not run any more when it goes.
pub struct CodeMemory {
    units: Range<u64>,
    /// Frames of pages and tables.
    pages: Vec<u64>,
    tables: Vec<u64>,
    code_bytes: usize,
    jump_table: u64,
}

impl CodeMemory {
    /// Loads code, and its jump table: positions in the code. `None` if there are not the frames for it, or it
    /// would take more than half of what is free.
    pub fn load(code: &[u8], jump_table: &[u32]) -> Option<Self> {
        let code_pages = code.len().div_ceil(PAGE_BYTES as usize);
        let table_pages = (jump_table.len() * 8).div_ceil(PAGE_BYTES as usize);
        let page_count = code_pages + table_pages;
        let unit_count = page_count.div_ceil(PAGES_PER_UNIT);
        if (page_count + unit_count) as u64 * PAGE_BYTES > frames::free_bytes() / 2 {
            return None;
        }
        let units = reserve(unit_count as u64)?;
        let start = CODE + units.start * CODE_UNIT_BYTES;
        let mut memory = Self {
            units,
            pages: Vec::with_capacity(page_count),
            tables: Vec::with_capacity(unit_count),
            code_bytes: code.len(),
            jump_table: start + code_pages as u64 * PAGE_BYTES,
        };
        memory.take_frames(page_count)?;
        memory.write_code(code);
        memory.write_jump_table(jump_table, code_pages, start);
        memory.map(code_pages)?;
        Some(memory)
    }

    /// On failure what was taken goes when the value is dropped.
    fn take_frames(&mut self, page_count: usize) -> Option<()> {
        for _ in 0..page_count {
            // Zeros behind the code: programs see nobody's old memory there.
            self.pages.push(frames::take_zeroed()?);
        }
        for _ in self.units.clone() {
            self.tables.push(frames::take_zeroed()?);
        }
        Some(())
    }

    fn write_code(&self, code: &[u8]) {
        for (frame, part) in self.pages.iter().zip(code.chunks(PAGE_BYTES as usize)) {
            // SAFETY: the frame is ours and holds the part.
            unsafe { to_virtual(*frame).copy_from_nonoverlapping(part.as_ptr(), part.len()) };
        }
    }

    fn write_jump_table(&self, jump_table: &[u32], first_page: usize, start: u64) {
        let pages = self.pages[first_page..].iter();
        for (frame, part) in pages.zip(jump_table.chunks(PAGE_BYTES as usize / 8)) {
            let entries = to_virtual(*frame).cast::<u64>();
            for (index, position) in part.iter().enumerate() {
                // SAFETY: the frame is ours, aligned, and holds the part.
                unsafe { entries.add(index).write(start + u64::from(*position)) };
            }
        }
    }

    fn map(&self, code_pages: usize) -> Option<()> {
        for (unit, table) in self.units.clone().zip(&self.tables) {
            let first = (unit - self.units.start) as usize * PAGES_PER_UNIT;
            for (index, frame) in self.pages.iter().skip(first).take(PAGES_PER_UNIT).enumerate() {
                let entry = match first + index < code_pages {
                    true => Entry::executable(*frame, is_for_ring_3()),
                    false => Entry::read_only(*frame),
                };
                // SAFETY: the table is ours, fresh, and not in use yet.
                unsafe { Slot::new(*table, index as u64) }.write(entry);
            }
            unit_slot_or_make(unit)?.write(isolation::code_entry(*table));
        }
        Some(())
    }

    /// The addresses of the code.
    pub fn code(&self) -> Range<u64> {
        let start = CODE + self.units.start * CODE_UNIT_BYTES;
        start..start + self.code_bytes as u64
    }

    /// The address of the jump table.
    pub fn jump_table(&self) -> u64 {
        self.jump_table
    }

    /// Its units.
    pub fn units(&self) -> &Range<u64> {
        &self.units
    }

    /// Memory that it takes.
    pub fn memory_bytes(&self) -> u64 {
        (self.pages.len() + self.tables.len()) as u64 * PAGE_BYTES
    }
}

impl Drop for CodeMemory {
    fn drop(&mut self) {
        isolation::forget(&self.units);
        self.units.clone().filter_map(unit_slot).for_each(|slot| slot.write(Entry::ABSENT));
        flush_all();
        self.pages.iter().chain(&self.tables).for_each(|&frame| frames::give(frame));
        USED.with(|used| used.retain(|range| range.start != self.units.start));
    }
}

/// Finds free units.
fn reserve(count: u64) -> Option<Range<u64>> {
    USED.with(|used| {
        let mut start = FIRST_UNIT;
        let at = used.iter().position(|range| {
            let fits = range.start - start >= count;
            if !fits {
                start = range.end;
            }
            fits
        });
        let units = start..start + count;
        if units.end > CODE_UNITS {
            return None;
        }
        used.insert(at.unwrap_or(used.len()), units.clone());
        Some(units)
    })
}

/// Whether programs run in ring 3.
fn is_for_ring_3() -> bool {
    crate::control::with_control(|control| control.has_programs_in_ring_3())
}

/// The entry that points to the table of a unit, if the tables above are there.
pub fn unit_slot(unit: u64) -> Option<Slot> {
    let address = CODE + unit * CODE_UNIT_BYTES;
    let mut table = root();
    for shift in [39, 30] {
        // SAFETY: the root is a table for good, and so are those of code below it.
        table = unsafe { Slot::new(table, (address >> shift) & 511) }.table()?;
    }
    // SAFETY: the same.
    Some(unsafe { Slot::new(table, (address >> 21) & 511) })
}

/// The same; makes the tables above, which stay.
fn unit_slot_or_make(unit: u64) -> Option<Slot> {
    let address = CODE + unit * CODE_UNIT_BYTES;
    let mut table = root();
    for shift in [39, 30] {
        // SAFETY: as above.
        let slot = unsafe { Slot::new(table, (address >> shift) & 511) };
        if slot.table().is_none() {
            slot.write(Entry::table(frames::take_zeroed()?));
        }
        table = slot.table()?;
    }
    // SAFETY: as above.
    Some(unsafe { Slot::new(table, (address >> 21) & 511) })
}

/// Maps the page that exits of programs in ring 3 point to, for good and open to all of them.
pub fn map_exit_page(address: u64, frame: u64) -> Option<()> {
    let table = frames::take_zeroed()?;
    // SAFETY: the table is fresh.
    unsafe { Slot::new(table, 0) }.write(Entry::executable(frame, true));
    unit_slot_or_make((address - CODE) / CODE_UNIT_BYTES)?.write(Entry::table(table));
    flush_all();
    Some(())
}
