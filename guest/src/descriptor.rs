//! Segments, the task state and trap gates.

use crate::control::{Control, control};
use crate::native_entry::exit_gate;
use crate::trap::{gate_stub, trap_stub, trap_stub_for_ring_0};
use core::arch::asm;
use core::mem::{offset_of, size_of};

/// Entries of the GDT: null, kernel code, kernel data, the task state's two, and room for two user segments.
pub const GDT_ENTRIES: usize = 8;
/// Entries of the IDT: the processor's exceptions. Interrupts are off for good.
pub const IDT_ENTRIES: usize = 256;

/// Ring 0's segments.
pub const KERNEL_CODE: u16 = 0x08;
/// See [`KERNEL_CODE`].
pub const KERNEL_DATA: u16 = 0x10;
const TASK: u16 = 0x18;
/// Ring 3's segments, as its code names them.
pub const USER_DATA: u16 = 0x28 | 3;
/// See [`USER_DATA`].
pub const USER_CODE: u16 = 0x30 | 3;

const CODE_DESCRIPTOR: u64 = 0x00af_9a00_0000_ffff;
const DATA_DESCRIPTOR: u64 = 0x00cf_9200_0000_ffff;
const USER_DATA_DESCRIPTOR: u64 = 0x00cf_f200_0000_ffff;
const USER_CODE_DESCRIPTOR: u64 = 0x00af_fa00_0000_ffff;

/// Vectors of the exceptions that get a gate.
const EXCEPTIONS: core::ops::Range<u8> = 0..32;
const DOUBLE_FAULT: u8 = 8;
/// `int3`, the one instruction that ring 3 may use to trap by itself on every processor.
const BREAKPOINT: u8 = 3;

/// The 64-bit task state: only its stacks matter.
#[repr(C, packed)]
pub struct TaskState {
    _reserved_0: u32,
    /// Stacks for entering rings 0 to 2; unused while everything is in ring 0.
    pub rings: [u64; 3],
    _reserved_1: u64,
    /// Stacks that gates name by 1 to 7.
    pub interrupt_stacks: [u64; 7],
    _reserved_2: u64,
    _reserved_3: u16,
    io_map_base: u16,
}

const _: () = assert!(offset_of!(TaskState, interrupt_stacks) == 0x24);
const _: () = assert!(size_of::<TaskState>() == 0x68);

/// A trap gate.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Gate([u64; 2]);

impl Gate {
    /// An interrupt gate to ring 0 on the given interrupt stack.
    const fn new(handler: u64, stack: u8) -> Self {
        Self::for_ring(handler, stack, 0)
    }

    /// The same, which code in rings up to `ring` may use by an instruction.
    const fn for_ring(handler: u64, stack: u8, ring: u8) -> Self {
        let low = (handler & 0xffff)
            | (KERNEL_CODE as u64) << 16
            | (stack as u64) << 32
            | (0x8e | (ring as u64) << 5) << 40
            | ((handler >> 16) & 0xffff) << 48;
        Self([low, handler >> 32])
    }
}

#[repr(C, packed)]
struct TablePointer {
    limit: u16,
    base: u64,
}

const fn task_descriptor(base: u64) -> [u64; 2] {
    let limit = size_of::<TaskState>() as u64 - 1;
    [limit | (base & 0xff_ffff) << 16 | 0x89 << 40 | ((base >> 24) & 0xff) << 56, base >> 32]
}

/// Fills the tables in a fresh control block and loads them.
///
/// # Safety
/// 1. The control block is mapped, writable and zero. 2. Nothing has loaded it before.
/// 3. The caller's stack stays mapped.
pub unsafe fn install() {
    // SAFETY: condition 1; nothing else refers to the block yet.
    let block = unsafe { &mut *control() };
    fill(block);
    let gdt = TablePointer { limit: size_of_val(&block.gdt) as u16 - 1, base: (&raw const block.gdt) as u64 };
    let idt = TablePointer { limit: size_of_val(&block.idt) as u16 - 1, base: (&raw const block.idt) as u64 };
    // SAFETY: the tables are filled and stay where they are; the far return goes on at the next line with
    // the same stack.
    unsafe {
        asm!(
            "lgdt [{gdt}]",
            "mov ds, {data:x}",
            "mov es, {data:x}",
            "mov fs, {data:x}",
            "mov gs, {data:x}",
            "mov ss, {data:x}",
            "push {code}",
            "lea {scratch}, [rip + 2f]",
            "push {scratch}",
            "retfq",
            "2:",
            "ltr {task:x}",
            "lidt [{idt}]",
            gdt = in(reg) &gdt,
            idt = in(reg) &idt,
            data = in(reg) u64::from(KERNEL_DATA),
            code = in(reg) u64::from(KERNEL_CODE),
            task = in(reg) u64::from(TASK),
            scratch = out(reg) _,
        );
    }
}

fn fill(block: &mut Control) {
    let task = task_descriptor((&raw const block.task) as u64);
    let user = [USER_DATA_DESCRIPTOR, USER_CODE_DESCRIPTOR];
    block.gdt = [0, CODE_DESCRIPTOR, DATA_DESCRIPTOR, task[0], task[1], user[0], user[1], 0];
    let stacks = [block.trap_stack.top(), block.double_fault_stack.top(), block.gate_stack.top()];
    block.task.interrupt_stacks = [stacks[0], stacks[1], stacks[2], 0, 0, 0, 0];
    // No port is open to ring 3.
    block.task.io_map_base = size_of::<TaskState>() as u16;
    for vector in EXCEPTIONS {
        let stack = if vector == DOUBLE_FAULT { 2 } else { 1 };
        block.idt.0[usize::from(vector)] = Gate::new(trap_stub(vector), stack);
    }
    block.idt.0[usize::from(BREAKPOINT)] = Gate::for_ring(gate_stub(), 3, 3);
}

/// Has traps from ring 3 handled in ring 0, and makes the one gate that programs have an exit: for the map with
/// the kernel in ring 0 and programs in ring 3.
pub fn isolate_programs(block: &mut Control) {
    for vector in EXCEPTIONS {
        let stack = if vector == DOUBLE_FAULT { 2 } else { 1 };
        block.idt.0[usize::from(vector)] = Gate::new(trap_stub_for_ring_0(vector), stack);
    }
    block.idt.0[usize::from(BREAKPOINT)] = Gate::for_ring(exit_gate(), 3, 3);
}

const _: () = assert!(USER_DATA as usize / 8 + 1 == USER_CODE as usize / 8);
const _: () = assert!(USER_CODE as usize / 8 < GDT_ENTRIES);
