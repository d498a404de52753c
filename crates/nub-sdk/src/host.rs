//! The host calls themselves, and what `nub-link` needs to find them. The only `unsafe` of a contract.
//!
//! A host call is the linker's own instruction followed by the address of a description in the section
//! `.polkavm_metadata`; the linker turns both into one `ecalli`. Its convention: arguments in a0…a5, results in
//! a0 and a1, every caller-saved register lost. The kernel changes a0 and a1 at most, and only the memory that
//! the call's description says.

use core::mem::MaybeUninit;
use core::slice;

use crate::{Badge, InstanceId, Selector};

/// How the linker is told of an import or an export: version, flags, symbol, registers, index; packed.
#[repr(C, packed)]
pub struct Metadata {
    version: u8,
    flags: u32,
    symbol_len_bytes: u32,
    symbol: Symbol,
    input_registers: u8,
    output_registers: u8,
    has_index: u8,
    index: u32,
}

/// The address of a symbol's first octet.
#[repr(transparent)]
struct Symbol(#[allow(dead_code)] *const u8);

// SAFETY: it points into a `&'static str` and is only ever read by the linker.
unsafe impl Sync for Symbol {}

impl Metadata {
    /// The host call `number`, whose symbol must be `nub_<number>_<name>`.
    pub const fn import(symbol: &'static str, number: u32, input_registers: u8) -> Self {
        Self {
            version: 2,
            flags: 0,
            symbol_len_bytes: symbol.len() as u32,
            symbol: Symbol(symbol.as_ptr()),
            input_registers,
            output_registers: 2,
            has_index: 1,
            index: number,
        }
    }

    /// An endpoint: two arguments, never returns. The linker reads no index of an export.
    pub const fn export(symbol: &'static str) -> Self {
        Self {
            version: 1,
            flags: 0,
            symbol_len_bytes: symbol.len() as u32,
            symbol: Symbol(symbol.as_ptr()),
            input_registers: 2,
            output_registers: 2,
            has_index: 0,
            index: 0,
        }
    }
}

/// The arguments of a call.
///
/// # Safety
/// `address` and `len_bytes` are those the kernel gave at entry.
pub unsafe fn arguments(address: *const u8, len_bytes: usize) -> &'static [u8] {
    // SAFETY: the kernel maps this range readable for as long as the program runs; nothing can write to it;
    // the address is not null, whatever the length.
    unsafe { slice::from_raw_parts(address, len_bytes) }
}

/// Lists an export for the linker: its description and its code.
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($metadata:ident, $entry:ident) => {
        ::core::arch::global_asm!(
            ".pushsection .polkavm_exports,\"Ra\",@note",
            ".byte 1",
            "auipc zero, %pcrel_hi({metadata})",
            ".4byte 0",
            "auipc zero, %pcrel_hi({entry})",
            ".4byte 0",
            ".popsection",
            metadata = sym $metadata,
            entry = sym $entry,
        );
    };
}

/// Lists an export whose stack begins `pages` pages below the stack region's end, for a heap between.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_below_heap {
    ($metadata:ident, $entry:ident, $label:literal, $pages:literal) => {
        ::core::arch::global_asm!(
            concat!(".pushsection .text.", $label, ",\"ax\",@progbits"),
            concat!($label, ":"),
            "lui t0, {pages}",
            "sub sp, sp, t0",
            "tail {entry}",
            ".popsection",
            ".pushsection .polkavm_exports,\"Ra\",@note",
            ".byte 1",
            "auipc zero, %pcrel_hi({metadata})",
            ".4byte 0",
            concat!("auipc zero, %pcrel_hi(", $label, ")"),
            ".4byte 0",
            ".popsection",
            pages = const $pages,
            metadata = sym $metadata,
            entry = sym $entry,
        );
    };
}

