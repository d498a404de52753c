//! How the host starts us: once at `entrypoint`, then at `dispatch` for each call.

use crate::control::{Control, control, with_control};
use crate::descriptor::{USER_CODE, USER_DATA};
use crate::layout::{CONTROL, PAGE_BYTES, STACK_BYTES, STACK_TOP};
use crate::page_table::loaded_root;
use crate::trap::USER_FLAGS;
use crate::{arena, descriptor, features, gate, isolation, logger, privilege, rpc, runs, transport, window};
use core::arch::{asm, global_asm};
use core::mem::{offset_of, size_of};
use hyperlight_common::mem::HyperlightPEB;
use hyperlight_common::outb::VmAction;
use hyperlight_common::vmem::{BasicMapping, MappingKind};
use hyperlight_guest::paging::{barrier, map_region};
use hyperlight_guest::prim_alloc::alloc_phys_pages;
use nub_abi::guest::PrivilegeMap;

/// Where the host enters, on a stack of its own. It writes no global of the image: such a write faults, and
/// its handler needs what is set up here.
#[unsafe(no_mangle)]
extern "sysv64" fn entrypoint(start: *const HyperlightPEB) -> ! {
    // SAFETY: nothing has run before; both ranges are unmapped and ours (see `layout`).
    unsafe {
        map_fresh(CONTROL, size_of::<Control>() as u64);
        map_fresh(STACK_TOP - STACK_BYTES, STACK_BYTES);
        control().write_bytes(0, 1);
        (&raw mut (*control()).root).write(loaded_root());
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
            in("rdi") start,
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
extern "sysv64" fn boot(start: *const HyperlightPEB) -> u64 {
    let map = start_octet(start, 0).and_then(PrivilegeMap::from_number);
    let is_for_ring_3 = map == Some(PrivilegeMap::Kernel3Programs3);
    // SAFETY: called once; the root was written at entry.
    unsafe { arena::map(is_for_ring_3) };
    arena::init();
    runs::init(is_for_ring_3);
    window::init();
    transport::init();
    logger::init(start_octet(start, 2));
    assert!(map.is_some(), "the start data names no privilege map; host and guest were built apart");
    let has_hardware_virtualisation = start_octet(start, 1) == Some(1);
    let may_plant = start_octet(start, 3) == Some(1);
    with_control(|control| {
        control.has_segments = features::enable_segments();
        control.has_hardware_virtualisation = has_hardware_virtualisation;
        control.may_plant_code = may_plant;
    });
    match map {
        Some(PrivilegeMap::Kernel3Programs3) => privilege::drop_to_ring_3(),
        Some(PrivilegeMap::Kernel0Programs3) => isolation::isolate_programs(),
        Some(PrivilegeMap::Kernel0Programs0) | None => {}
    }
    (&raw const dispatch) as u64
}

/// An octet of the host's start data; `nub_abi::guest` says what they are.
fn start_octet(start: *const HyperlightPEB, index: u64) -> Option<u8> {
    // SAFETY: the host passes where it wrote the block, which is mapped, as are the data it names.
    unsafe {
        let data = (&raw const (*start).init_data).read_unaligned();
        (index < data.size).then(|| ((data.ptr + index) as *const u8).read())
    }
}

/// Serves one call and halts.
extern "sysv64" fn serve_and_halt() -> ! {
    rpc::serve_one_call();
    gate::out(VmAction::Halt as u16, 0);
    unreachable!("the host enters at dispatch")
}

unsafe extern "C" {
    static dispatch: u8;
}

// A call, in ring 0. The host sets ZF when translations may be stale; until they are flushed the stack must
// not be touched. It enters with an aligned stack and no return address; registers need not be kept.
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
    "movabs al, [{kernel_ring}]",
    "test al, al",
    "jz 3f",
    "mov rcx, rsp",
    "push {user_data}",
    "push rcx",
    "push {user_flags}",
    "push {user_code}",
    "lea rax, [rip + 3f]",
    "push rax",
    "iretq",
    "3:",
    "xor ebp, ebp",
    "call {serve}",
    serve = sym serve_and_halt,
    kernel_ring = const CONTROL + offset_of!(Control, kernel_ring) as u64,
    user_data = const USER_DATA,
    user_code = const USER_CODE,
    user_flags = const USER_FLAGS,
);
