//! Endpoints: how a function of a contract becomes an entry of its Image.

use crate::codec::{Decode, Encode};
use crate::{Args, ArgsError, Output, ret, revert};

/// Runs a handler on the arguments and ends the call.
pub fn run<O: Output, E: Output>(args: &'static [u8], handler: fn(Args<'static>) -> Result<O, E>) -> ! {
    match handler(Args::new(args)) {
        Ok(output) => ret(output.bytes()),
        Err(message) => revert(message.bytes()),
    }
}

/// One argument; a call without it reverts.
#[inline]
pub fn argument<'a, T: Decode<'a>>(args: &mut Args<'a>) -> T {
    T::decode(args).unwrap_or_else(|error| refuse(error))
}

/// Checks that there are no more arguments; a call with more reverts.
#[inline]
pub fn end_of_arguments(args: Args<'_>) {
    args.finish().unwrap_or_else(|error| refuse(error));
}

/// Checks the length of arguments whose lengths are fixed, so that taking them need not.
#[inline]
pub fn check_length(args: &Args<'_>, size_bytes: usize) {
    let len_bytes = args.rest().len();
    if len_bytes != size_bytes {
        refuse(if len_bytes < size_bytes { ArgsError::TooShort } else { ArgsError::TooLong });
    }
}

#[cold]
#[inline(never)]
fn refuse(error: ArgsError) -> ! {
    revert(error.message().as_bytes())
}

/// Ends the call with a value.
#[inline]
pub fn succeed<T: Encode>(value: &T) -> ! {
    value.with_octets(|octets| ret(octets))
}

/// Ends the call with the message of an error.
#[inline]
pub fn fail<E: Output>(error: &E) -> ! {
    revert(error.bytes())
}

/// What every contract has once: a global allocator and a panic handler. Part of [`endpoints!`] and `#[contract]`.
#[doc(hidden)]
#[macro_export]
macro_rules! runtime {
    (heap: 0, panic: $panic:ident) => {
        #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
        #[global_allocator]
        static __NUB_HEAP: $crate::heap::NoHeap = $crate::heap::NoHeap;

        $crate::__panic_handler!($panic);
    };
    (heap: $bytes:literal, panic: $panic:ident) => {
        #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
        #[global_allocator]
        static __NUB_HEAP: $crate::heap::Scratch<$bytes> = $crate::heap::Scratch;

        $crate::__panic_handler!($panic);
    };
}

/// The panic handler: `trap` without a message, `report` or `format` a revert with one.
#[doc(hidden)]
#[macro_export]
macro_rules! __panic_handler {
    (trap) => {
        #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
        #[panic_handler]
        fn __nub_panicked(_: &::core::panic::PanicInfo<'_>) -> ! {
            $crate::host::stop()
        }
    };
    ($how:ident) => {
        #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
        #[panic_handler]
        fn __nub_panicked(info: &::core::panic::PanicInfo<'_>) -> ! {
            $crate::panic::$how(info)
        }
    };
}

/// Declares a contract's endpoints: `endpoints! { 0 => init, 1 => transfer }`.
///
/// Each handler is a function in the same module, `fn(Args) -> Result<impl Output, impl Output>`. Its
/// endpoint is exported as `nub_endpoint_<number>_<name>`, by which `nub-link` finds it; numbers are decimal,
/// from 0 to 65535, each used once. Used once, at the root of the crate.
#[macro_export]
macro_rules! endpoints {
    ($($number:literal => $handler:ident),+ $(,)?) => {
        $crate::runtime! { heap: 0, panic: trap }

        $(
            #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
            #[allow(unsafe_code)]
            #[doc(hidden)]
            mod $handler {
                extern "C" fn entry(args: *const u8, len_bytes: usize) -> ! {
                    // SAFETY: only the kernel enters here, with the arguments' address and length.
                    let args = unsafe { $crate::host::arguments(args, len_bytes) };
                    $crate::endpoint::run(args, super::$handler)
                }

                // SAFETY: the section is the linker's table of descriptions; this is one.
                #[unsafe(link_section = ".polkavm_metadata")]
                static EXPORT: $crate::host::Metadata = $crate::host::Metadata::export(
                    concat!("nub_endpoint_", stringify!($number), "_", stringify!($handler)),
                );

                $crate::host::export!(EXPORT, entry);
            }

            // Elsewhere there is no entry; the handler must have the type all the same.
            #[cfg(not(all(target_arch = "riscv64", target_feature = "e")))]
            const _: fn(&'static [u8]) = |args| $crate::endpoint::run(args, $handler);
        )+
    };
}

/// Puts a line of the contract's TypeDef where `nub-link` finds it: in a section that no program refers to, kept by a
/// note that refers to it.
#[doc(hidden)]
#[macro_export]
macro_rules! type_line {
    ($line:expr) => {
        const LINE: $crate::codec::Name = $line;

        #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
        // SAFETY: nothing but `nub-link` reads the section.
        #[unsafe(link_section = ".nub_type_def")]
        static TYPE_LINE: [u8; LINE.len_bytes()] = LINE.to_array();

        #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
        ::core::arch::global_asm!(
            ".pushsection .nub_type_def_kept,\"R\",@note",
            ".8byte {line}",
            ".popsection",
            line = sym TYPE_LINE,
        );

        /// Elsewhere it is checked.
        #[cfg(not(all(target_arch = "riscv64", target_feature = "e")))]
        const _: usize = LINE.len_bytes();
    };
}

/// Declares that the contract needs at least this many octets of stack, instead of 8 KiB.
#[macro_export]
macro_rules! stack_bytes {
    ($bytes:expr) => {
        #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
        ::core::arch::global_asm!(
            ".pushsection .polkavm_min_stack_size,\"R\",@note",
            ".4byte {bytes}",
            ".popsection",
            bytes = const $bytes,
        );
    };
}
