//! `static`s that keep their value between calls.

use core::cell::Cell;

/// A value in the Instance's own memory: it is there in the next call, undone when a call fails, and gone with an
/// upgrade, when storage stays. Cheaper than storage for what is small and read by every call.
///
/// Only `Copy` values, so that none can point to a heap that ends with the call.
///
/// On the build machine each test thread has its own; see [`persistent!`](crate::persistent).
pub struct Persistent<T> {
    value: Cell<T>,
}

// SAFETY: a program on the PVM has one thread. Elsewhere `persistent!` makes one for each thread.
#[cfg(all(target_arch = "riscv64", target_feature = "e"))]
unsafe impl<T> Sync for Persistent<T> {}

impl<T: Copy> Persistent<T> {
    /// With this value in a new Instance.
    pub const fn new(value: T) -> Self {
        Self { value: Cell::new(value) }
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> T {
        self.value.get()
    }

    /// Replaces it.
    #[inline]
    pub fn set(&self, value: T) {
        self.value.set(value);
    }
}

/// Declares a persistent static: `persistent! { static CALLS: u64 = 0; }` makes a function `CALLS()` that gives the
/// [`Persistent`].
#[macro_export]
macro_rules! persistent {
    ($($(#[$attribute:meta])* $visible:vis static $name:ident: $type:ty = $value:expr;)+) => {
        $(
            $(#[$attribute])*
            #[allow(non_snake_case)]
            $visible fn $name() -> &'static $crate::Persistent<$type> {
                #[cfg(all(target_arch = "riscv64", target_feature = "e"))]
                {
                    static PERSISTENT: $crate::Persistent<$type> = $crate::Persistent::new($value);
                    &PERSISTENT
                }
                #[cfg(not(all(target_arch = "riscv64", target_feature = "e")))]
                {
                    ::std::thread_local! {
                        static PERSISTENT: &'static $crate::Persistent<$type> =
                            ::std::boxed::Box::leak(::std::boxed::Box::new($crate::Persistent::new($value)));
                    }
                    PERSISTENT.with(|persistent| *persistent)
                }
            }
        )+
    };
}
