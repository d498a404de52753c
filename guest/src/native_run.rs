//! A run of machine code under way, as the fault path sees it.
//!
//! A fault of a program is answered as an accessor's is: by the same rules, with the gas in the register where the code
//! keeps it and the pages noted here. Where the rules say no, and at any other trap of code that may be contained, the
//! run ends: the registers go into the context, and the handler returns to whoever entered.

use crate::control::{Control, control, with_control};
use crate::descriptor::{KERNEL_CODE, KERNEL_DATA};
use crate::fault::{self, fault_address};
use crate::layout::{PAGE_BYTES, WINDOW_BYTES};
use crate::native_entry;
use crate::trap::{PAGE_FAULT, TrapFrame, USER_FLAGS};
use crate::window::window_base;
use core::ops::Range;
use javm_interpreter::{Machine, Meter};
use javm_recompiler_x86::{CONTEXT_LEN_BYTES, Context, RegisterMap};

/// What runs. All zeros if nothing does.
#[repr(C)]
pub struct NativeRun {
    /// The stack pointer to go back to.
    pub stack: u64,
    /// The base of the segment gs, if it was set since the call from the host began, and programs are not isolated.
    pub segment: u64,
    /// Addresses of the code.
    pub code_start: u64,
    /// The address after it.
    pub code_end: u64,
    /// The index of its window.
    pub window: usize,
    /// Pages that may still come to life.
    pub pages_left: u32,
    /// Where the code keeps registers and gas.
    pub map: RegisterMap,
    /// Whether any trap ends the run, and not the guest.
    pub is_contained: bool,
    /// Whether a trap ended the run.
    pub is_trapped: bool,
    /// The trap.
    pub trap: NativeTrap,
}

/// A trap of machine code.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct NativeTrap {
    /// Its vector.
    pub vector: u64,
    /// Its error code, 0 if it has none.
    pub error_code: u64,
    /// The instruction.
    pub rip: u64,
    /// For a page fault the address accessed.
    pub address: u64,
}

/// Where code goes on after a host call.
#[derive(Clone, Copy)]
pub struct Resume {
    /// The position in the program.
    pub pc: u32,
    /// Where the code begins.
    pub code_start: u64,
    /// Where it goes on, as the code said.
    pub address: u64,
}

impl Resume {
    /// Whether it says where this machine goes on in the code that begins there.
    pub fn is_for(&self, machine: &Machine, code_start: u64) -> bool {
        (self.pc, self.code_start) == (machine.pc, code_start) && machine.is_block_charged()
    }
}

impl NativeRun {
    fn code(&self) -> Range<u64> {
        self.code_start..self.code_end
    }
}

/// The context below a window.
pub fn context_of(window: usize) -> *mut Context {
    (window_base(window) - CONTEXT_LEN_BYTES as u64) as *mut Context
}

/// The host has entered anew: what it did with segments is not known.
pub fn forget_segment() {
    with_control(|control| control.native.segment = 0);
}

/// Whether a trap is one of machine code.
pub fn is_native(frame: &TrapFrame) -> bool {
    // SAFETY: plain words, and nothing runs beside this code.
    unsafe {
        let is_isolated_program = (&raw const (*control()).isolates_programs).read() && frame.cs & 3 == 3;
        let run = &raw const (*control()).native;
        is_isolated_program || ((*run).code_start..(*run).code_end).contains(&frame.rip)
    }
}

/// Deals with a trap of machine code. False: the guest must die.
pub fn trap(frame: &mut TrapFrame) -> bool {
    with_control(|control| {
        let address = fault_address();
        let is_access = frame.vector == PAGE_FAULT && is_access(control, frame, address);
        if is_access && fill(control, frame, address) {
            return true;
        }
        if !is_access && !control.native.is_contained && !control.isolates_programs {
            return false;
        }
        control.counters.misses += u64::from(is_access);
        end(control, frame, address);
        true
    })
}

/// Whether a page fault is an access of the code to its own window, or to what follows the window's end.
fn is_access(control: &Control, frame: &TrapFrame, address: u64) -> bool {
    let base = window_base(control.native.window);
    let reach = base..base + WINDOW_BYTES + PAGE_BYTES;
    control.native.code().contains(&frame.rip) && reach.contains(&address) && !fault::is_odd(frame.error_code)
}

/// Answers the access by the rules of windows.
fn fill(control: &mut Control, frame: &mut TrapFrame, address: u64) -> bool {
    // An access that may cross pages is looked at by the kernel: the first page of one, or the second.
    let offset = address % PAGE_BYTES;
    if offset == 0 || offset > PAGE_BYTES - 8 {
        return false;
    }
    let mut meter = Meter { gas_left: *gas(control, frame), pages_left: control.native.pages_left };
    if !fault::fill_window_page(control, address, fault::kind(frame.error_code), &mut meter) {
        return false;
    }
    *gas(control, frame) = meter.gas_left;
    control.native.pages_left = meter.pages_left;
    true
}

/// The gas left.
fn gas<'a>(control: &Control, frame: &'a mut TrapFrame) -> &'a mut u64 {
    match control.native.map {
        RegisterMap::FreeRsp => &mut frame.r12,
        RegisterMap::CanonicalRsp => &mut frame.rsp,
    }
}

/// Ends the run: the handler returns to whoever entered it.
fn end(control: &mut Control, frame: &mut TrapFrame, address: u64) {
    let context = context_of(control.native.window);
    let machine = frame.by_number();
    // SAFETY: the context of the window that code runs in is mapped, and nothing refers to it.
    let state = unsafe { &mut *context };
    for (register, number) in state.registers.iter_mut().zip(control.native.map.machine_registers()) {
        *register = machine[usize::from(number)];
    }
    state.gas = *gas(control, frame);
    let &mut TrapFrame { vector, error_code, rip, .. } = frame;
    control.native.trap = NativeTrap { vector, error_code, rip, address };
    control.native.is_trapped = true;
    frame.rip = native_entry::landing();
    frame.rsp = control.native.stack;
    if control.isolates_programs {
        (frame.cs, frame.ss) = (u64::from(KERNEL_CODE), u64::from(KERNEL_DATA));
    }
    frame.rflags = if frame.cs & 3 == 3 { u64::from(USER_FLAGS) } else { KERNEL_FLAGS };
}

/// Where rsp must be canonical it is, with any gas that there can be.
const _: () = assert!(nub_abi::params::BLOCK_GAS_MAX < 1 << 47);

/// The fault path keeps the gas where it found it.
const _: () =
    assert!(RegisterMap::FreeRsp.gas_register() == 12 && RegisterMap::CanonicalRsp.gas_register() == 4);

/// Interrupts off, and nothing else.
const KERNEL_FLAGS: u64 = 2;
