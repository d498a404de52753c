//! The control block: everything the processor and the fault path look at, at one fixed address in memory
//! that is writable from the first instruction. (Globals of the image are copied on their first write,
//! by a fault; a trap must not cause that fault.)

use crate::descriptor::{GDT_ENTRIES, Gate, IDT_ENTRIES, TaskState};
use crate::layout::{CONTROL, WINDOW_COUNT};
use crate::native_run::NativeRun;

/// Frames put aside for the fault path, of each kind.
pub const RESERVE_FRAMES: usize = 32;

/// The control block.
#[repr(C, align(4096))]
pub struct Control {
    /// Segments; the last two entries are free.
    pub gdt: [u64; GDT_ENTRIES],
    /// Stacks for traps.
    pub task: TaskState,
    /// Where the last page fault was, as the stubs read it from cr2.
    pub fault_address: u64,
    /// The frame of the root page table.
    pub root: u64,
    /// The ring that calls from the host are served in: 0 or 3.
    pub kernel_ring: u8,
    /// Whether programs run in ring 3 under a kernel in ring 0.
    pub isolates_programs: bool,
    /// Whether the segment gs can be set, which machine code needs.
    pub has_segments: bool,
    /// Whether KVM has hardware behind it, as the host says.
    pub has_hardware_virtualisation: bool,
    /// Whether tests may have machine code of their own run in place of a program's.
    pub may_plant_code: bool,
    /// Set while last words are written: a fault then is one too many.
    pub dying: bool,
    /// Whether [`with_control`] is at work.
    pub is_borrowed: bool,
    /// The frame of zeros that untouched pages share.
    pub zero_frame: u64,
    /// Frames of zeros for the fault path.
    pub zeros: FrameStack,
    /// Frames of anything, to copy into.
    pub copies: FrameStack,
    /// What happened since boot.
    pub counters: Counters,
    /// The run of machine code under way.
    pub native: NativeRun,
    /// Trap gates, on a page of their own.
    pub idt: IdtPage,
    /// What the fault path knows of each window.
    pub windows: [WindowControl; WINDOW_COUNT],
    /// The stack for double faults grows down from its end.
    pub double_fault_stack: Stack<2>,
    /// The stack for the gate.
    pub gate_stack: Stack<1>,
    /// The stack for other traps.
    pub trap_stack: Stack<8>,
}

/// Trap gates, page-aligned.
#[repr(C, align(4096))]
pub struct IdtPage(pub [Gate; IDT_ENTRIES]);

/// A stack of this many pages.
#[repr(C, align(4096))]
pub struct Stack<const PAGES: usize>([[u8; 4096]; PAGES]);

impl<const PAGES: usize> Stack<PAGES> {
    /// Where it starts: it grows down.
    pub fn top(&self) -> u64 {
        self.0.as_ptr_range().end as u64
    }
}

/// Counts since boot; never part of a decision.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Counters {
    /// Pages of zeros made by the fault path.
    pub demand_zero: u64,
    /// Pages copied by the fault path.
    pub copy_on_write: u64,
    /// Accesses turned into misses.
    pub misses: u64,
    /// Exits to the host.
    pub exits: u64,
    /// Times the gate to ring 0 was used, exits among them.
    pub gate_calls: u64,
}

/// Demand-zero pages that the fault path may map in one window before the kernel looks.
pub const LOG_PAGES: usize = 32;

/// What the fault path knows of a window.
#[repr(C)]
pub struct WindowControl {
    /// First demand-zero page.
    pub demand_first: u32,
    /// The page after the last demand-zero page.
    pub demand_end: u32,
    /// Gas for a page's first touch.
    pub touch_gas: u64,
    /// Gas for a page's first store.
    pub store_gas: u64,
    /// How many entries of the log are used.
    pub logged: u32,
    /// Pages the fault path mapped since the kernel last looked.
    pub log: [u32; LOG_PAGES],
}

/// A few frames, by physical address.
#[repr(C)]
pub struct FrameStack {
    count: usize,
    frames: [u64; RESERVE_FRAMES],
}

impl FrameStack {
    /// Takes a frame.
    pub fn pop(&mut self) -> Option<u64> {
        self.count = self.count.checked_sub(1)?;
        Some(self.frames[self.count])
    }

    /// Adds a frame; there must be room.
    pub fn push(&mut self, frame: u64) {
        self.frames[self.count] = frame;
        self.count += 1;
    }

    /// Whether there is no room.
    pub fn is_full(&self) -> bool {
        self.count == RESERVE_FRAMES
    }

    /// Frames in it.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl Control {
    /// Whether programs run in ring 3, under whatever kernel.
    pub fn has_programs_in_ring_3(&self) -> bool {
        self.kernel_ring == 3 || self.isolates_programs
    }

    /// Whether the fault path has no frame of some kind.
    pub fn is_reserve_short(&self) -> bool {
        self.zeros.count() == 0 || self.copies.count() == 0
    }
}

impl WindowControl {
    /// Whether the fault path may fill this page.
    pub fn is_demand_zero(&self, page: u32) -> bool {
        (self.demand_first..self.demand_end).contains(&page)
    }

    /// Whether there is no room to note another page.
    pub fn is_log_full(&self) -> bool {
        self.logged as usize == LOG_PAGES
    }

    /// Notes a page the fault path is about to map. False if there is no room.
    pub fn log_page(&mut self, page: u32) -> bool {
        let Some(slot) = self.log.get_mut(self.logged as usize) else { return false };
        *slot = page;
        self.logged += 1;
        true
    }
}

/// The control block's address.
pub const fn control() -> *mut Control {
    CONTROL as *mut Control
}

/// Works on the control block. Doing so inside itself, or in a fault inside it, is a bug and panics.
pub fn with_control<R>(work: impl FnOnce(&mut Control) -> R) -> R {
    // SAFETY: the word is mapped, as all of the block is, and nothing runs beside this code.
    let was_borrowed = unsafe { (&raw mut (*control()).is_borrowed).replace(true) };
    assert!(!was_borrowed, "the control block is in use");
    // SAFETY: 1. `entry` mapped the block, zeroed, before any other code ran; zeros are valid for every
    // field. 2. It has no other reference, by the assertion; what reads and writes single words of it by
    // pointer meanwhile (the gate's counters, the stubs) touches none that `work` holds a reference to.
    let result = work(unsafe { &mut *control() });
    // SAFETY: as at first.
    unsafe { (&raw mut (*control()).is_borrowed).write(false) };
    result
}

/// Says that the guest is dying; whether it was so already. It may die while the control block is in use.
pub fn begin_to_die() -> bool {
    // SAFETY: the word is mapped, and nothing runs beside this code or goes on after it.
    unsafe { (&raw mut (*control()).dying).replace(true) }
}

const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(offset_of!(Control, gdt) == 0);
    assert!(offset_of!(Control, task) == 0x40);
    assert!(offset_of!(Control, idt) == 0x1000);
    assert!(offset_of!(Control, windows) == 0x2000);
    assert!(offset_of!(WindowControl, log) == 28);
    assert!(size_of::<Control>() < 96 << 10);
};
