//! Globals of a machine with one thread.

use core::cell::RefCell;

/// A global value. There is one vCPU and no interrupt, so nothing runs beside the code that borrows it;
/// borrowing it twice is a bug and panics.
pub struct Single<T>(RefCell<T>);

// SAFETY: there is one thread of execution. Traps run in between, but they touch no `Single`
// (see the module `fault`), except for the last words of a guest that never goes on.
unsafe impl<T> Sync for Single<T> {}

impl<T> Single<T> {
    /// A global with this first value.
    pub const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    /// Works on the value, unless something is at work on it already.
    pub fn try_with<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.0.try_borrow_mut().ok().map(|mut value| work(&mut value))
    }

    /// Works on the value.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.0.borrow_mut())
    }
}
