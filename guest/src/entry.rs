//! How the host starts us: once at `entrypoint`, then at `dispatch` for each call.

use crate::control::{Control, control};
use crate::layout::{CONTROL, PAGE_BYTES, STACK_BYTES, STACK_TOP};
use crate::{arena, descriptor, rpc, transport, window};
use core::arch::{asm, global_asm};
use core::mem::size_of;
use hyperlight_common::outb::VmAction;
use hyperlight_common::vmem::{BasicMapping, MappingKind};
use hyperlight_guest::paging::{barrier, map_region};
use hyperlight_guest::prim_alloc::alloc_phys_pages;

/// Where the host enters, on the stack that traps will use. It writes no global of the image: such a write
/// faults, and before the stack is our own that fault would overwrite it.
#[unsafe(no_mangle)]
extern "sysv64" fn entrypoint() -> ! {
    // SAFETY: nothing has run before; both ranges are unmapped and ours (see `layout`).
    unsafe {
        map_fresh(CONTROL, size_of::<Control>() as u64);
        map_fresh(STACK_TOP - STACK_BYTES, STACK_BYTES);
        control().write_bytes(0, 1);
        descriptor::install();
    }
    // SAFETY: the stack is mapped and empty. `boot` returns the address of `dispatch`, which the host
    // finds in rax when the port is written, together with the stack's top in rsp.
    unsafe {
        asm!(
            "mov rsp, {top}",
            "xor ebp, ebp",
            "call {boot}",
            "mov dx, {halt}",
            "out dx, eax",
            "2: cli",
            "hlt",
            "jmp 2b",
            top = in(reg) STACK_TOP,
            boot = sym boot,
            halt = const VmAction::Halt as u16,
            options(noreturn),
        );
    }
}

/// Maps fresh frames at `start`.
///
/// # Safety
/// The range is page-aligned and not mapped yet.
unsafe fn map_fresh(start: u64, len_bytes: u64) {
    let page_count = len_bytes.div_ceil(PAGE_BYTES);
    let kind = MappingKind::Basic(BasicMapping { readable: true, writable: true, executable: false });
    // SAFETY: the frames are fresh and the range is not mapped, so nothing is aliased.
    unsafe { map_region(alloc_phys_pages(page_count), start as *mut u8, page_count * PAGE_BYTES, kind) };
    barrier::first_valid_same_ctx();
}

/// The rest of the boot, on the kernel's own stack. Returns where the host enters for each call.
extern "sysv64" fn boot() -> u64 {
    arena::init();
    window::init();
    transport::init();
    (&raw const dispatch) as u64
}

unsafe extern "C" {
    static dispatch: u8;
}

// A call. The host sets ZF when translations may be stale; until they are flushed the stack must not be
// touched. It then enters with an aligned stack and no return address; registers need not be kept.
global_asm!(
    ".global dispatch",
    "dispatch:",
    "jnz 2f",
    "mov rax, cr4",
    "xor rax, 0x80",
    "mov cr4, rax",
    "xor rax, 0x80",
    "mov cr4, rax",
    "2:",
    "xor ebp, ebp",
    "call {serve}",
    "mov dx, {halt}",
    "out dx, eax",
    "3: cli",
    "hlt",
    "jmp 3b",
    serve = sym rpc::serve_one_call,
    halt = const VmAction::Halt as u16,
);