/// A host call by number: `host_call!(10, "nub_10_call", 6, ["a0" = x, …])` gives (a0, a1) after it. Its symbol
/// is `nub_<number>_<name>`, the count is that of registers the kernel reads.
///
/// Needs an `unsafe` block: the addresses in the registers must be what the host call may read or write. On
/// anything but the PVM target it asks the [`mock`](crate::mock).
#[macro_export]
macro_rules! host_call {
    ($number:literal, $symbol:literal, $inputs:literal, [$($register:tt = $value:expr),* $(,)?]) => {{
        #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
        {
            // SAFETY: the section is the linker's table of descriptions; this is one.
            #[unsafe(link_section = ".polkavm_metadata")]
            static IMPORT: $crate::host::Metadata = $crate::host::Metadata::import($symbol, $number, $inputs);
            let (first, second): (u64, u64);
            ::core::arch::asm!(
                ".insn r 0xb, 0, 0, zero, zero, zero",
                "auipc zero, %pcrel_hi({import})",
                ".4byte 0",
                import = sym IMPORT,
                $(in($register) $value as u64,)*
                lateout("a0") first,
                lateout("a1") second,
                lateout("a2") _, lateout("a3") _, lateout("a4") _, lateout("a5") _,
                lateout("t0") _, lateout("t1") _, lateout("t2") _,
            );
            (first, second)
        }
        #[cfg(not(all(target_arch = "riscv64", target_feature = "e")))]
        {
            $crate::mock::host_call($number, &[$($value as u64),*])
        }
    }};
}

pub use crate::{__export as export, __export_below_heap as export_below_heap};

/// The numbers used below, in order.
#[cfg(test)]
pub(crate) const NUMBERS: [u32; 40] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
];

/// `return`. The kernel does not come back.
#[inline]
pub fn ret(output: &[u8]) -> ! {
    // SAFETY: the kernel reads the range of a live slice.
    unsafe { host_call!(0, "nub_0_return", 2, ["a0" = output.as_ptr(), "a1" = output.len()]) };
    stop()
}

/// `revert`. The kernel does not come back.
#[inline]
pub fn revert(message: &[u8]) -> ! {
    // SAFETY: the kernel reads the range of a live slice.
    unsafe { host_call!(1, "nub_1_revert", 2, ["a0" = message.as_ptr(), "a1" = message.len()]) };
    stop()
}

/// `gas_left`.
#[inline]
pub fn gas_left() -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(2, "nub_2_gas_left", 0, []) }.0
}

/// `caller`: 1 and an id, or 0 and zeros.
#[inline]
pub fn caller(out: &mut InstanceId) -> u64 {
    // SAFETY: the kernel writes 32 octets, the array's length.
    unsafe { host_call!(3, "nub_3_caller", 1, ["a0" = out.as_mut_ptr()]) }.0
}

/// `badge`.
#[inline]
pub fn badge(out: &mut Badge) {
    // SAFETY: the kernel writes 32 octets, the array's length.
    unsafe { host_call!(4, "nub_4_badge", 1, ["a0" = out.as_mut_ptr()]) };
}

/// `self_id`.
#[inline]
pub fn self_id(out: &mut InstanceId) {
    // SAFETY: the kernel writes 32 octets, the array's length.
    unsafe { host_call!(5, "nub_5_self_id", 1, ["a0" = out.as_mut_ptr()]) };
}

/// `block_context`.
#[inline]
pub fn block_context(out: &mut [u8; 88]) {
    // SAFETY: the kernel writes 88 octets, the array's length.
    unsafe { host_call!(6, "nub_6_block_context", 1, ["a0" = out.as_mut_ptr()]) };
}

/// `storage_get`: the value's length or a code.
#[inline]
pub fn storage_get(key: &[u8], out: &mut [u8]) -> u64 {
    // SAFETY: the kernel reads one live slice and writes at most the length of another.
    unsafe {
        host_call!(
            7,
            "nub_7_storage_get",
            4,
            ["a0" = key.as_ptr(), "a1" = key.len(), "a2" = out.as_mut_ptr(), "a3" = out.len()]
        )
    }
    .0
}

/// `storage_get` into room that was not written yet: the first min(answer, room) octets are, if the answer is a
/// length.
#[inline]
pub fn storage_get_uninit(key: &[u8], out: &mut [MaybeUninit<u8>]) -> u64 {
    // SAFETY: the kernel reads one live slice and writes at most the length of another.
    unsafe {
        host_call!(
            7,
            "nub_7_storage_get",
            4,
            ["a0" = key.as_ptr(), "a1" = key.len(), "a2" = out.as_mut_ptr(), "a3" = out.len()]
        )
    }
    .0
}

/// `storage_put`: 0 or a code.
#[inline]
pub fn storage_put(key: &[u8], value: &[u8]) -> u64 {
    // SAFETY: the kernel reads two live slices.
    unsafe {
        host_call!(
            8,
            "nub_8_storage_put",
            4,
            ["a0" = key.as_ptr(), "a1" = key.len(), "a2" = value.as_ptr(), "a3" = value.len()]
        )
    }
    .0
}

