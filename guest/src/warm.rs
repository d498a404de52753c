//! Pages that every call maps as it begins: the top page of the stack and the first of the arguments, which lie at the
//! same addresses in every program. When a call is over they stay mapped in its window, each with its frame, and are
//! *warm*: the next call finds its own there once they are zeroed or filled, without a change of page tables. Where a
//! hypervisor shadows these, each change takes it several microseconds.
//!
//! A warm page is not there for anybody: an address space looks at it as unmapped until it asks for it, and unmaps what
//! it did not ask for before anything can access its window.

use crate::frames;
use crate::page_table::{Entry, Slot};

/// A page that stays mapped.
#[derive(Clone, Copy)]
pub struct Warm {
    page: u32,
    slot: Slot,
    frame: u64,
}

/// What is warm in a window.
#[derive(Clone, Copy)]
pub struct WarmPages {
    /// A page that may be stored to.
    pub stack: Option<Warm>,
    /// A page that may be read.
    pub arguments: Option<Warm>,
}

impl Warm {
    /// A mapped page that nobody uses any more, with a frame of its own.
    pub fn new(page: u32, slot: Slot) -> Self {
        Self { page, slot, frame: slot.read().frame() }
    }

    /// Its frame.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Unmaps it. The caller sees to stale translations.
    pub fn unmap(&self) {
        self.slot.write(Entry::ABSENT);
    }

    /// Gives its frame back.
    pub fn give(&self) {
        frames::give(self.frame);
    }
}

impl WarmPages {
    /// Nothing.
    pub const NONE: Self = Self { stack: None, arguments: None };

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Warm> {
        [&self.stack, &self.arguments].into_iter().flatten()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.stack.is_none() && self.arguments.is_none()
    }

    /// Whether a page is one of them.
    pub fn has(&self, page: u32) -> bool {
        self.iter().any(|warm| warm.page == page)
    }
}

/// Takes a warm page for whoever wants it: it is mapped, with anything in it.
pub fn claim(warm: &mut Option<Warm>, page: u32) -> Option<Warm> {
    warm.take_if(|warm| warm.page == page)
}
