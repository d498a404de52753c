//! The only instructions that touch program windows. Where one faults and the fault path has no page for
//! it, it ends as a miss: the handler resumes at `accessor_miss`.

use core::arch::{asm, global_asm};
use core::ops::Range;
use javm_interpreter::Meter;

// Each accessor: the address in rdi, the meter (for the handler) in rsi, the value in rax, and then rdx:
// 0 if the access took place, 1 if not.
global_asm!(
    ".global accessors_start",
    ".global accessors_end",
    ".global accessor_miss",
    ".global accessor_load_u8",
    ".global accessor_load_u16",
    ".global accessor_load_u32",
    ".global accessor_load_u64",
    ".global accessor_store_u8",
    ".global accessor_store_u16",
    ".global accessor_store_u32",
    ".global accessor_store_u64",
    ".balign 16",
    "accessors_start:",
    "accessor_load_u8: movzx eax, byte ptr [rdi]",
    "xor edx, edx",
    "ret",
    "accessor_load_u16: movzx eax, word ptr [rdi]",
    "xor edx, edx",
    "ret",
    "accessor_load_u32: mov eax, [rdi]",
    "xor edx, edx",
    "ret",
    "accessor_load_u64: mov rax, [rdi]",
    "xor edx, edx",
    "ret",
    "accessor_store_u8: mov [rdi], al",
    "xor edx, edx",
    "ret",
    "accessor_store_u16: mov [rdi], ax",
    "xor edx, edx",
    "ret",
    "accessor_store_u32: mov [rdi], eax",
    "xor edx, edx",
    "ret",
    "accessor_store_u64: mov [rdi], rax",
    "xor edx, edx",
    "ret",
    "accessors_end:",
    "accessor_miss: mov edx, 1",
    "ret",
);

unsafe extern "C" {
    static accessors_start: u8;
    static accessors_end: u8;
    static accessor_miss: u8;
    fn accessor_load_u8();
    fn accessor_load_u16();
    fn accessor_load_u32();
    fn accessor_load_u64();
    fn accessor_store_u8();
    fn accessor_store_u16();
    fn accessor_store_u32();
    fn accessor_store_u64();
}

/// Where the accessors are.
pub fn range() -> Range<u64> {
    (&raw const accessors_start) as u64..(&raw const accessors_end) as u64
}

/// Where an access that did not take place goes on.
pub fn miss_landing() -> u64 {
    (&raw const accessor_miss) as u64
}

macro_rules! loads {
    ($($(#[$doc:meta])* $name:ident, $type:ty, $accessor:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The address lies in a window or its guard.
        #[inline(always)]
        pub unsafe fn $name(address: u64, meter: &mut Meter) -> Option<$type> {
            let value: u64;
            let missed: u64;
            // SAFETY: the address is in a window, where nothing but program memory is; a fault there ends
            // as a miss, and may take from the meter.
            unsafe {
                asm!(
                    "call {accessor}",
                    accessor = sym $accessor,
                    in("rdi") address,
                    in("rsi") meter,
                    out("rax") value,
                    out("rdx") missed,
                );
            }
            (missed == 0).then_some(value as $type)
        }
    )*};
}

macro_rules! stores {
    ($($(#[$doc:meta])* $name:ident, $type:ty, $accessor:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The address lies in a window or its guard.
        #[inline(always)]
        pub unsafe fn $name(address: u64, value: $type, meter: &mut Meter) -> Option<()> {
            let missed: u64;
            // SAFETY: as for loads; what is stored to is program memory and no Rust object.
            unsafe {
                asm!(
                    "call {accessor}",
                    accessor = sym $accessor,
                    in("rdi") address,
                    in("rsi") meter,
                    in("rax") u64::from(value),
                    out("rdx") missed,
                );
            }
            (missed == 0).then_some(())
        }
    )*};
}

loads! {
    /// Loads an octet.
    load_u8, u8, accessor_load_u8;
    /// Loads two octets.
    load_u16, u16, accessor_load_u16;
    /// Loads four octets.
    load_u32, u32, accessor_load_u32;
    /// Loads eight octets.
    load_u64, u64, accessor_load_u64;
}

stores! {
    /// Stores an octet.
    store_u8, u8, accessor_store_u8;
    /// Stores two octets.
    store_u16, u16, accessor_store_u16;
    /// Stores four octets.
    store_u32, u32, accessor_store_u32;
    /// Stores eight octets.
    store_u64, u64, accessor_store_u64;
}