/// `storage_remove`: 1, 0 or a code.
#[inline]
pub fn storage_remove(key: &[u8]) -> u64 {
    // SAFETY: the kernel reads a live slice.
    unsafe { host_call!(9, "nub_9_storage_remove", 2, ["a0" = key.as_ptr(), "a1" = key.len()]) }.0
}

/// `call`: status or code, and the output's length.
#[inline]
pub fn call(target: Selector, endpoint: u16, args: &[u8], gas: u64, passed: &[Selector]) -> (u64, u64) {
    #[cfg(not(all(target_arch = "riscv64", target_feature = "e")))]
    crate::mock::pass(passed);
    let list = passed.as_ptr() as u64 | (passed.len() as u64) << 32;
    // SAFETY: the kernel reads two live slices; a `Selector` is a `u16`. Program addresses have 32 bits.
    unsafe {
        host_call!(
            10,
            "nub_10_call",
            6,
            [
                "a0" = target.0,
                "a1" = endpoint,
                "a2" = args.as_ptr(),
                "a3" = args.len(),
                "a4" = gas,
                "a5" = list
            ]
        )
    }
}

/// `output_read`: octets copied.
#[inline]
pub fn output_read(out: &mut [u8], offset: usize) -> u64 {
    // SAFETY: the kernel writes at most the length of a live slice.
    unsafe {
        host_call!(11, "nub_11_output_read", 3, ["a0" = out.as_mut_ptr(), "a1" = offset, "a2" = out.len()])
    }
    .0
}

/// `output_read` into room that was not written yet: as many octets are as it answers.
#[inline]
pub fn output_read_uninit(out: &mut [MaybeUninit<u8>], offset: usize) -> u64 {
    // SAFETY: the kernel writes at most the length of a live slice.
    unsafe {
        host_call!(11, "nub_11_output_read", 3, ["a0" = out.as_mut_ptr(), "a1" = offset, "a2" = out.len()])
    }
    .0
}

/// `image_create`: 0 or a code.
#[inline]
pub fn image_create(image: &[u8], slot: u8) -> u64 {
    // SAFETY: the kernel reads a live slice.
    unsafe {
        host_call!(12, "nub_12_image_create", 3, ["a0" = image.as_ptr(), "a1" = image.len(), "a2" = slot])
    }
    .0
}

/// `instance_create`: 0 or a code.
#[inline]
pub fn instance_create(
    image_slot: u8,
    ref_slot: u8,
    public: bool,
    badge: &Badge,
    id_out: &mut InstanceId,
) -> u64 {
    // SAFETY: the kernel reads 32 octets of one live array and writes 32 of another.
    unsafe {
        host_call!(
            13,
            "nub_13_instance_create",
            5,
            [
                "a0" = image_slot,
                "a1" = ref_slot,
                "a2" = public,
                "a3" = badge.as_ptr(),
                "a4" = id_out.as_mut_ptr()
            ]
        )
    }
    .0
}

/// `emit`: 0 or a code.
#[inline]
pub fn emit(topic: &[u8; 32], data: &[u8]) -> u64 {
    // SAFETY: the kernel reads 32 octets of an array and a live slice.
    unsafe {
        host_call!(14, "nub_14_emit", 3, ["a0" = topic.as_ptr(), "a1" = data.as_ptr(), "a2" = data.len()])
    }
    .0
}

/// `passed_count`.
#[inline]
pub fn passed_count() -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(15, "nub_15_passed_count", 0, []) }.0
}

/// `capability_copy`: 0 or a code.
#[inline]
pub fn capability_copy(from: Selector, to_slot: u8) -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(16, "nub_16_capability_copy", 2, ["a0" = from.0, "a1" = to_slot]) }.0
}

/// `capability_move`: 0 or a code.
#[inline]
pub fn capability_move(from_slot: u8, to_slot: u8) -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(17, "nub_17_capability_move", 2, ["a0" = from_slot, "a1" = to_slot]) }.0
}

/// `capability_drop`: 1 or 0.
#[inline]
pub fn capability_drop(slot: u8) -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(18, "nub_18_capability_drop", 1, ["a0" = slot]) }.0
}

