//! Where things are in the address space. Hyperlight takes PML4 slots 0, 0x1f8 and 0x1ff; the rest is ours.

use core::ops::Range;
use hyperlight_common::layout::SCRATCH_TOP_GPA;

/// Octets in a page and in a frame.
pub const PAGE_BYTES: u64 = 4096;

/// The control block: descriptor tables, what the fault path needs, the stack for double faults.
pub const CONTROL: u64 = 0xffff_fd00_0000_0000;

/// The end of the kernel's stack, which Hyperlight remembers between calls.
pub const STACK_TOP: u64 = hyperlight_guest::layout::MAIN_STACK_TOP_GVA;
/// The kernel's stack, all of it mapped at boot; below it nothing is mapped.
pub const STACK_BYTES: u64 = 512 << 10;
/// Addresses below the stack that say "stack overflow" when they fault.
pub const STACK_GUARD: Range<u64> = STACK_TOP - STACK_BYTES - (1 << 20)..STACK_TOP - STACK_BYTES;

/// The linear map: all of scratch memory at its physical address plus this, in pages of 2 MiB. (Hyperlight
/// has such a map of small pages; ours can be opened to ring 3 at once, and walks of it are short.)
pub const LINEAR_OFFSET: u64 = 4 << 39;
/// Octets of one of its pages.
pub const LARGE_PAGE_BYTES: u64 = 2 << 20;

/// The first program window, where PML4 slot 2 begins.
pub const WINDOWS: u64 = 2 << 39;
/// From one window to the next: 2 GiB of which only the last page, the context, is ever mapped; 4 GiB of
/// program memory; and 2 GiB of nothing, so that what runs past the end faults.
pub const WINDOW_STRIDE: u64 = 8 << 30;
/// Where in its stretch a window begins.
pub const WINDOW_OFFSET: u64 = 2 << 30;
/// Octets of a window.
pub const WINDOW_BYTES: u64 = 4 << 30;
/// Windows in two PML4 slots; one for each live call frame.
pub const WINDOW_COUNT: usize = 128;
/// All windows.
pub const WINDOWS_RANGE: Range<u64> = WINDOWS..WINDOWS + WINDOW_COUNT as u64 * WINDOW_STRIDE;

/// Where runs of the kernel's heap are mapped: a region for each class of sizes, from 2 pages to 2²² pages.
pub const RUNS: u64 = 8 << 39;
/// Addresses of a class.
pub const RUN_CLASS_BYTES: u64 = 32 << 30;
/// Classes.
pub const RUN_CLASS_COUNT: usize = 22;

const _: () = assert!(RUN_CLASS_BYTES >= 4096 << RUN_CLASS_COUNT);
const _: () = assert!(RUNS + RUN_CLASS_COUNT as u64 * RUN_CLASS_BYTES <= 10 << 39);

/// Machine code of programs, where PML4 slot 5 begins: the exit page, then programs.
pub const CODE: u64 = 5 << 39;
/// A program's code has the addresses of whole page tables to itself, so that they can be opened and closed.
pub const CODE_UNIT_BYTES: u64 = 2 << 20;
/// How many of those there are.
pub const CODE_UNITS: u64 = (1 << 39) / CODE_UNIT_BYTES;

const _: () = assert!(WINDOW_OFFSET + WINDOW_BYTES < WINDOW_STRIDE);
const _: () = assert!(LINEAR_OFFSET + (SCRATCH_TOP_GPA as u64) < CODE);
const _: () = assert!(WINDOWS_RANGE.end == 4 << 39);
const _: () = assert!(WINDOWS_RANGE.end <= LINEAR_OFFSET);
const _: () = assert!((SCRATCH_TOP_GPA as u64) < 1 << 39);
