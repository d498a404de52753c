//! Ends calls that take too long, and lets other threads end a call.

use hyperlight_host::hypervisor::InterruptHandle;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A kill that comes just before the guest enters is lost, so it is repeated.
const KILL_AGAIN: Duration = Duration::from_millis(10);

/// Ends the call that a handle is busy with, from another thread. It stays good when the guest is restarted.
#[derive(Clone, Default)]
pub struct KillSwitch(Arc<Mutex<Option<Arc<dyn InterruptHandle>>>>);

impl KillSwitch {
    /// Ends the call under way: it gives [`HyperlightError::Killed`](super::HyperlightError::Killed), and the
    /// next call starts a new guest on the committed root. False if there was none to end.
    pub fn kill(&self) -> bool {
        let handle = lock(&self.0).clone();
        handle.is_some_and(|handle| handle.kill())
    }

    pub(super) fn point_to(&self, handle: Arc<dyn InterruptHandle>) {
        *lock(&self.0) = Some(handle);
    }
}

/// A thread that kills a guest whose call passes its deadline.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// When to kill; `None` between calls.
    deadline: Option<Instant>,
    /// Until when the thread sleeps if nobody wakes it; `None`: for good.
    asleep_until: Option<Instant>,
    /// Whether it killed this call.
    has_killed: bool,
    is_over: bool,
}

impl Watchdog {
    pub(super) fn start(handle: Arc<dyn InterruptHandle>) -> Self {
        let shared = Arc::new(Shared { state: Mutex::new(State::default()), changed: Condvar::new() });
        let watched = shared.clone();
        let thread = thread::spawn(move || watched.watch(&*handle));
        Self { shared, thread: Some(thread) }
    }

    /// A call begins that may take this long.
    pub(super) fn arm(&self, limit: Duration) {
        let mut state = lock(&self.shared.state);
        // A limit beyond what the clock can say is none.
        state.deadline = Instant::now().checked_add(limit);
        state.has_killed = false;
        // Most calls find it asleep until an earlier deadline, and need not wake it.
        if state.asleep_until.is_none_or(|until| state.deadline.is_some_and(|deadline| deadline < until)) {
            self.shared.changed.notify_one();
        }
    }

    /// The call is over; tells whether it was killed. Later kills cannot hit another call.
    pub(super) fn disarm(&self) -> bool {
        let mut state = lock(&self.shared.state);
        state.deadline = None;
        state.has_killed
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        lock(&self.shared.state).is_over = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked in a way that matters here.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn watch(&self, handle: &dyn InterruptHandle) {
        let mut state = lock(&self.state);
        while !state.is_over {
            let now = Instant::now();
            if state.deadline.is_some_and(|deadline| deadline <= now) {
                state.has_killed = true;
                handle.kill();
                state.deadline = Some(now + KILL_AGAIN);
            }
            state.asleep_until = state.deadline;
            state = match state.deadline {
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(now);
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