/// `ref_mint`: 0 or a code. Without a badge the new Ref has the source's.
#[inline]
pub fn ref_mint(from: Selector, to_slot: u8, rights: u8, badge: Option<&Badge>) -> u64 {
    // SAFETY: the kernel reads 32 octets of a live array if there is one, else nothing.
    unsafe {
        host_call!(
            19,
            "nub_19_ref_mint",
            5,
            [
                "a0" = from.0,
                "a1" = to_slot,
                "a2" = rights,
                "a3" = badge.is_some(),
                "a4" = badge.map_or(core::ptr::null(), |badge| badge.as_ptr())
            ]
        )
    }
    .0
}

/// `data_new`: 0 or a code.
#[inline]
pub fn data_new(slot: u8, size_bytes: u64) -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(20, "nub_20_data_new", 2, ["a0" = slot, "a1" = size_bytes]) }.0
}

/// `data_size`: octets or a code.
#[inline]
pub fn data_size(from: Selector) -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(21, "nub_21_data_size", 1, ["a0" = from.0]) }.0
}

/// `data_read`: octets copied or a code.
#[inline]
pub fn data_read(from: Selector, offset: u64, out: &mut [u8]) -> u64 {
    // SAFETY: the kernel writes at most the length of a live slice.
    unsafe {
        host_call!(
            22,
            "nub_22_data_read",
            4,
            ["a0" = from.0, "a1" = offset, "a2" = out.as_mut_ptr(), "a3" = out.len()]
        )
    }
    .0
}

/// `data_write`: 0 or a code.
#[inline]
pub fn data_write(slot: u8, offset: u64, data: &[u8]) -> u64 {
    // SAFETY: the kernel reads a live slice.
    unsafe {
        host_call!(
            23,
            "nub_23_data_write",
            4,
            ["a0" = slot, "a1" = offset, "a2" = data.as_ptr(), "a3" = data.len()]
        )
    }
    .0
}

/// `data_map`: 0 or a code.
#[inline]
pub fn data_map(from: Selector, first_page: u32, page_count: u32, at_page: u32) -> u64 {
    // SAFETY: the kernel maps only pages that belong to nothing the program has.
    unsafe {
        host_call!(
            24,
            "nub_24_data_map",
            4,
            ["a0" = from.0, "a1" = first_page, "a2" = page_count, "a3" = at_page]
        )
    }
    .0
}

/// `data_unmap`: 1 or 0.
///
/// # Safety
/// Nothing may refer to the view any more.
#[inline]
pub unsafe fn data_unmap(at_page: u32) -> u64 {
    // SAFETY: the caller's condition.
    unsafe { host_call!(25, "nub_25_data_unmap", 1, ["a0" = at_page]) }.0
}

/// `storage_next`: the key's length or a code.
#[inline]
pub fn storage_next(key: &[u8], out: &mut [u8]) -> u64 {
    // SAFETY: the kernel reads one live slice and writes at most the length of another.
    unsafe {
        host_call!(
            26,
            "nub_26_storage_next",
            4,
            ["a0" = key.as_ptr(), "a1" = key.len(), "a2" = out.as_mut_ptr(), "a3" = out.len()]
        )
    }
    .0
}

/// `blake2b`.
#[inline]
pub fn blake2b(data: &[u8], out: &mut [u8; 32]) {
    // SAFETY: the kernel reads a live slice and writes 32 octets, the array's length.
    unsafe {
        host_call!(
            27,
            "nub_27_blake2b",
            3,
            ["a0" = data.as_ptr(), "a1" = data.len(), "a2" = out.as_mut_ptr()]
        )
    };
}

/// `keccak`.
#[inline]
pub fn keccak(data: &[u8], out: &mut [u8; 32]) {
    // SAFETY: the kernel reads a live slice and writes 32 octets, the array's length.
    unsafe {
        host_call!(28, "nub_28_keccak", 3, ["a0" = data.as_ptr(), "a1" = data.len(), "a2" = out.as_mut_ptr()])
    };
}

/// `instance_clone`: 0 or a code.
#[inline]
pub fn instance_clone(from: Selector, ref_slot: u8, badge: &Badge, id_out: &mut InstanceId) -> u64 {
    // SAFETY: the kernel reads 32 octets of one live array and writes 32 of another.
    unsafe {
        host_call!(
            29,
            "nub_29_instance_clone",
            4,
            ["a0" = from.0, "a1" = ref_slot, "a2" = badge.as_ptr(), "a3" = id_out.as_mut_ptr()]
        )
    }
    .0
}

/// `instance_upgrade`: 0 or a code.
#[inline]
pub fn instance_upgrade(from: Selector, image_slot: u8) -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(30, "nub_30_instance_upgrade", 2, ["a0" = from.0, "a1" = image_slot]) }.0
}

