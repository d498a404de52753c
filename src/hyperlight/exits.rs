//! Exits of the micro-VM by cause, as the host sees them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why the micro-VM exited, and how often.
#[derive(Clone, Default)]
pub(super) struct Exits(Arc<Mutex<BTreeMap<String, u64>>>);

impl Exits {
    /// Counts one more.
    pub(super) fn count(&self, cause: impl Into<String>) {
        let cause = cause.into();
        metrics::counter!("nub_guest_exits_total", "cause" => cause.clone()).increment(1);
        *self.lock().entry(cause).or_default() += 1;
    }

    /// Causes and counts, the most frequent first.
    pub(super) fn histogram(&self) -> Vec<(String, u64)> {
        let mut causes: Vec<(String, u64)> =
            self.lock().iter().map(|(cause, count)| (cause.clone(), *count)).collect();
        causes.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
        causes
    }

    /// Prints the histogram on standard error if `NUB_TRACE_EXITS` is 1.
    pub(super) fn trace(&self) {
        if std::env::var_os("NUB_TRACE_EXITS").is_none_or(|value| value != "1") {
            return;
        }
        let causes = self.histogram();
        let total: u64 = causes.iter().map(|(_, count)| count).sum();
        eprintln!("VM exits of this guest: {total}");
        for (cause, count) in causes {
            eprintln!("{count:>12}  {cause}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_cause_comes_first() {
        let exits = Exits::default();
        ["b", "a", "c", "c"].into_iter().for_each(|cause| exits.count(cause));
        let expected = [("c", 2), ("a", 1), ("b", 1)].map(|(cause, count)| (cause.to_owned(), count));
        assert_eq!(exits.histogram(), expected);
    }
}
