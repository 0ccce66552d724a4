//! Whether work that is meant to be short has been so lately. Short work is best done on the thread of whoever asks
//! for it, which costs less than to hand it over; what takes longer would keep others waiting there. This file does not
//! know what the work is.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long the last pieces of work took.
pub(super) struct Lately {
    began: Instant,
    /// Milliseconds from the beginning until when work should go aside.
    aside_until: AtomicU64,
}

/// Work that takes longer keeps others waiting.
const SHORT: Duration = Duration::from_millis(2);

/// How long what comes after goes aside.
const ASIDE: Duration = Duration::from_millis(100);

impl Lately {
    pub(super) fn new() -> Lately {
        Lately { began: Instant::now(), aside_until: AtomicU64::new(0) }
    }

    /// Whether work that begins at that moment should not keep others waiting.
    pub(super) fn was_long(&self, now: Instant) -> bool {
        self.millis(now) < self.aside_until.load(Ordering::Relaxed)
    }

    /// Does work and notes whether it was short. `None` if it panicked.
    pub(super) fn run<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let started = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(work)).ok();
        self.note(started, Instant::now());
        done
    }

    fn note(&self, started: Instant, ended: Instant) {
        if ended.duration_since(started) > SHORT {
            self.aside_until.fetch_max(self.millis(ended + ASIDE), Ordering::Relaxed);
        }
    }

    fn millis(&self, moment: Instant) -> u64 {
        u64::try_from(moment.duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_long_sends_what_comes_next_aside_for_a_while() {
        let (lately, start) = (Lately::new(), Instant::now());
        lately.note(start, start + SHORT);
        assert!(!lately.was_long(start + SHORT));
        let end = start + 2 * SHORT;
        lately.note(start, end);
        assert!(lately.was_long(end) && lately.was_long(end + ASIDE / 2));
        assert!(!lately.was_long(end + ASIDE));
    }

    #[test]
    fn work_that_panics_gives_nothing() {
        let lately = Lately::new();
        assert_eq!(lately.run(|| 7), Some(7));
        assert_eq!(lately.run(|| [0_u8; 0].first().copied().unwrap()), None);
    }
}