/// `instance_destroy`: 0 or a code.
#[inline]
pub fn instance_destroy(from: Selector) -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(31, "nub_31_instance_destroy", 1, ["a0" = from.0]) }.0
}

/// `set_params`: 0 or a code.
#[inline]
pub fn set_params(params: &[u8], height: u64) -> u64 {
    // SAFETY: the kernel reads a live slice.
    unsafe {
        host_call!(32, "nub_32_set_params", 3, ["a0" = params.as_ptr(), "a1" = params.len(), "a2" = height])
    }
    .0
}

/// `cnode_new`: 0 or a code.
#[inline]
pub fn cnode_new(slot: u8) -> u64 {
    // SAFETY: no memory is involved.
    unsafe { host_call!(33, "nub_33_cnode_new", 1, ["a0" = slot]) }.0
}

/// `cnode_get`: 0 or a code.
#[inline]
pub fn cnode_get(from: Selector, key: &[u8], to_slot: u8) -> u64 {
    // SAFETY: the kernel reads a live slice.
    unsafe {
        host_call!(
            34,
            "nub_34_cnode_get",
            4,
            ["a0" = from.0, "a1" = key.as_ptr(), "a2" = key.len(), "a3" = to_slot]
        )
    }
    .0
}

/// `cnode_put`: 0 or a code.
#[inline]
pub fn cnode_put(slot: u8, key: &[u8], from: Selector) -> u64 {
    // SAFETY: the kernel reads a live slice.
    unsafe {
        host_call!(
            35,
            "nub_35_cnode_put",
            4,
            ["a0" = slot, "a1" = key.as_ptr(), "a2" = key.len(), "a3" = from.0]
        )
    }
    .0
}

/// `cnode_remove`: 1, 0 or a code.
#[inline]
pub fn cnode_remove(slot: u8, key: &[u8]) -> u64 {
    // SAFETY: the kernel reads a live slice.
    unsafe { host_call!(36, "nub_36_cnode_remove", 3, ["a0" = slot, "a1" = key.as_ptr(), "a2" = key.len()]) }
        .0
}

/// `cnode_next`: the key's length or a code.
#[inline]
pub fn cnode_next(from: Selector, key: &[u8], out: &mut [u8]) -> u64 {
    // SAFETY: the kernel reads one live slice and writes at most the length of another.
    unsafe {
        host_call!(
            37,
            "nub_37_cnode_next",
            5,
            ["a0" = from.0, "a1" = key.as_ptr(), "a2" = key.len(), "a3" = out.as_mut_ptr(), "a4" = out.len()]
        )
    }
    .0
}

/// `cnode_read`: the value's length or a code.
#[inline]
pub fn cnode_read(from: Selector, key: &[u8], out: &mut [u8]) -> u64 {
    // SAFETY: the kernel reads one live slice and writes at most the length of another.
    unsafe {
        host_call!(
            38,
            "nub_38_cnode_read",
            5,
            ["a0" = from.0, "a1" = key.as_ptr(), "a2" = key.len(), "a3" = out.as_mut_ptr(), "a4" = out.len()]
        )
    }
    .0
}

/// `cnode_write`: 0 or a code.
#[inline]
pub fn cnode_write(slot: u8, key: &[u8], value: &[u8]) -> u64 {
    // SAFETY: the kernel reads two live slices.
    unsafe {
        host_call!(
            39,
            "nub_39_cnode_write",
            5,
            ["a0" = slot, "a1" = key.as_ptr(), "a2" = key.len(), "a3" = value.as_ptr(), "a4" = value.len()]
        )
    }
    .0
}

/// The octets of a view of a DataCap.
///
/// # Safety
/// A view of `len_bytes` octets must begin at page `at_page` and stay mapped as long as the slice is used.
#[inline]
pub unsafe fn view(at_page: u32, len_bytes: usize) -> &'static [u8] {
    // SAFETY: the caller's condition; the kernel never changes what is mapped there.
    unsafe { slice::from_raw_parts((at_page as usize * 4096) as *const u8, len_bytes) }
}

/// A trap.
#[inline]
pub fn stop() -> ! {
    #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
    // SAFETY: the instruction ends the program.
    unsafe {
        core::arch::asm!("unimp", options(noreturn))
    }
    #[cfg(not(all(target_arch = "riscv64", target_feature = "e")))]
    panic!("a trap exists only in a program on the PVM")
}
