//! Endpoints: how a function of a contract becomes an entry of its Image.

use crate::{Args, Output, ret, revert};

/// Runs a handler on the arguments and ends the call.
pub fn run<O: Output, E: Output>(args: &'static [u8], handler: fn(Args<'static>) -> Result<O, E>) -> ! {
    match handler(Args::new(args)) {
        Ok(output) => ret(output.bytes()),
        Err(message) => revert(message.bytes()),
    }
}

/// Declares a contract's endpoints: `endpoints! { 0 => init, 1 => transfer }`.
///
/// Each handler is a function in the same module, `fn(Args) -> Result<impl Output, impl Output>`. Its
/// endpoint is exported as `nub_endpoint_<number>_<name>`, by which `nub-link` finds it; numbers are decimal,
/// from 0 to 65535, each used once. Used once, at the root of the crate.
#[macro_export]
macro_rules! endpoints {
    ($($number:literal => $handler:ident),+ $(,)?) => {
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
